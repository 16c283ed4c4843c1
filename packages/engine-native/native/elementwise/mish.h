// Mish, x · tanh(log(1 + eˣ)), and its gradient.
#pragma once

#include <cmath>
#include <cstdint>

#include "base/bfloat16.h"

namespace tricklab {

// With a = e^min(x, 0) and b = e^−max(x, 0), of which one is 1 and neither overflows, eˣ = a/b, so that
// tanh(log(1 + eˣ)) = a(a + 2b) / d with d = a² + 2ab + 2b². Nothing is subtracted: small values keep their digits.
inline float mish_of(float x) {
  const float e = exp_of(-std::fabs(x));
  const float a = x > 0.0f ? 1.0f : e, b = x > 0.0f ? e : 1.0f;
  const float product = a * (a + 2.0f * b);
  return x * (product / (product + 2.0f * b * b));
}

// Slope of mish_of: tanh + x · σ(x)(1 − tanh²), where the last two factors are 4ab²(a + b) / d².
inline float mish_slope_of(float x) {
  const float e = exp_of(-std::fabs(x));
  const float a = x > 0.0f ? 1.0f : e, b = x > 0.0f ? e : 1.0f;
  const float product = a * (a + 2.0f * b);
  const float inverse = 1.0f / (product + 2.0f * b * b);
  const float bend = 4.0f * (a * b) * b * (a + b) * inverse;
  return (product + x * bend) * inverse;
}

// Elements are floats or bf16.
template <class T>
void mish(const T* x, int64_t count, T* y);

// dx = dy · slope(x)
template <class T>
void mish_grad(const T* dy, const T* x, int64_t count, T* dx);

}  // namespace tricklab
