#include "elementwise/swish.h"

#include "base/threads.h"

namespace tricklab {

void swish(const float* __restrict x, int64_t count, float* __restrict y) {
  parallel_for(count, kGrain, [=](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) y[i] = swish_of(x[i]);
  });
}

void swish_grad(const float* __restrict dy, const float* __restrict x, int64_t count, float* __restrict dx) {
  parallel_for(count, kGrain, [=](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) dx[i] = dy[i] * swish_slope_of(x[i]);
  });
}

}  // namespace tricklab
