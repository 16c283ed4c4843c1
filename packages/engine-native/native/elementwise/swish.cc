#include "elementwise/swish.h"

#include "base/threads.h"

namespace tricklab {

template <class T>
void swish(const T* __restrict x, int64_t count, T* __restrict y) {
  parallel_for(count, kGrain, [=](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) put(swish_of(widened(x[i])), y[i]);
  });
}

template <class T>
void swish_grad(const T* __restrict dy, const T* __restrict x, int64_t count, T* __restrict dx) {
  parallel_for(count, kGrain, [=](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) put(widened(dy[i]) * swish_slope_of(widened(x[i])), dx[i]);
  });
}

template void swish(const float*, int64_t, float*);
template void swish_grad(const float*, const float*, int64_t, float*);
template void swish(const Bfloat16*, int64_t, Bfloat16*);
template void swish_grad(const Bfloat16*, const Bfloat16*, int64_t, Bfloat16*);

}  // namespace tricklab
