#include "depthwise/depthwise.h"

#include <algorithm>
#include <vector>

#include "base/threads.h"
#include "conv/parts.h"
#include "depthwise/lanes.h"
#include "depthwise/rows.h"
#include "depthwise/windows.h"
#include "gemm/scratch.h"

namespace tricklab {
namespace {

// Positions whose sums are kept in registers together: they share the loads of the filter.
constexpr int kTogether = 8;

// Taps whose sums the filter gradient keeps in registers together: they share the loads of dy.
constexpr int kTapsTogether = 9;

// Rows worth a thread of their own have at least this many products.
constexpr int64_t kLeastWork = 32768;

struct Written {
  float* data;
  int64_t height, width, channels;
};

// Sums of P neighbouring positions, all taps inside, for L channels from c on.
template <int L, int P>
inline __attribute__((always_inline)) void sums_inside(const std::vector<RowTap>& taps, const float* filter,
                                                       int64_t channels, int64_t pixel, int64_t step, int64_t c,
                                                       typename Lanes<L>::Type* sums) {
  for (const RowTap& tap : taps) {
    const auto weight = load_lanes<L>(filter + tap.index * channels + c);
    const float* from = tap.image + (pixel + tap.dx) * channels + c;
#pragma GCC unroll 8
    for (int p = 0; p < P; ++p) sums[p] += load_lanes<L>(from + p * step * channels) * weight;
  }
}

// Asks for a line of memory. Lanes go through a row in steps of a pixel, which no processor foresees.
inline void fetch(const float* from, int64_t count) {
  for (int64_t i = 0; i < count; i += 16) __builtin_prefetch(from + i);
}

inline void fetch_to_write(const float* from, int64_t count) {
  for (int64_t i = 0; i < count; i += 16) __builtin_prefetch(from + i, 1);
}

// One row of positions of a part.
void convolve_row(const Image& image, const Part& part, int64_t n, int64_t i, const float* filter,
                  const Epilogue& epilogue, const Written& out) {
  const auto taps = row_taps(part, image, n, i);
  const Inside inside = inside_of(part, image, taps);
  const int64_t channels = image.channels;
  const int64_t step = part.in_x.step;
  const int64_t y = i * part.out_y.step + part.out_y.from;
  float* line = out.data + ((n * out.height + y) * out.width + part.out_x.from) * channels;
  const int64_t out_step = part.out_x.step * channels;
  // The rows above were read for the positions above.
  if (!taps.empty()) fetch(taps.back().image, image.width * channels);
  fetch_to_write(line, ((part.width - 1) * part.out_x.step + 1) * channels);
  each_lanes(channels, [&](auto count, int64_t c) {
    constexpr int L = decltype(count)::kLanes;
    using Type = typename Lanes<L>::Type;
    const auto at_edge = [&](int64_t j) {
      const int64_t pixel = j * step + part.in_x.from;
      Type sum{};
      for (const RowTap& tap : taps) {
        const int64_t x = pixel + tap.dx;
        if (x < 0 || x >= image.width) continue;
        sum += load_lanes<L>(tap.image + x * channels + c) * load_lanes<L>(filter + tap.index * channels + c);
      }
      finish_lanes<L, 1>(&sum, epilogue, c);
      store_lanes<L>(line + j * out_step + c, sum);
    };
    int64_t j = 0;
    const auto together = [&](auto number) {
      constexpr int P = decltype(number)::kLanes;
      for (; j + P <= inside.end; j += P) {
        Type sums[P] = {};
        sums_inside<L, P>(taps, filter, channels, j * step + part.in_x.from, step, c, sums);
        finish_lanes<L, P>(sums, epilogue, c);
        for (int p = 0; p < P; ++p) store_lanes<L>(line + (j + p) * out_step + c, sums[p]);
      }
    };
    for (; j < inside.begin; ++j) at_edge(j);
    together(LaneCount<kTogether>{});
    together(LaneCount<2>{});
    for (; j < part.width; ++j) at_edge(j);
  });
}

void convolve(const Image& image, const std::vector<Part>& parts, const float* filter, const Epilogue& epilogue,
              const Written& out) {
  for (const Part& part : parts) {
    const int64_t work = part.width * image.channels * static_cast<int64_t>(part.taps.size() + 1);
    parallel_for(image.batch * part.height, 1 + kLeastWork / (work + 1), [&](int64_t begin, int64_t end) {
      for (int64_t row = begin; row < end; ++row) {
        convolve_row(image, part, row / part.height, row % part.height, filter, epilogue, out);
      }
    });
  }
}

// Adds to T taps' sums what positions [begin, end) of a row give, for L channels.
template <int L, int T>
inline __attribute__((always_inline)) void taps_inside(const RowTap* taps, const Part& part, int64_t channels,
                                                       const float* dy, int64_t begin, int64_t end, int64_t c,
                                                       float* sums) {
  using Type = typename Lanes<L>::Type;
  const int64_t step = part.in_x.step * channels;
  Type sum[T] = {};
  const float* from[T];
#pragma GCC unroll 9
  for (int t = 0; t < T; ++t) {
    from[t] = taps[t].image + (begin * part.in_x.step + part.in_x.from + taps[t].dx) * channels + c;
  }
  const float* gradient = dy + begin * channels + c;
  for (int64_t j = begin; j < end; ++j, gradient += channels) {
    const Type right = load_lanes<L>(gradient);
#pragma GCC unroll 9
    for (int t = 0; t < T; ++t) sum[t] += load_lanes<L>(from[t] + (j - begin) * step) * right;
  }
  // Rows are summed apart and then together: a long sum keeps more digits in two levels.
#pragma GCC unroll 9
  for (int t = 0; t < T; ++t) {
    float* to = sums + taps[t].index * channels + c;
    store_lanes<L>(to, load_lanes<L>(to) + sum[t]);
  }
}

void filter_gradient_row(const Image& image, const Part& part, int64_t n, int64_t i, const float* dy, float* sums) {
  const auto taps = row_taps(part, image, n, i);
  const Inside inside = inside_of(part, image, taps);
  const int64_t channels = image.channels;
  const float* line = dy + (n * part.height + i) * part.width * channels;
  if (!taps.empty()) fetch(taps.back().image, image.width * channels);
  fetch(line, part.width * channels);
  each_lanes(channels, [&](auto count, int64_t c) {
    constexpr int L = decltype(count)::kLanes;
    const auto at_edge = [&](int64_t j) {
      for (const RowTap& tap : taps) {
        const int64_t x = j * part.in_x.step + part.in_x.from + tap.dx;
        if (x < 0 || x >= image.width) continue;
        float* to = sums + tap.index * channels + c;
        const auto product = load_lanes<L>(tap.image + x * channels + c) * load_lanes<L>(line + j * channels + c);
        store_lanes<L>(to, load_lanes<L>(to) + product);
      }
    };
    for (int64_t j = 0; j < inside.begin; ++j) at_edge(j);
    size_t t = 0;
    const auto together = [&](auto number) {
      constexpr int T = decltype(number)::kLanes;
      for (; t + T <= taps.size(); t += T) {
        taps_inside<L, T>(&taps[t], part, channels, line, inside.begin, inside.end, c, sums);
      }
    };
    if (inside.end > inside.begin) {
      together(LaneCount<kTapsTogether>{});
      together(LaneCount<6>{});
      together(LaneCount<3>{});
      together(LaneCount<1>{});
    }
    for (int64_t j = inside.end; j < part.width; ++j) at_edge(j);
  });
}

// Repeats every channel `times` times: a multiplier becomes more channels.
void repeat_channels(const float* from, int64_t pixels, int64_t channels, int64_t times, float* to) {
  const int64_t work = channels * times;
  parallel_for(pixels, 1 + kLeastWork / work, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin * channels; i < end * channels; ++i) std::fill_n(to + i * times, times, from[i]);
  });
}

int64_t multiplier_of(const Conv2dShape& shape) { return shape.out_channels / shape.in_channels; }

// The input with a channel for every one of the output.
Image repeated_input(const Conv2dShape& shape, const float* x) {
  const int64_t times = multiplier_of(shape);
  if (times > 1) {
    float* repeated = scratch(ScratchUse::kPlain, shape.in_size() * times);
    repeat_channels(x, shape.batch * shape.in_height * shape.in_width, shape.in_channels, times, repeated);
    x = repeated;
  }
  return {x, shape.batch, shape.in_height, shape.in_width, shape.out_channels, shape.out_channels};
}

}  // namespace

void depthwise(const Conv2dShape& shape, const float* x, const float* filter, const Epilogue& epilogue, float* out) {
  if (shape.out_size() == 0) return;
  const Image image = repeated_input(shape, x);
  if (windows_serve(shape)) return convolve_windows(shape, image.data, filter, epilogue, out);
  convolve(image, forward_parts(shape), filter, epilogue,
           {out, shape.out_height, shape.out_width, shape.out_channels});
}

void depthwise_input_gradient(const Conv2dShape& shape, const float* dy, const float* filter, float* dx) {
  if (shape.in_size() == 0) return;
  const int64_t times = multiplier_of(shape);
  const int64_t pixels = shape.batch * shape.in_height * shape.in_width;
  float* wide = times == 1 ? dx : scratch(ScratchUse::kPlain, shape.in_size() * times);
  if (windows_serve(shape)) {
    windows_input_gradient(shape, dy, filter, wide);
  } else {
    const Image image{dy, shape.batch, shape.out_height, shape.out_width, shape.out_channels, shape.out_channels};
    convolve(image, input_gradient_parts(shape), filter, {},
             {wide, shape.in_height, shape.in_width, shape.out_channels});
  }
  if (times == 1) return;
  parallel_for(pixels, 1 + kLeastWork / shape.out_channels, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin * shape.in_channels; i < end * shape.in_channels; ++i) {
      float sum = 0;
      for (int64_t m = 0; m < times; ++m) sum += wide[i * times + m];
      dx[i] = sum;
    }
  });
}

void depthwise_filter_gradient(const Conv2dShape& shape, const float* x, const float* dy, float* dfilter) {
  const int64_t size = shape.filter_height * shape.filter_width * shape.out_channels;
  if (size == 0) return;
  const Image image = repeated_input(shape, x);
  const Part part = forward_parts(shape)[0];
  const int64_t rows = shape.batch * shape.out_height;
  const int64_t pieces = std::clamp<int64_t>(rows * shape.out_width * size / kLeastWork, 1, thread_count());
  float* sums = scratch(ScratchUse::kSums, size * pieces);
  const bool windows = windows_serve(shape);
  parallel_for(pieces, 1, [&](int64_t begin, int64_t end) {
    for (int64_t piece = begin; piece < end; ++piece) {
      float* own = sums + piece * size;
      std::fill(own, own + size, 0.0f);
      const int64_t first = rows * piece / pieces, last = rows * (piece + 1) / pieces;
      if (windows) {
        add_windows_filter_gradient(shape, image.data, dy, first, last, own);
        continue;
      }
      for (int64_t row = first; row < last; ++row) {
        filter_gradient_row(image, part, row / part.height, row % part.height, dy, own);
      }
    }
  });
  std::copy(sums, sums + size, dfilter);
  for (int64_t piece = 1; piece < pieces; ++piece) {
    for (int64_t i = 0; i < size; ++i) dfilter[i] += sums[piece * size + i];
  }
}

}  // namespace tricklab
