#include "norm/batch-norm.h"

#include <algorithm>
#include <cmath>
#include <type_traits>

#include "base/bfloat16.h"
#include "base/memory.h"
#include "base/numeric.h"
#include "base/streaming.h"
#include "base/threads.h"
#include "elementwise/mish.h"

namespace tricklab {
namespace {

// Few channels are treated as several rows side by side, so that the innermost loops are long.
struct Fold {
  int64_t rows_together, width, rows;
};

Fold fold_of(int64_t rows, int64_t channels) {
  const int64_t together = std::max<int64_t>(1, std::min<int64_t>(rows, 64 / std::max<int64_t>(1, channels)));
  return {together, together * channels, rows / together};
}

Workspace vectors;
Workspace partials;

// What normalizing wants of each channel, repeated over the fold.
struct Parameters {
  float *mean, *scale, *beta;
};

Parameters parameters_of(const Fold& fold, int64_t channels, const float* mean, const float* variance,
                         const float* gamma, const float* beta, double epsilon) {
  float* memory = vectors.floats(5 * fold.width);
  const Parameters result{memory, memory + fold.width, memory + 2 * fold.width};
  for (int64_t i = 0; i < fold.width; ++i) {
    const int64_t c = i % channels;
    const double inverse = 1.0 / std::sqrt(static_cast<double>(variance[c]) + epsilon);
    result.mean[i] = mean[c];
    result.scale[i] = static_cast<float>(gamma == nullptr ? inverse : static_cast<double>(gamma[c]) * inverse);
    result.beta[i] = beta == nullptr ? 0.0f : beta[c];
  }
  return result;
}

int64_t grain_of(const Fold& fold) { return std::max<int64_t>(1, kGrain / std::max<int64_t>(1, fold.width)); }

// Sums and sums of squares of the columns, added to what is there. Double holds the squares exactly, so that one pass
// is as good as two.
void add_moments(const float* __restrict x, int64_t rows, int64_t width, double* __restrict sum,
                 double* __restrict square) {
  int64_t r = 0;
  for (; r + 4 <= rows; r += 4) {
    const float* __restrict row = x + r * width;
    for (int64_t c = 0; c < width; ++c) {
      const double p = row[c], q = row[c + width], s = row[c + 2 * width], t = row[c + 3 * width];
      sum[c] += (p + q) + (s + t);
      square[c] += (p * p + q * q) + (s * s + t * t);
    }
  }
  for (; r < rows; ++r) {
    const float* __restrict row = x + r * width;
    for (int64_t c = 0; c < width; ++c) {
      const double p = row[c];
      sum[c] += p;
      square[c] += p * p;
    }
  }
}

// Eight bits of mantissa leave floats room for exact squares, and for sums of a few rows whose rounding is far below
// that of the numbers themselves.
void add_moments(const Bfloat16* __restrict x, int64_t rows, int64_t width, double* __restrict sum,
                 double* __restrict square) {
  int64_t r = 0;
  for (; r + 8 <= rows; r += 8) {
    const Bfloat16* __restrict row = x + r * width;
    for (int64_t c = 0; c < width; ++c) {
      float total = 0.0f, squares = 0.0f;
#pragma GCC unroll 8
      for (int k = 0; k < 8; ++k) {
        const float p = widened(row[c + k * width]);
        total += p;
        squares += p * p;
      }
      sum[c] += static_cast<double>(total);
      square[c] += static_cast<double>(squares);
    }
  }
  for (; r < rows; ++r) {
    const Bfloat16* __restrict row = x + r * width;
    for (int64_t c = 0; c < width; ++c) {
      const double p = static_cast<double>(widened(row[c]));
      sum[c] += p;
      square[c] += p * p;
    }
  }
}

template <Activation kActivation>
inline float activate(float v) {
  if (kActivation == Activation::kMish) return mish_of(v);
  return kActivation == Activation::kRelu && v <= 0.0f ? 0.0f : v;
}

// What of g passes the activation at v.
template <Activation kActivation>
inline float passed(float g, float v) {
  if (kActivation == Activation::kMish) return g * mish_slope_of(v);
  return kActivation == Activation::kLinear || v > 0.0f ? g : 0.0f;
}

template <Activation kActivation, class T>
void normalize_rows(const T* __restrict x, int64_t rows, int64_t width, const Parameters& parameters, T* __restrict y) {
  const float* __restrict mean = parameters.mean;
  const float* __restrict scale = parameters.scale;
  const float* __restrict beta = parameters.beta;
  for (int64_t r = 0; r < rows; ++r) {
    const T* __restrict from = x + r * width;
    T* __restrict to = y + r * width;
    for (int64_t c = 0; c < width; ++c) {
      put(activate<kActivation>((widened(from[c]) - mean[c]) * scale[c] + beta[c]), to[c]);
    }
  }
}

// K rows of what `add_grad_sums` adds up. Beside eight bits of mantissa, floats lose nothing that counts in sums of a few
// rows.
template <Activation kActivation, int K>
inline void add_half_sums(const Bfloat16* __restrict dy, const Bfloat16* __restrict x, int64_t width,
                          const Parameters& parameters, double* __restrict sum, double* __restrict product) {
  const float* __restrict mean = parameters.mean;
  const float* __restrict scale = parameters.scale;
  const float* __restrict beta = parameters.beta;
  for (int64_t c = 0; c < width; ++c) {
    float total = 0.0f, products = 0.0f;
#pragma GCC unroll 4
    for (int k = 0; k < K; ++k) {
      const float centred = widened(x[c + k * width]) - mean[c];
      const float g = passed<kActivation>(widened(dy[c + k * width]), centred * scale[c] + beta[c]);
      total += g;
      products += g * centred;
    }
    sum[c] += static_cast<double>(total);
    product[c] += static_cast<double>(products);
  }
}

// Sums of g and of g · (x − mean), where g is what of dy passes the activation.
template <Activation kActivation, class T>
void add_grad_sums(const T* __restrict dy, const T* __restrict x, int64_t rows, int64_t width,
                   const Parameters& parameters, double* __restrict sum, double* __restrict product) {
  const float* __restrict mean = parameters.mean;
  const float* __restrict scale = parameters.scale;
  const float* __restrict beta = parameters.beta;
  int64_t r = 0;
  if constexpr (std::is_same_v<T, Bfloat16>) {
    for (; r + 4 <= rows; r += 4) {
      add_half_sums<kActivation, 4>(dy + r * width, x + r * width, width, parameters, sum, product);
    }
  }
  for (; r + 2 <= rows; r += 2) {
    const T* __restrict g_row = dy + r * width;
    const T* __restrict x_row = x + r * width;
    for (int64_t c = 0; c < width; ++c) {
      const float first = widened(x_row[c]) - mean[c], second = widened(x_row[c + width]) - mean[c];
      const float g = passed<kActivation>(widened(g_row[c]), first * scale[c] + beta[c]);
      const float h = passed<kActivation>(widened(g_row[c + width]), second * scale[c] + beta[c]);
      sum[c] += static_cast<double>(g) + static_cast<double>(h);
      product[c] += static_cast<double>(g * first) + static_cast<double>(h * second);
    }
  }
  for (; r < rows; ++r) {
    const T* __restrict g_row = dy + r * width;
    const T* __restrict x_row = x + r * width;
    for (int64_t c = 0; c < width; ++c) {
      const float first = widened(x_row[c]) - mean[c];
      const float g = passed<kActivation>(widened(g_row[c]), first * scale[c] + beta[c]);
      sum[c] += static_cast<double>(g);
      product[c] += static_cast<double>(g * first);
    }
  }
}

// dx = scale · (g − shift − (x − mean) · slope)
template <Activation kActivation, class T>
void grad_rows(const T* __restrict dy, const T* __restrict x, int64_t rows, int64_t width,
               const Parameters& parameters, const float* __restrict shift, const float* __restrict slope,
               T* __restrict dx) {
  const float* __restrict mean = parameters.mean;
  const float* __restrict scale = parameters.scale;
  const float* __restrict beta = parameters.beta;
  for (int64_t r = 0; r < rows; ++r) {
    const T* __restrict g_row = dy + r * width;
    const T* __restrict x_row = x + r * width;
    T* __restrict to = dx + r * width;
    for (int64_t c = 0; c < width; ++c) {
      const float centred = widened(x_row[c]) - mean[c];
      const float g = passed<kActivation>(widened(g_row[c]), centred * scale[c] + beta[c]);
      put(scale[c] * ((g - shift[c]) - centred * slope[c]), to[c]);
    }
  }
}

// Runs body(begin, end, first, second) over the folded rows, each thread with two vectors of `fold.width` totals of its
// own, and adds those up by channel in the order of threads; `body` also gets the rows that do not fill a fold.
template <class Body>
void sum_rows(const Fold& fold, int64_t rows, int64_t channels, const Body& body, double* first, double* second) {
  const int threads = thread_count();
  const int64_t width = fold.width;
  double* all = partials.doubles(2 * width * threads);
  std::fill_n(all, 2 * width * threads, 0.0);
  parallel_for(fold.rows, grain_of(fold), [&](int64_t begin, int64_t end) {
    double* mine = all + 2 * width * thread_index();
    body(begin * fold.rows_together, end - begin, width, mine, mine + width);
  });
  const int64_t done = fold.rows * fold.rows_together;
  body(done, rows - done, channels, all, all + width);
  std::fill_n(first, channels, 0.0);
  std::fill_n(second, channels, 0.0);
  for (int thread = 0; thread < threads; ++thread) {
    for (int64_t i = 0; i < width; ++i) {
      first[i % channels] += all[2 * width * thread + i];
      second[i % channels] += all[2 * width * thread + width + i];
    }
  }
}

Workspace totals;

// Versions in the order of `Activation`.
template <class T>
constexpr decltype(&normalize_rows<Activation::kLinear, T>) kNormalizeRows[] = {
    normalize_rows<Activation::kLinear, T>, normalize_rows<Activation::kRelu, T>, normalize_rows<Activation::kMish, T>};
template <class T>
constexpr decltype(&add_grad_sums<Activation::kLinear, T>) kAddGradSums[] = {
    add_grad_sums<Activation::kLinear, T>, add_grad_sums<Activation::kRelu, T>, add_grad_sums<Activation::kMish, T>};
template <class T>
constexpr decltype(&grad_rows<Activation::kLinear, T>) kGradRows[] = {
    grad_rows<Activation::kLinear, T>, grad_rows<Activation::kRelu, T>, grad_rows<Activation::kMish, T>};

}  // namespace

template <class T>
void batch_moments(const T* x, int64_t rows, int64_t channels, float* mean, float* variance) {
  if (channels == 0) return;
  const Fold fold = fold_of(rows, channels);
  double* sum = totals.doubles(2 * channels);
  double* square = sum + channels;
  sum_rows(
      fold, rows, channels,
      [=](int64_t row, int64_t count, int64_t width, double* first, double* second) {
        add_moments(x + row * channels, count, width, first, second);
      },
      sum, square);
  const double count = static_cast<double>(rows);
  for (int64_t c = 0; c < channels; ++c) {
    const double average = sum[c] / count;
    const double spread = square[c] / count - average * average;
    mean[c] = static_cast<float>(average);
    // Rounding may leave a constant channel a little below zero; NaN stays.
    variance[c] = static_cast<float>(spread < 0 ? 0 : spread);
  }
}

template <class T>
void batch_normalize(const T* x, int64_t rows, int64_t channels, const float* mean, const float* variance,
                     const float* gamma, const float* beta, double epsilon, Activation activation, T* y) {
  if (rows * channels == 0) return;
  const Fold fold = fold_of(rows, channels);
  const Parameters parameters = parameters_of(fold, channels, mean, variance, gamma, beta, epsilon);
  const auto run = kNormalizeRows<T>[static_cast<int>(activation)];
  const bool past = past_cache(y, rows * channels);
  parallel_for(fold.rows, grain_of(fold), [&](int64_t begin, int64_t end) {
    const int64_t at = begin * fold.width;
    write_stretches(past, (end - begin) * fold.width, fold.width, y + at, [&](int64_t first, int64_t count, T* to) {
      run(x + at + first, count / fold.width, fold.width, parameters, to);
    });
  });
  const int64_t done = fold.rows * fold.rows_together;
  run(x + done * channels, rows - done, channels, parameters, y + done * channels);
}

template <class T>
void batch_norm_grad(const T* dy, const T* x, int64_t rows, int64_t channels, const float* mean, const float* variance,
                     const float* gamma, const float* beta, double epsilon, Activation activation, T* dx, float* dgamma,
                     float* dbeta) {
  if (channels == 0) return;
  const Fold fold = fold_of(rows, channels);
  const Parameters parameters = parameters_of(fold, channels, mean, variance, gamma, beta, epsilon);
  double* sum = totals.doubles(2 * channels);
  double* product = sum + channels;
  const auto add = kAddGradSums<T>[static_cast<int>(activation)];
  sum_rows(
      fold, rows, channels,
      [&](int64_t row, int64_t count, int64_t width, double* first, double* second) {
        add(dy + row * channels, x + row * channels, count, width, parameters, first, second);
      },
      sum, product);
  float* shift = parameters.beta + fold.width;
  float* slope = shift + fold.width;
  const double count = static_cast<double>(rows);
  for (int64_t i = 0; i < fold.width; ++i) {
    const int64_t c = i % channels;
    const double precision = 1.0 / (static_cast<double>(variance[c]) + epsilon);
    shift[i] = static_cast<float>(sum[c] / count);
    slope[i] = static_cast<float>(product[c] * precision / count);
  }
  for (int64_t c = 0; c < channels; ++c) {
    dbeta[c] = static_cast<float>(sum[c]);
    dgamma[c] = static_cast<float>(product[c] / std::sqrt(static_cast<double>(variance[c]) + epsilon));
  }
  const auto run = kGradRows<T>[static_cast<int>(activation)];
  const bool past = past_cache(dx, rows * channels);
  parallel_for(fold.rows, grain_of(fold), [&](int64_t begin, int64_t end) {
    const int64_t at = begin * fold.width;
    write_stretches(past, (end - begin) * fold.width, fold.width, dx + at, [&](int64_t first, int64_t n, T* to) {
      run(dy + at + first, x + at + first, n / fold.width, fold.width, parameters, shift, slope, to);
    });
  });
  const int64_t done = fold.rows * fold.rows_together * channels;
  run(dy + done, x + done, rows - fold.rows * fold.rows_together, channels, parameters, shift, slope, dx + done);
}

#define TRICKLAB_BATCH_NORM(T)                                                                                       \
  template void batch_moments(const T*, int64_t, int64_t, float*, float*);                                           \
  template void batch_normalize(const T*, int64_t, int64_t, const float*, const float*, const float*, const float*,  \
                                double, Activation, T*);                                                             \
  template void batch_norm_grad(const T*, const T*, int64_t, int64_t, const float*, const float*, const float*,      \
                                const float*, double, Activation, T*, float*, float*);
TRICKLAB_BATCH_NORM(float)
TRICKLAB_BATCH_NORM(Bfloat16)
#undef TRICKLAB_BATCH_NORM

}  // namespace tricklab
