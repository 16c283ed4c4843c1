#include "depthwise/windows.h"

#include <algorithm>
#include <vector>

#include "base/threads.h"
#include "depthwise/lanes.h"

namespace tricklab {
namespace {

// A line of pixels that a row of results reads, and the row of the filter that meets it.
struct Line {
  const float* pixels;
  const float* filter;
};

// What the results of a row have in common.
struct Row {
  int64_t width;  // pixels of a line
  int64_t out_width;
  int64_t channels;
  int64_t filter_step;  // from a tap to the next; negative from right to left
  Epilogue epilogue;
  std::vector<Line> lines;
  int64_t first = 0, last = 0;  // of the channels that are computed now
};

// Keeps a value in a register. GCC would rather load it again for every product, and loads are as scarce as products.
template <typename Type>
inline __attribute__((always_inline)) void hold(Type& value) {
#if defined(__x86_64__)
  asm("" : "+v"(value));
#elif defined(__aarch64__)
  asm("" : "+w"(value));
#else
  (void)value;
#endif
}

// Which tap takes pixel q of a line to result p: in a forward pass windows of K taps move by S pixels; in the gradient
// of the input every pixel of dy is spread over a window, and the first result is `Phase` pixels into one.
template <int K, int S>
struct Gather {
  static constexpr int kTaps = K;
  static constexpr int kFirst = 0;
  static constexpr int last(int results) { return (results - 1) * S + K - 1; }
  static constexpr int step(int results) { return results * S; }
  static constexpr int tap(int q, int p) { return q - p * S; }
  static constexpr int kFreshLines = S;
};

template <int K, int S, int Phase>
struct Spread {
  static constexpr int kTaps = K;
  static constexpr int kFirst = -((K - 1 - Phase) / S);
  static constexpr int last(int results) { return (results - 1 + Phase) / S; }
  static constexpr int step(int results) { return results / S; }
  static constexpr int tap(int q, int p) { return p + Phase - q * S; }
  static constexpr int kFreshLines = 1;
};

// Sums of P results for L channels from c on; the first begins at pixel `origin`. Pixels outside the line add nothing;
// where all results are wanted (`Whole`) they are among the outermost K - 1.
template <typename Way, int L, int P, bool Whole>
inline __attribute__((always_inline)) void sums_of(const Row& row, int64_t origin, int64_t c,
                                                   typename Lanes<L>::Type* sums) {
  constexpr int K = Way::kTaps, kLast = Way::last(P);
  const int64_t channels = row.channels;
  for (const Line& line : row.lines) {
    typename Lanes<L>::Type weights[K];
#pragma GCC unroll 5
    for (int k = 0; k < K; ++k) weights[k] = load_lanes<L>(line.filter + k * row.filter_step + c);
    const float* from = line.pixels + (origin + Way::kFirst) * channels + c;
#pragma GCC unroll 32
    for (int q = Way::kFirst; q <= kLast; ++q, from += channels) {
      if ((!Whole || q < Way::kFirst + K - 1) && origin + q < 0) continue;
      if ((!Whole || q > kLast - K + 1) && origin + q >= row.width) break;
      auto value = load_lanes<L>(from);
      hold(value);
#pragma GCC unroll 8
      for (int p = 0; p < P; ++p) {
        const int k = Way::tap(q, p);
        if (k >= 0 && k < K) sums[p] += value * weights[k];
      }
    }
  }
}

// Asks for what the next row will read and write at this place: one vector of channels after the other is no order that
// processors foresee. Where windows leap, what is read keeps the memory busy enough. Always inlined, for GCC drops
// calls of a function that does nothing else.
template <typename Way, int P>
inline __attribute__((always_inline)) void fetch_next(const Row& row, int64_t origin, int64_t c, const float* to) {
  const float* next = row.lines.back().pixels + (row.width + origin) * row.channels + c;
  for (int line = 0; line < Way::kFreshLines; ++line, next += row.width * row.channels) {
    for (int q = 0; q < Way::step(P); ++q) __builtin_prefetch(next + q * row.channels);
  }
  if constexpr (Way::step(P) <= P) {
    for (int p = 0; p < P; ++p) __builtin_prefetch(to + (row.out_width + p) * row.channels, 1);
  }
}

// P neighbouring results, of which `wanted` are written.
template <typename Way, int P, bool Whole>
inline void results_of(const Row& row, int64_t origin, int64_t wanted, float* out) {
  each_lanes(row.last - row.first, [&](auto count, int64_t along) {
    constexpr int L = decltype(count)::kLanes;
    const int64_t c = row.first + along;
    if (L == kLanes && !row.lines.empty()) fetch_next<Way, P>(row, origin, c, out + c);
    typename Lanes<L>::Type sums[P] = {};
    sums_of<Way, L, P, Whole>(row, origin, c, sums);
    finish_lanes<L, P>(sums, row.epilogue, c);
    float* to = out + c;
#pragma GCC unroll 8
    for (int p = 0; p < P; ++p, to += row.channels) {
      if (!Whole && p >= wanted) break;
      store_lanes<L>(to, sums[p]);
    }
  });
}

// Results whose sums are kept in registers together, sharing the loads of filter and image: many, and as long as there
// are so many, few.
constexpr int kMany = 8;
constexpr int kFew = 4;

template <typename Way>
void results_of_row(const Row& row, int64_t origin, float* out) {
  int64_t j = 0;
  for (; j + kMany <= row.out_width; j += kMany, origin += Way::step(kMany)) {
    results_of<Way, kMany, true>(row, origin, kMany, out + j * row.channels);
  }
  for (; j + kFew <= row.out_width; j += kFew, origin += Way::step(kFew)) {
    results_of<Way, kFew, true>(row, origin, kFew, out + j * row.channels);
  }
  if (j < row.out_width) results_of<Way, kFew, false>(row, origin, row.out_width - j, out + j * row.channels);
}

// Floats of the lines under a row of windows that stay in the first cache from row to row.
constexpr int64_t kLines = 4096;

// With fewer at a time, memory is gone through in pieces too small.
constexpr int64_t kLeastChannels = 32;

// Calls visit(image, row in it, row) for rows [begin, end), counted through images of `height` rows: for some channels
// down an image, then for the next ones.
template <typename Visit>
void each_row(Row& row, int64_t filter_height, int64_t height, int64_t begin, int64_t end, Visit visit) {
  const int64_t fitting = kLines / std::max<int64_t>(1, filter_height * row.width);
  const int64_t channels = std::max(kLeastChannels, fitting / kLanes * kLanes);
  for (int64_t first = begin, last; first < end; first = last) {
    const int64_t n = first / height;
    last = std::min(end, (n + 1) * height);
    for (row.first = 0; row.first < row.channels; row.first = row.last) {
      row.last = std::min(row.channels, row.first + channels);
      for (int64_t at = first; at < last; ++at) visit(n, at - n * height, at);
    }
  }
}

// Rows worth a thread of their own have at least this many products.
constexpr int64_t kLeastWork = 32768;

int64_t grain_of(const Conv2dShape& s, int64_t width) {
  return 1 + kLeastWork / (width * s.out_channels * (s.filter_height * s.filter_width + 1) + 1);
}

template <int K, int S>
void convolve(const Conv2dShape& s, const float* x, const float* filter, const Epilogue& epilogue, float* out) {
  const int64_t channels = s.out_channels;
  parallel_for(s.batch * s.out_height, grain_of(s, s.out_width), [&](int64_t begin, int64_t end) {
    Row row{s.in_width, s.out_width, channels, channels, epilogue, {}};
    each_row(row, s.filter_height, s.out_height, begin, end, [&](int64_t n, int64_t i, int64_t at) {
      row.lines.clear();
      for (int64_t r = 0; r < s.filter_height; ++r) {
        const int64_t y = i * s.stride_height - s.pad_top + r * s.dilation_height;
        if (y < 0 || y >= s.in_height) continue;
        row.lines.push_back({x + (n * s.in_height + y) * s.in_width * channels, filter + r * K * channels});
      }
      results_of_row<Gather<K, S>>(row, -s.pad_left, out + at * s.out_width * channels);
    });
  });
}

// `origin` is the pixel of dy at which a row begins. Taps are `reversed` where the way takes them from left to right.
template <typename Way>
void input_gradient(const Conv2dShape& s, const float* dy, const float* filter, int64_t origin, bool reversed,
                    float* dx) {
  const int64_t channels = s.out_channels;
  const int64_t first_tap = reversed ? Way::kTaps - 1 : 0;
  parallel_for(s.batch * s.in_height, grain_of(s, s.in_width), [&](int64_t begin, int64_t end) {
    Row row{s.out_width, s.in_width, channels, reversed ? -channels : channels, {}, {}};
    each_row(row, s.filter_height, s.in_height, begin, end, [&](int64_t n, int64_t y, int64_t at) {
      row.lines.clear();
      for (int64_t r = s.filter_height - 1; r >= 0; --r) {
        const int64_t from = y + s.pad_top - r * s.dilation_height;
        const int64_t i = from / s.stride_height;
        if (from < 0 || from % s.stride_height != 0 || i >= s.out_height) continue;
        row.lines.push_back({dy + (n * s.out_height + i) * s.out_width * channels,
                             filter + (r * Way::kTaps + first_tap) * channels});
      }
      results_of_row<Way>(row, origin, dx + at * s.in_width * channels);
    });
  });
}

// Rows of the filter whose sums fit into the registers beside the pixels that they are made of.
template <int K>
#if defined(__AVX512F__) || defined(__aarch64__)
constexpr int kFilterRows = K;
#else
constexpr int kFilterRows = K == 3 ? 3 : 2;
#endif

// Pixels of dy that are kept in registers together.
constexpr int kGradients = 4;

// Adds to the sums of R rows of the filter what P pixels of dy give, whose windows begin at pixel `origin` of the
// lines; lines outside the image are null.
template <int L, int K, int S, int R, int P>
inline __attribute__((always_inline)) void add_products(const float* const* lines, int64_t width, int64_t channels,
                                                        int64_t origin, const float* dy, int64_t c,
                                                        typename Lanes<L>::Type* sums) {
  typename Lanes<L>::Type right[P];
#pragma GCC unroll 4
  for (int p = 0; p < P; ++p) right[p] = load_lanes<L>(dy + p * channels + c);
#pragma GCC unroll 5
  for (int r = 0; r < R; ++r) {
    if (lines[r] == nullptr) continue;
    const float* from = lines[r] + origin * channels + c;
#pragma GCC unroll 16
    for (int q = 0; q < (P - 1) * S + K; ++q) {
      if (origin + q < 0 || origin + q >= width) continue;
      auto value = load_lanes<L>(from + q * channels);
      hold(value);
#pragma GCC unroll 4
      for (int p = 0; p < P; ++p) {
        const int k = q - p * S;
        if (k >= 0 && k < K) sums[r * K + k] += value * right[p];
      }
    }
  }
}

// Adds what rows [begin, end) of one image's dy give. The sums of a vector of channels stay in registers over all of
// these rows: a long sum in two levels also keeps more digits.
template <int K, int S>
void add_band(const Conv2dShape& s, const float* x, const float* dy, int64_t begin, int64_t end, float* sums) {
  constexpr int R = kFilterRows<K>;
  const int64_t channels = s.out_channels;
  const int64_t line_size = s.in_width * channels;
  std::vector<const float*> lines(static_cast<size_t>((end - begin) * R));
  for (int64_t first = 0; first < s.filter_height; first += R) {
    for (int64_t i = begin; i < end; ++i) {
      for (int64_t r = 0; r < R; ++r) {
        const int64_t y = i * s.stride_height - s.pad_top + (first + r) * s.dilation_height;
        const bool there = first + r < s.filter_height && y >= 0 && y < s.in_height;
        lines[static_cast<size_t>((i - begin) * R + r)] = there ? x + y * line_size : nullptr;
      }
    }
    each_lanes(channels, [&](auto count, int64_t c) {
      constexpr int L = decltype(count)::kLanes;
      typename Lanes<L>::Type own[R * K] = {};
      for (int64_t i = begin; i < end; ++i) {
        const float* const* above = &lines[static_cast<size_t>((i - begin) * R)];
        const float* line = dy + i * s.out_width * channels;
        const float* next = x + (i * s.stride_height - s.pad_top + s.filter_height) * line_size;
        int64_t j = 0, origin = -s.pad_left;
        for (; j + kGradients <= s.out_width; j += kGradients, origin += kGradients * S) {
          if (L == kLanes) {
            for (int row = 0; row < S; ++row) {
              const float* fresh = next + row * line_size + origin * channels + c;
              for (int q = 0; q < kGradients * S; ++q) __builtin_prefetch(fresh + q * channels);
            }
            for (int p = 0; p < kGradients; ++p) __builtin_prefetch(line + (s.out_width + j + p) * channels + c);
          }
          add_products<L, K, S, R, kGradients>(above, s.in_width, channels, origin, line + j * channels, c, own);
        }
        for (; j < s.out_width; ++j, origin += S) {
          add_products<L, K, S, R, 1>(above, s.in_width, channels, origin, line + j * channels, c, own);
        }
      }
#pragma GCC unroll 32
      for (int t = 0; t < R * K; ++t) {
        if (first + t / K >= s.filter_height) break;
        float* to = sums + (first * K + t) * channels + c;
        store_lanes<L>(to, load_lanes<L>(to) + own[t]);
      }
    });
  }
}

// Floats of both images that are gone through for one vector of channels after the other: they stay in the second
// cache.
constexpr int64_t kBand = 1 << 16;

template <int K, int S>
void add_filter_gradient(const Conv2dShape& s, const float* x, const float* dy, int64_t begin, int64_t end,
                         float* dfilter) {
  const int64_t in_size = s.in_height * s.in_width * s.out_channels;
  const int64_t out_size = s.out_height * s.out_width * s.out_channels;
  const int64_t row = (s.in_width * s.stride_height + s.out_width) * s.out_channels;
  const int64_t band = std::max<int64_t>(1, kBand / row);
  while (begin < end) {
    const int64_t n = begin / s.out_height, i = begin % s.out_height;
    const int64_t rows = std::min({band, s.out_height - i, end - begin});
    add_band<K, S>(s, x + n * in_size, dy + n * out_size, i, i + rows, dfilter);
    begin += rows;
  }
}

template <int N>
struct Number {
  static constexpr int kValue = N;
};

// Calls visit(width, stride) with the numbers of a shape as constants.
template <typename Visit>
void with_window(const Conv2dShape& s, Visit visit) {
  const auto with_width = [&](auto width) {
    s.stride_width == 1 ? visit(width, Number<1>{}) : visit(width, Number<2>{});
  };
  s.filter_width == 3 ? with_width(Number<3>{}) : with_width(Number<5>{});
}

}  // namespace

bool windows_serve(const Conv2dShape& s) {
  const int64_t K = s.filter_width, S = s.stride_width;
  if ((K != 3 && K != 5) || S > 2 || s.dilation_width != 1) return false;
  // Neither a row of windows nor one of the image juts out by a window: what is outside is soon counted.
  return s.pad_left >= 0 && s.pad_left < K && (s.out_width - 1) * S - s.pad_left < s.in_width &&
         s.in_width - 1 + s.pad_left < (s.out_width + K - 1) * S;
}

void convolve_windows(const Conv2dShape& s, const float* x, const float* filter, const Epilogue& epilogue, float* out) {
  with_window(s, [&](auto width, auto stride) {
    convolve<decltype(width)::kValue, decltype(stride)::kValue>(s, x, filter, epilogue, out);
  });
}

void windows_input_gradient(const Conv2dShape& s, const float* dy, const float* filter, float* dx) {
  with_window(s, [&](auto width, auto stride) {
    constexpr int K = decltype(width)::kValue;
    if constexpr (decltype(stride)::kValue == 1) {
      // Spreading over windows that move by a pixel is gathering with the taps turned round.
      input_gradient<Gather<K, 1>>(s, dy, filter, s.pad_left - K + 1, true, dx);
    } else if (s.pad_left % 2 == 0) {
      input_gradient<Spread<K, 2, 0>>(s, dy, filter, s.pad_left / 2, false, dx);
    } else {
      input_gradient<Spread<K, 2, 1>>(s, dy, filter, s.pad_left / 2, false, dx);
    }
  });
}

void add_windows_filter_gradient(const Conv2dShape& s, const float* x, const float* dy, int64_t begin, int64_t end,
                                 float* dfilter) {
  with_window(s, [&](auto width, auto stride) {
    add_filter_gradient<decltype(width)::kValue, decltype(stride)::kValue>(s, x, dy, begin, end, dfilter);
  });
}

}  // namespace tricklab
