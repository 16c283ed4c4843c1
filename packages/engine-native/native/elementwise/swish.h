// Swish, x · σ(x), and its gradient.
#pragma once

#include <cmath>
#include <cstdint>

#include "base/bfloat16.h"

namespace tricklab {

// With e = e^−|x| and d = 1 / (1 + e), σ(x) is d above 0 and e·d below; nothing overflows.
inline float swish_of(float x) {
  const float e = exp_of(-std::fabs(x));
  const float d = 1.0f / (1.0f + e);
  return x * (x > 0.0f ? d : e * d);
}

// Slope of swish_of: σ(x) + x · σ(x)(1 − σ(x)), where the last two factors are e·d², whatever the sign of x.
inline float swish_slope_of(float x) {
  const float e = exp_of(-std::fabs(x));
  const float d = 1.0f / (1.0f + e);
  return (x > 0.0f ? d : e * d) + x * (e * d * d);
}

// Elements are floats or bf16.
template <class T>
void swish(const T* x, int64_t count, T* y);

// dx = dy · slope(x)
template <class T>
void swish_grad(const T* dy, const T* x, int64_t count, T* dx);

}  // namespace tricklab
