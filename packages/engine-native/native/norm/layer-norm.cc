#include "norm/layer-norm.h"

#include <algorithm>
#include <cmath>

#include "base/memory.h"
#include "base/numeric.h"
#include "base/threads.h"

namespace tricklab {
namespace {

Workspace partials;

int64_t grain_of(int64_t channels) { return std::max<int64_t>(1, kGrain / std::max<int64_t>(1, channels)); }

constexpr int kLanes = 16;

// Sum of value(c) over the channels in double, in as many sums side by side as make vector code.
template <class Value>
inline double sum_of(int64_t channels, const Value& value) {
  double sums[kLanes] = {};
  int64_t c = 0;
  for (; c + kLanes <= channels; c += kLanes) {
    for (int lane = 0; lane < kLanes; ++lane) sums[lane] += static_cast<double>(value(c + lane));
  }
  for (; c < channels; ++c) sums[0] += static_cast<double>(value(c));
  for (int step = kLanes / 2; step > 0; step /= 2) {
    for (int lane = 0; lane < step; ++lane) sums[lane] += sums[lane + step];
  }
  return sums[0];
}

}  // namespace

void layer_norm(const float* x, int64_t rows, int64_t channels, const float* gamma, const float* beta, double epsilon,
                float* y, float* mean, float* inverse) {
  if (channels == 0) return;
  const double count = static_cast<double>(channels);
  parallel_for(rows, grain_of(channels), [=](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) {
      const float* __restrict from = x + r * channels;
      float* __restrict to = y + r * channels;
      const float average = static_cast<float>(sum_of(channels, [=](int64_t c) { return from[c]; }) / count);
      const double spread = sum_of(channels, [=](int64_t c) { return (from[c] - average) * (from[c] - average); });
      const float scale = static_cast<float>(1.0 / std::sqrt(spread / count + epsilon));
      mean[r] = average;
      inverse[r] = scale;
      for (int64_t c = 0; c < channels; ++c) to[c] = (from[c] - average) * scale * gamma[c] + beta[c];
    }
  });
}

void layer_norm_grad(const float* dy, const float* x, int64_t rows, int64_t channels, const float* gamma,
                     const float* mean, const float* inverse, float* dx, float* dgamma, float* dbeta) {
  if (channels == 0) return;
  const int threads = thread_count();
  double* all = partials.doubles(2 * channels * threads);
  std::fill_n(all, 2 * channels * threads, 0.0);
  const double count = static_cast<double>(channels);
  parallel_for(rows, grain_of(channels), [=](int64_t begin, int64_t end) {
    double* __restrict products = all + 2 * channels * thread_index();
    double* __restrict sums = products + channels;
    for (int64_t r = begin; r < end; ++r) {
      const float* __restrict g = dy + r * channels;
      const float* __restrict from = x + r * channels;
      float* __restrict to = dx + r * channels;
      const float average = mean[r], scale = inverse[r];
      const float level = static_cast<float>(sum_of(channels, [=](int64_t c) { return g[c] * gamma[c]; }) / count);
      const float tilt = static_cast<float>(
          sum_of(channels, [=](int64_t c) { return g[c] * gamma[c] * ((from[c] - average) * scale); }) / count);
      for (int64_t c = 0; c < channels; ++c) {
        to[c] = (g[c] * gamma[c] - level - (from[c] - average) * scale * tilt) * scale;
      }
      for (int64_t c = 0; c < channels; ++c) {
        products[c] += static_cast<double>(g[c] * ((from[c] - average) * scale));
        sums[c] += static_cast<double>(g[c]);
      }
    }
  });
  for (int64_t c = 0; c < channels; ++c) {
    double product = 0, sum = 0;
    for (int thread = 0; thread < threads; ++thread) {
      product += all[2 * channels * thread + c];
      sum += all[2 * channels * thread + channels + c];
    }
    dgamma[c] = static_cast<float>(product);
    dbeta[c] = static_cast<float>(sum);
  }
}

}  // namespace tricklab
