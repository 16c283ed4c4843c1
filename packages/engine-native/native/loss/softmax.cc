#include "loss/softmax.h"

#include <algorithm>

#include "base/numeric.h"
#include "base/threads.h"

namespace tricklab {
namespace {

// NaN, if there is one.
float largest_of(const float* x, int64_t count) {
  float largest = -kInfinity;
  for (int64_t i = 0; i < count; ++i) largest = x[i] > largest || x[i] != x[i] ? x[i] : largest;
  return largest;
}

// y = exp(x − largest); returns the sum.
double exponentials(const float* __restrict x, int64_t count, float largest, float* __restrict y) {
  for (int64_t i = 0; i < count; ++i) y[i] = exp_of(x[i] - largest);
  double sum = 0;
  for (int64_t i = 0; i < count; ++i) sum += static_cast<double>(y[i]);
  return sum;
}

int64_t grain(int64_t classes) { return std::max<int64_t>(1, 4096 / std::max<int64_t>(1, classes)); }

}  // namespace

void softmax(const float* x, int64_t rows, int64_t classes, float* y) {
  parallel_for(rows, grain(classes), [=](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      const float* __restrict from = x + row * classes;
      float* __restrict to = y + row * classes;
      const float largest = largest_of(from, classes);
      const double sum = exponentials(from, classes, largest, to);
      const float scale = static_cast<float>(1.0 / sum);
      for (int64_t i = 0; i < classes; ++i) to[i] *= scale;
    }
  });
}

void softmax_cross_entropy(const float* logits, const float* targets, int64_t rows, int64_t classes, float* losses,
                           float* residual) {
  parallel_for(rows, grain(classes), [=](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      const float* __restrict x = logits + row * classes;
      const float* __restrict t = targets + row * classes;
      float* __restrict r = residual + row * classes;
      const float largest = largest_of(x, classes);
      const double sum = exponentials(x, classes, largest, r);
      const double shift = static_cast<double>(largest) + std::log(sum);
      double weight = 0, loss = 0;
      for (int64_t i = 0; i < classes; ++i) {
        weight += static_cast<double>(t[i]);
        // 0 · −∞ would be NaN; a NaN among the logits is in `shift` for every class.
        const double part = static_cast<double>(x[i]) - shift;
        loss -= t[i] == 0.0f && part == -HUGE_VAL ? 0.0 : static_cast<double>(t[i]) * part;
      }
      losses[row] = static_cast<float>(loss);
      const float scale = static_cast<float>(weight / sum);
      for (int64_t i = 0; i < classes; ++i) r[i] = r[i] * scale - t[i];
    }
  });
}

}  // namespace tricklab
