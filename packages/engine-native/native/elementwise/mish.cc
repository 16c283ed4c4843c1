#include "elementwise/mish.h"

#include "base/threads.h"

namespace tricklab {

template <class T>
void mish(const T* __restrict x, int64_t count, T* __restrict y) {
  parallel_for(count, kGrain, [=](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) put(mish_of(widened(x[i])), y[i]);
  });
}

template <class T>
void mish_grad(const T* __restrict dy, const T* __restrict x, int64_t count, T* __restrict dx) {
  parallel_for(count, kGrain, [=](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) put(widened(dy[i]) * mish_slope_of(widened(x[i])), dx[i]);
  });
}

template void mish(const float*, int64_t, float*);
template void mish_grad(const float*, const float*, int64_t, float*);
template void mish(const Bfloat16*, int64_t, Bfloat16*);
template void mish_grad(const Bfloat16*, const Bfloat16*, int64_t, Bfloat16*);

}  // namespace tricklab
