// Convolutions and matrix products against plain loops in double precision, over random shapes; and their speed.
//
//   conv_test                     checks every provider that is there
//   conv_test --bench [THREADS [NAME]]   prints GFLOP/s of the shapes of the recipes
//
// Built and run by test/native.test.ts; needs neither Node nor the addon.
#include <ctime>

#include <algorithm>
#include <array>
#include <cstring>
#include <string>

#include "base/threads.h"
#include "depthwise/depthwise.h"
#include "provider/library.h"
#include "provider/provider.h"
#include "reference.h"

using namespace tricklab;
using namespace tricklab_test;

namespace {

std::mt19937 generator(7);

int64_t pick(std::initializer_list<int64_t> values) { return values.begin()[generator() % values.size()]; }

size_t length(int64_t count) { return static_cast<size_t>(count); }

// An output that was never written cannot pass.
Floats unwritten(int64_t count) { return Floats(length(count), NAN); }

bool draw_shape(Conv2dShape& s, bool depthwise_only) {
  s = {};
  s.batch = pick({1, 2, 3, 30});
  s.filter_height = pick({1, 2, 3, 5});
  s.filter_width = pick({1, 2, 3, 4});
  s.stride_height = pick({1, 1, 2, 3});
  s.stride_width = pick({1, 1, 2, 3});
  s.dilation_height = pick({1, 1, 1, 2});
  s.dilation_width = pick({1, 1, 1, 3});
  s.in_height = pick({1, 2, 4, 7, 9});
  s.in_width = pick({1, 2, 3, 5, 12, 29});
  s.pad_top = pick({0, 1, 2});
  s.pad_left = pick({0, 1, 2});
  if (depthwise_only) {
    // Windows of three and five pixels have kernels of their own.
    s.filter_width = pick({1, 2, 3, 3, 5, 5});
    s.groups = s.in_channels = pick({1, 3, 4, 8, 16, 21, 32, 47});
    s.out_channels = s.groups * pick({1, 1, 2, 3});
  } else {
    s.groups = pick({1, 1, 1, 2, 3, 8});
    // Plain loops take their time over many wide groups.
    const bool narrow = s.groups == 8;
    s.in_channels = s.groups * (narrow ? pick({3, 4, 8}) : pick({1, 2, 3, 8, 16, 17, 70}));
    s.out_channels = s.groups * (narrow ? pick({4, 8, 11}) : pick({1, 3, 8, 12, 16, 20, 33, 50, 70, 100}));
  }
  const int64_t height = s.in_height + s.pad_top + pick({0, 1, 2}) - (s.filter_height - 1) * s.dilation_height - 1;
  const int64_t width = s.in_width + s.pad_left + pick({0, 1}) - (s.filter_width - 1) * s.dilation_width - 1;
  if (height < 0 || width < 0) return false;
  s.out_height = height / s.stride_height + 1;
  s.out_width = width / s.stride_width + 1;
  return true;
}

std::string text_of(const Conv2dShape& s) {
  char text[256];
  const auto n = [](int64_t value) { return static_cast<int>(value); };
  std::snprintf(text, sizeof(text), "%dx%dx%dx%d * %dx%d -> %dx%dx%d, strides %d %d, dilations %d %d, pads %d %d, groups %d",
                n(s.batch), n(s.in_height), n(s.in_width), n(s.in_channels), n(s.filter_height), n(s.filter_width),
                n(s.out_height), n(s.out_width), n(s.out_channels), n(s.stride_height), n(s.stride_width),
                n(s.dilation_height), n(s.dilation_width), n(s.pad_top), n(s.pad_left), n(s.groups));
  return text;
}

struct Results {
  Floats out, dx, dfilter;
  bool operator==(const Results& other) const {
    return out == other.out && dx == other.dx && dfilter == other.dfilter;
  }
};

struct Inputs {
  Floats x, filter, dy, bias;
  Epilogue epilogue;
};

bool convolve(Provider& provider, Precision precision, const Conv2dShape& s, const Inputs& in, Results& results) {
  results = {unwritten(s.out_size()), unwritten(s.in_size()),
             unwritten(static_cast<int64_t>(in.filter.size()))};
  return provider.conv2d(s, precision, in.x.data(), in.filter.data(), in.epilogue, results.out.data()) &&
         provider.conv2d_input_gradient(s, precision, in.dy.data(), in.filter.data(), results.dx.data()) &&
         provider.conv2d_filter_gradient(s, precision, in.x.data(), in.dy.data(), results.dfilter.data());
}

using HalfValues = std::vector<Bfloat16>;

HalfValues halves_of(const Floats& values) {
  HalfValues halves(values.size());
  narrow(values.data(), static_cast<int64_t>(values.size()), halves.data());
  return halves;
}

Floats floats_of(const HalfValues& halves) {
  Floats values(halves.size());
  widen(halves.data(), static_cast<int64_t>(halves.size()), values.data());
  return values;
}

// The same with images that are stored as bf16.
bool convolve_stored(Provider& provider, const Conv2dShape& s, const Inputs& in, Results& results) {
  const HalfValues x = halves_of(in.x), dy = halves_of(in.dy);
  HalfValues out = halves_of(unwritten(s.out_size())), dx = halves_of(unwritten(s.in_size()));
  results.dfilter = unwritten(static_cast<int64_t>(in.filter.size()));
  const Precision precision = Precision::kBfloat16;
  const bool served = provider.conv2d(s, precision, x.data(), in.filter.data(), in.epilogue, out.data()) &&
                      provider.conv2d_input_gradient(s, precision, dy.data(), in.filter.data(), dx.data()) &&
                      provider.conv2d_filter_gradient(s, precision, x.data(), dy.data(), results.dfilter.data());
  results.out = floats_of(out);
  results.dx = floats_of(dx);
  return served;
}

// Operands that a precision holds exactly, so that only the sums are left to compare.
Floats draw_operand(Precision precision, int64_t count) {
  Floats values = random_floats(generator, count);
  if (precision == Precision::kBfloat16) {
    for (float& value : values) value = std::round(value * 64) / 64;
  }
  return values;
}

constexpr double kTolerance = 2e-5;

const char* name_of(Precision precision) { return precision == Precision::kFloat32 ? "float32" : "bf16"; }

// Shapes whose filter gradients threads share out by the channels of either side.
Conv2dShape wide_shape(int64_t in, int64_t out) { return {4, 2, 3, in, 2, 3, out, 3, 3, 1, 1, 1, 1, 1, 1, 1}; }

void check_convolutions(Provider& provider, Precision precision, int count) {
  int served = 0;
  for (int i = 0; i < count; ++i) {
    Conv2dShape s = i % 2 == 0 ? wide_shape(256, 1024) : wide_shape(1024, 256);
    if (i >= 4 && !draw_shape(s, false)) continue;
    set_thread_count(1 + i % 3);
    Inputs in{draw_operand(precision, s.in_size()), draw_operand(precision, s.filter_size()),
              draw_operand(precision, s.out_size()), random_floats(generator, s.out_channels), {}};
    in.epilogue = {i % 2 == 0 ? in.bias.data() : nullptr, i % 3 == 0};
    Results results, again;
    if (!convolve(provider, precision, s, in, results)) continue;
    ++served;
    ConvReference reference = convolve_plainly(s, false, in.x, in.filter, in.dy);
    finish_plainly(reference.out, s.out_channels, in.epilogue.bias, in.epilogue.relu);
    const double worst = std::max({error_of(results.out, reference.out), error_of(results.dx, reference.dx),
                                   error_of(results.dfilter, reference.dfilter)});
    EXPECT(worst < kTolerance, "%s %s: %g for %s", provider.name(), name_of(precision), worst, text_of(s).c_str());
    convolve(provider, precision, s, in, again);
    EXPECT(results == again, "%s: other bits the second time for %s", provider.name(), text_of(s).c_str());
    if (precision != Precision::kBfloat16) continue;
    EXPECT(convolve_stored(provider, s, in, again), "%s: not with stored bf16: %s", provider.name(), text_of(s).c_str());
    // What is stored is what is computed, rounded.
    EXPECT(again.out == floats_of(halves_of(results.out)) && again.dx == floats_of(halves_of(results.dx)) &&
               again.dfilter == results.dfilter,
           "%s: other numbers with stored bf16 for %s", provider.name(), text_of(s).c_str());
  }
  // Many of the shapes drawn are no convolutions, and in bf16 those of few channels are not served.
  EXPECT(served * (precision == Precision::kFloat32 ? 4 : 30) > count, "%s served %d of %d convolutions",
         provider.name(), served, count);
}

void check_products(Provider& provider, Precision precision, int count) {
  for (int i = 0; i < count; ++i) {
    MatMulShape s{pick({1, 1, 2, 5}), pick({1, 2, 7, 24, 33, 100, 300}), pick({1, 10, 16, 40, 64, 130}),
                  pick({0, 1, 5, 64, 200, 500}), pick({0, 1}) == 1, pick({0, 1}) == 1, 0, 0};
    s.a_step = pick({0, 1}) * s.rows * s.depth;
    s.b_step = s.depth * s.columns;
    set_thread_count(1 + i % 3);
    const Floats a = draw_operand(precision, s.batch * s.rows * s.depth);
    const Floats b = draw_operand(precision, s.batch * s.columns * s.depth);
    const Floats bias = random_floats(generator, s.columns);
    const Epilogue epilogue{i % 2 == 0 ? bias.data() : nullptr, i % 3 == 0};
    Floats c = unwritten(s.batch * s.rows * s.columns);
    if (!provider.matmul(s, precision, a.data(), b.data(), epilogue, c.data())) continue;
    Doubles reference = multiply_plainly(s, a, b);
    finish_plainly(reference, s.columns, epilogue.bias, epilogue.relu);
    EXPECT(error_of(c, reference) < kTolerance, "%s %s: product %d: %g", provider.name(), name_of(precision), i,
           error_of(c, reference));
  }
}

void check_depthwise(int count) {
  for (int i = 0; i < count; ++i) {
    Conv2dShape s;
    if (!draw_shape(s, true)) continue;
    set_thread_count(1 + i % 3);
    const int64_t taps = s.filter_height * s.filter_width;
    const Floats x = random_floats(generator, s.in_size()), filter = random_floats(generator, taps * s.out_channels),
                 dy = random_floats(generator, s.out_size()), bias = random_floats(generator, s.out_channels);
    const Epilogue epilogue{i % 2 == 0 ? bias.data() : nullptr, i % 3 == 0};
    Floats out = unwritten(s.out_size()), dx = unwritten(s.in_size()), dfilter = unwritten(taps * s.out_channels);
    depthwise(s, x.data(), filter.data(), epilogue, out.data());
    depthwise_input_gradient(s, dy.data(), filter.data(), dx.data());
    depthwise_filter_gradient(s, x.data(), dy.data(), dfilter.data());
    ConvReference reference = convolve_plainly(s, true, x, filter, dy);
    finish_plainly(reference.out, s.out_channels, epilogue.bias, epilogue.relu);
    const double worst = std::max({error_of(out, reference.out), error_of(dx, reference.dx),
                                   error_of(dfilter, reference.dfilter)});
    EXPECT(worst < kTolerance, "depthwise: %g for %s", worst, text_of(s).c_str());
  }
}

double seconds(clockid_t clock) {
  timespec now;
  clock_gettime(clock, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

// Least time of repetitions. With one thread its processor time, which other programs disturb less.
template <typename Work>
double least_seconds(Work work) {
  const clockid_t clock = thread_count() == 1 ? CLOCK_PROCESS_CPUTIME_ID : CLOCK_MONOTONIC;
  double least = 1e9;
  work();
  const double begin = seconds(CLOCK_MONOTONIC);
  do {
    const double from = seconds(clock);
    work();
    least = std::min(least, seconds(clock) - from);
  } while (seconds(CLOCK_MONOTONIC) - begin < 0.12);
  return least;
}

struct Row {
  const char* name;
  int64_t batch, size, in, out, filter, stride;
  int64_t groups = 1;
};

const Row rows[] = {
    {"conv 1-8 5x5 28", 512, 28, 1, 8, 5, 1},        {"conv 8-16 3x3/2 28", 512, 28, 8, 16, 3, 2},
    {"conv 16-32 3x3/2 14", 512, 14, 16, 32, 3, 2},  {"conv 32-64 3x3/2 7", 512, 7, 32, 64, 3, 2},
    {"conv 64-128 3x3/2 4", 512, 4, 64, 128, 3, 2},  {"residual 8 3x3 28", 512, 28, 8, 8, 3, 1},
    {"residual 16 3x3 14", 512, 14, 16, 16, 3, 1},   {"residual 32 3x3 7", 512, 7, 32, 32, 3, 1},
    {"residual 64 3x3 4", 512, 4, 64, 64, 3, 1},     {"residual 128 3x3 2", 512, 2, 128, 128, 3, 1},
    {"resnet18 1-64 7x7/2 28", 512, 28, 1, 64, 7, 2},
    {"resnet18 64 3x3 7", 512, 7, 64, 64, 3, 1},     {"resnet18 64-128 3x3/2 7", 512, 7, 64, 128, 3, 2},
    {"resnet18 128 3x3 4", 512, 4, 128, 128, 3, 1},  {"resnet18 256 3x3 2", 512, 2, 256, 256, 3, 1},
    {"resnet18 512 3x3 1", 512, 1, 512, 512, 3, 1},
    {"resnet50 3-32 3x3/2 128", 32, 128, 3, 32, 3, 2}, {"resnet50 32 3x3 64", 32, 64, 32, 32, 3, 1},
    {"resnet50 32-64 3x3 64", 32, 64, 32, 64, 3, 1},
    {"resnet50 64-256 1x1 32", 32, 32, 64, 256, 1, 1}, {"resnet50 256-64 1x1 32", 32, 32, 256, 64, 1, 1},
    {"resnet50 64 3x3 32", 32, 32, 64, 64, 3, 1},    {"resnet50 128 3x3 16", 32, 16, 128, 128, 3, 1},
    {"resnet50 256 3x3 8", 32, 8, 256, 256, 3, 1},   {"resnet50 512 3x3 4", 32, 4, 512, 512, 3, 1},
    {"resnet50 512-128 1x1 16", 32, 16, 512, 128, 1, 1}, {"resnet50 128-512 1x1 16", 32, 16, 128, 512, 1, 1},
    {"resnet50 1024-256 1x1 8", 32, 8, 1024, 256, 1, 1}, {"resnet50 256-1024 1x1 8", 32, 8, 256, 1024, 1, 1},
    {"resnet50 128 3x3/2 32", 32, 32, 128, 128, 3, 2}, {"resnet50 256 3x3/2 16", 32, 16, 256, 256, 3, 2},
    {"resnet50 512 3x3/2 8", 32, 8, 512, 512, 3, 2}, {"resnet50 2048-512 1x1 4", 32, 4, 2048, 512, 1, 1},
    {"resnet50 512-2048 1x1 4", 32, 4, 512, 2048, 1, 1},
    {"groups of 8, 64 3x3 32", 32, 32, 64, 64, 3, 1, 8}, {"groups of 8, 128 3x3 16", 32, 16, 128, 128, 3, 1, 16},
    {"groups of 8, 256 3x3 8", 32, 8, 256, 256, 3, 1, 32}, {"groups of 8, 512 3x3 4", 32, 4, 512, 512, 3, 1, 64},
    {"groups of 32, 1024 3x3 4", 32, 4, 1024, 1024, 3, 1, 32}, {"groups of 32, 128 3x3 16", 32, 16, 128, 128, 3, 1, 4},
    {"groups of 64, 256 3x3 16", 32, 16, 256, 256, 3, 1, 4},
    {"groups of 4, 64 3x3 32", 32, 32, 64, 64, 3, 1, 16}, {"groups of 16, 64 3x3 32", 32, 32, 64, 64, 3, 1, 4},
};

void bench_products(Provider& provider, Precision precision) {
  for (const auto& [transpose_a, transpose_b] : {std::pair{false, false}, {false, true}, {true, false}}) {
    const int64_t n = 1024;
    const MatMulShape s{1, n, n, n, transpose_a, transpose_b, 0, 0};
    const Floats a = random_floats(generator, n * n), b = random_floats(generator, n * n);
    Floats c = unwritten(n * n);
    const double time = least_seconds([&] { provider.matmul(s, precision, a.data(), b.data(), {}, c.data()); });
    std::printf("product 1024 %s%s          %8.1f\n", transpose_a ? "T" : "N", transpose_b ? "T" : "N",
                2e-9 * static_cast<double>(n * n * n) / time);
  }
}

Floats random_values(int64_t count) { return random_floats(generator, count); }

void bench_stored(Provider& provider, const Conv2dShape& s, const char* name, double work) {
  const HalfValues x = halves_of(random_values(s.in_size())), dy = halves_of(random_values(s.out_size()));
  const Floats filter = random_values(s.filter_size());
  HalfValues out = dy, dx = x;
  Floats dfilter = filter;
  const Precision precision = Precision::kBfloat16;
  const double times[] = {
      least_seconds([&] { provider.conv2d(s, precision, x.data(), filter.data(), {}, out.data()); }),
      least_seconds([&] { provider.conv2d_input_gradient(s, precision, dy.data(), filter.data(), dx.data()); }),
      least_seconds([&] { provider.conv2d_filter_gradient(s, precision, x.data(), dy.data(), dfilter.data()); })};
  std::printf("%-25s %8.1f %8.1f %8.1f   %7.2f %7.2f %7.2f ms\n", name, work / times[0], work / times[1],
              work / times[2], times[0] * 1e3, times[1] * 1e3, times[2] * 1e3);
}

void bench_convolutions(Provider& provider, Precision precision, const char* only) {
  for (const Row& row : rows) {
    if (only != nullptr && std::strstr(row.name, only) == nullptr) continue;
    Conv2dShape s{};
    s.batch = row.batch;
    s.in_height = s.in_width = row.size;
    s.in_channels = row.in;
    s.out_channels = row.out;
    s.filter_height = s.filter_width = row.filter;
    s.stride_height = s.stride_width = row.stride;
    s.groups = row.groups;
    s.pad_top = s.pad_left = row.filter / 2;
    s.out_height = s.out_width = (row.size + row.filter / 2 * 2 - row.filter) / row.stride + 1;
    const Inputs in{random_floats(generator, s.in_size()), random_floats(generator, s.filter_size()),
                    random_floats(generator, s.out_size()), {}, {}};
    Results results;
    if (!convolve(provider, precision, s, in, results)) continue;
    const double work = 2e-9 * static_cast<double>(s.out_size() * row.filter * row.filter * row.in / row.groups);
    // Images are stored in the precision that is computed in.
    if (precision == Precision::kBfloat16) {
      bench_stored(provider, s, row.name, work);
      continue;
    }
    const double times[] = {
        least_seconds([&] { provider.conv2d(s, precision, in.x.data(), in.filter.data(), {}, results.out.data()); }),
        least_seconds([&] {
          provider.conv2d_input_gradient(s, precision, in.dy.data(), in.filter.data(), results.dx.data());
        }),
        least_seconds([&] {
          provider.conv2d_filter_gradient(s, precision, in.x.data(), in.dy.data(), results.dfilter.data());
        })};
    std::printf("%-25s %8.1f %8.1f %8.1f   %7.2f %7.2f %7.2f ms\n", row.name, work / times[0], work / times[1],
                work / times[2], times[0] * 1e3, times[1] * 1e3, times[2] * 1e3);
  }
}

void bench_depthwise() {
  for (const auto& [size, channels, filter, stride] :
       {std::array<int64_t, 4>{56, 64, 3, 1}, {28, 128, 3, 1}, {28, 128, 3, 2}, {14, 256, 5, 1}, {7, 512, 3, 1}}) {
    Conv2dShape s{};
    s.batch = 32;
    s.in_height = s.in_width = size;
    s.in_channels = s.out_channels = s.groups = channels;
    s.filter_height = s.filter_width = filter;
    s.stride_height = s.stride_width = stride;
    s.pad_top = s.pad_left = filter / 2;
    s.out_height = s.out_width = (size - 1) / stride + 1;
    const Floats x = random_floats(generator, s.in_size()), w = random_floats(generator, filter * filter * channels),
                 dy = random_floats(generator, s.out_size());
    Floats out = dy, dx = x, dw = w;
    const double work = 2e-9 * static_cast<double>(s.out_size() * filter * filter);
    const double times[] = {least_seconds([&] { depthwise(s, x.data(), w.data(), {}, out.data()); }),
                            least_seconds([&] { depthwise_input_gradient(s, dy.data(), w.data(), dx.data()); }),
                            least_seconds([&] { depthwise_filter_gradient(s, x.data(), dy.data(), dw.data()); })};
    std::printf("depthwise %3d %dx%d/%d %-8d %8.1f %8.1f %8.1f   %7.2f %7.2f %7.2f ms\n", static_cast<int>(channels),
                static_cast<int>(filter), static_cast<int>(filter), static_cast<int>(stride), static_cast<int>(size),
                work / times[0], work / times[1], work / times[2], times[0] * 1e3, times[1] * 1e3, times[2] * 1e3);
  }
}

}  // namespace

int main(int count, char** arguments) {
  std::vector<Provider*> providers{&portable_provider()};
  if (onednn_provider() != nullptr) providers.push_back(onednn_provider());
  const bool bench = count > 1 && std::strcmp(arguments[1], "--bench") == 0;
  for (Provider* provider : providers) {
    for (const Precision precision : {Precision::kFloat32, Precision::kBfloat16}) {
      if (!provider->supports(precision)) continue;
      if (bench) {
        set_thread_count(count > 2 ? std::atoi(arguments[2]) : 1);
        std::printf("%s, %s, %d threads: GFLOP/s forward, input gradient, filter gradient\n", provider->name(),
                    name_of(precision), thread_count());
        if (count <= 3) bench_products(*provider, precision);
        bench_convolutions(*provider, precision, count > 3 ? arguments[3] : nullptr);
      } else {
        check_convolutions(*provider, precision, 300);
        check_products(*provider, precision, 200);
      }
    }
  }
  if (bench) {
    if (count <= 3) bench_depthwise();
    return 0;
  }
  check_depthwise(500);
  for (const Provider* provider : providers) std::printf("%s ", provider->name());
  std::printf("checked, %d failures\n", failures);
  return failures == 0 ? 0 : 1;
}
