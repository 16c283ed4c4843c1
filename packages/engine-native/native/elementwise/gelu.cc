#include "elementwise/gelu.h"

#include "base/threads.h"

namespace tricklab {
namespace {

template <float (*kFunction)(float)>
void map(const float* __restrict x, int64_t count, float* __restrict y) {
  parallel_for(count, kGrain, [=](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) y[i] = kFunction(x[i]);
  });
}

template <float (*kSlope)(float)>
void map_grad(const float* __restrict dy, const float* __restrict x, int64_t count, float* __restrict dx) {
  parallel_for(count, kGrain, [=](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) dx[i] = dy[i] * kSlope(x[i]);
  });
}

}  // namespace

void gelu(const float* x, int64_t count, GeluForm form, float* y) {
  form == GeluForm::kExact ? map<gelu_of>(x, count, y) : map<gelu_tanh_of>(x, count, y);
}

void gelu_grad(const float* dy, const float* x, int64_t count, GeluForm form, float* dx) {
  form == GeluForm::kExact ? map_grad<gelu_slope_of>(dy, x, count, dx) : map_grad<gelu_tanh_slope_of>(dy, x, count, dx);
}

}  // namespace tricklab
