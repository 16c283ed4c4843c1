// GELU, x · Φ(x) with Φ the normal distribution, its form with the hyperbolic tangent, and their gradients.
#pragma once

#include <cmath>
#include <cstdint>

#include "base/numeric.h"

namespace tricklab {

// The order is that of src/kernels/training.ts.
enum class GeluForm : int32_t { kExact, kTanh };

// e^(−x²/2). A square of 24 bits would lose what the exponential then blows up, so x is split: the first part has 12 bits, the
// square of which is exact, and what is left of x² is small.
inline float bell_of(float x) {
  const float high = from_bits(to_bits(x) & static_cast<int32_t>(0xfffff000));
  const float rest = -0.5f * (x - high) * (x + high);
  const float factor = 1.0f + rest * (1.0f + rest * (0.5f + rest * (1.0f / 6.0f + rest * (1.0f / 24.0f))));
  return exp_of(-0.5f * high * high) * factor;
}

// Φ(−|x|) · e^(x²/2): a polynomial in t = 1 / (1 + |x| / √8) times t, fitted by Chebyshev's points for |x| ≤ 14.8, beyond which
// the exponential is 0 (relative error 2e-8 before rounding).
inline float tail_of(float x) {
  const float t = 1.0f / (1.0f + 0.353553391f * std::fabs(x));
  float p = 0.0087308743968606f;
  p = p * t - 0.07484322041273117f;
  p = p * t + 0.24339494109153748f;
  p = p * t - 0.37051859498023987f;
  p = p * t + 0.23744778335094452f;
  p = p * t - 0.06201528012752533f;
  p = p * t + 0.11666768789291382f;
  p = p * t + 0.11860579997301102f;
  p = p * t + 0.1415008008480072f;
  p = p * t + 0.1410292088985443f;
  return p * t;
}

// Beyond 15 Φ is 0 or 1; NaN passes.
inline float bounded(float x) {
  const float a = std::fabs(x);
  return std::copysign(a > 15.0f ? 15.0f : a, x);
}

inline float gelu_of(float x) {
  const float c = bounded(x);
  const float tail = tail_of(c) * bell_of(c);
  return x < -15.0f ? -0.0f : x * (x > 0.0f ? 1.0f - tail : tail);
}

// Φ(x) + x · e^(−x²/2) / √(2π)
inline float gelu_slope_of(float x) {
  const float c = bounded(x);
  const float bell = bell_of(c);
  const float tail = tail_of(c) * bell;
  return (c > 0.0f ? 1.0f - tail : tail) + c * 0.398942280f * bell;
}

constexpr float kGeluRate = 1.59576912f, kGeluBend = 0.044715f;

// (1 + tanh(u)) / 2 = σ(2u); beyond 15 it is 0 or 1.
inline float gelu_gate_of(float c) { return sigmoid_of(kGeluRate * c * (1.0f + kGeluBend * c * c)); }

inline float gelu_tanh_of(float x) {
  return x < -15.0f ? -0.0f : x * gelu_gate_of(bounded(x));
}

inline float gelu_tanh_slope_of(float x) {
  const float c = bounded(x);
  const float gate = gelu_gate_of(c);
  return gate + c * gate * (1.0f - gate) * kGeluRate * (1.0f + 3.0f * kGeluBend * c * c);
}

void gelu(const float* x, int64_t count, GeluForm form, float* y);

// dx = dy · slope(x)
void gelu_grad(const float* dy, const float* x, int64_t count, GeluForm form, float* dx);

}  // namespace tricklab
