// Plain loops in double precision that the kernels are held against.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <vector>

#include "provider/shapes.h"

namespace tricklab_test {

using tricklab::Conv2dShape;
using tricklab::MatMulShape;
using Floats = std::vector<float>;
using Doubles = std::vector<double>;

inline Floats random_floats(std::mt19937& random, int64_t count) {
  std::uniform_real_distribution<float> draw(-1, 1);
  Floats values(static_cast<size_t>(count));
  for (float& value : values) value = draw(random);
  return values;
}

// Calls visit(x index, filter index, output index) for every product of a convolution. `depthwise` filters are
// [kh, kw, channels, multiplier], given as groups = channels.
template <typename Visit>
void each_product(const Conv2dShape& s, bool depthwise, Visit visit) {
  const int64_t ci = s.in_channels / s.groups, co = s.out_channels / s.groups;
  for (int64_t n = 0; n < s.batch; ++n)
    for (int64_t i = 0; i < s.out_height; ++i)
      for (int64_t j = 0; j < s.out_width; ++j)
        for (int64_t r = 0; r < s.filter_height; ++r)
          for (int64_t q = 0; q < s.filter_width; ++q) {
            const int64_t y = i * s.stride_height - s.pad_top + r * s.dilation_height;
            const int64_t x = j * s.stride_width - s.pad_left + q * s.dilation_width;
            if (y < 0 || y >= s.in_height || x < 0 || x >= s.in_width) continue;
            const int64_t from = ((n * s.in_height + y) * s.in_width + x) * s.in_channels;
            const int64_t to = ((n * s.out_height + i) * s.out_width + j) * s.out_channels;
            const int64_t tap = r * s.filter_width + q;
            for (int64_t g = 0; g < s.groups; ++g)
              for (int64_t c = 0; c < ci; ++c)
                for (int64_t o = 0; o < co; ++o) {
                  const int64_t weight = depthwise ? (tap * s.groups + g) * co + o
                                                   : (tap * ci + c) * s.out_channels + g * co + o;
                  visit(from + g * ci + c, weight, to + g * co + o);
                }
          }
}

struct ConvReference {
  Doubles out, dx, dfilter;
};

inline ConvReference convolve_plainly(const Conv2dShape& shape, bool depthwise, const Floats& x, const Floats& filter,
                                      const Floats& dy) {
  ConvReference result{Doubles(static_cast<size_t>(shape.out_size())), Doubles(x.size()), Doubles(filter.size())};
  each_product(shape, depthwise, [&](int64_t from, int64_t weight, int64_t to) {
    const auto a = static_cast<size_t>(from), b = static_cast<size_t>(weight), c = static_cast<size_t>(to);
    result.out[c] += static_cast<double>(x[a]) * filter[b];
    result.dx[a] += static_cast<double>(dy[c]) * filter[b];
    result.dfilter[b] += static_cast<double>(x[a]) * dy[c];
  });
  return result;
}

inline Doubles multiply_plainly(const MatMulShape& s, const Floats& a, const Floats& b) {
  Doubles c(static_cast<size_t>(s.batch * s.rows * s.columns));
  for (int64_t n = 0; n < s.batch; ++n)
    for (int64_t i = 0; i < s.rows; ++i)
      for (int64_t j = 0; j < s.columns; ++j)
        for (int64_t k = 0; k < s.depth; ++k) {
          const int64_t left = n * s.a_step + (s.transpose_a ? k * s.rows + i : i * s.depth + k);
          const int64_t right = n * s.b_step + (s.transpose_b ? j * s.depth + k : k * s.columns + j);
          c[static_cast<size_t>((n * s.rows + i) * s.columns + j)] +=
              static_cast<double>(a[static_cast<size_t>(left)]) * b[static_cast<size_t>(right)];
        }
  return c;
}

inline void finish_plainly(Doubles& out, int64_t columns, const float* bias, bool relu) {
  for (size_t i = 0; i < out.size(); ++i) {
    if (bias != nullptr) out[i] += bias[i % static_cast<size_t>(columns)];
    if (relu && out[i] < 0) out[i] = 0;
  }
}

// Largest difference relative to the largest reference value.
inline double error_of(const Floats& actual, const Doubles& expected) {
  double scale = 1e-6, worst = 0;
  for (double value : expected) scale = std::max(scale, std::fabs(value));
  for (size_t i = 0; i < expected.size(); ++i) {
    const double difference = std::fabs(actual[i] - expected[i]);
    if (std::isnan(difference)) return INFINITY;
    worst = std::max(worst, difference);
  }
  return worst / scale;
}

inline int failures = 0;

#define EXPECT(condition, ...)                                     \
  do {                                                             \
    if (!(condition)) {                                            \
      ++tricklab_test::failures;                                   \
      std::printf("%s:%d: not so: %s: ", __FILE__, __LINE__, #condition); \
      std::printf(__VA_ARGS__);                                    \
      std::printf("\n");                                           \
    }                                                              \
  } while (false)

}  // namespace tricklab_test
