// Exponential, logarithm and their kin for float, without branches, so that loops over them become vector code.
// NaN and infinity behave as in <cmath>; errors are below 3 units in the last place (test/elementwise.test.ts measures them).
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>

namespace tricklab {

// Elements below which a second thread costs more than it saves.
constexpr int64_t kGrain = 16384;

inline float from_bits(int32_t bits) {
  float value;
  std::memcpy(&value, &bits, 4);
  return value;
}

inline int32_t to_bits(float value) {
  int32_t bits;
  std::memcpy(&bits, &value, 4);
  return bits;
}

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

// log 2 in two parts; the first has few bits, so that small multiples of it are exact.
constexpr float kLog2High = 0.693359375f;
constexpr float kLog2Low = -2.12194440e-4f;

inline float exp_of(float x) {
  // Beyond these the result is 0 or infinity; NaN passes.
  const float c = x < -104.0f ? -104.0f : (x > 89.0f ? 89.0f : x);
  // Adding 1.5·2²³ rounds to a whole number, which then lies in the low bits of the sum.
  const float shifted = c * 1.44269504088896341f + 12582912.0f;
  const int32_t n = to_bits(shifted) - to_bits(12582912.0f);
  const float whole = shifted - 12582912.0f;
  const float r = (c - whole * kLog2High) - whole * kLog2Low;
  // Taylor's series: for |r| ≤ log(2)/2 its next term is below a tenth of a unit in the last place.
  float p = 1.0f / 5040.0f;
  p = p * r + 1.0f / 720.0f;
  p = p * r + 1.0f / 120.0f;
  p = p * r + 1.0f / 24.0f;
  p = p * r + 1.0f / 6.0f;
  p = p * r + 0.5f;
  p = p * r + 1.0f;
  p = p * r + 1.0f;
  // 2ⁿ in two factors, each of which is a normal number.
  const int32_t half = n >> 1;
  return p * from_bits((half + 127) << 23) * from_bits((n - half + 127) << 23);
}

inline float log_of(float x) {
  const bool tiny = x < 1.17549435e-38f;
  const float normal = tiny ? x * 8388608.0f : x;
  const int32_t bits = to_bits(normal);
  // Mantissa in [√½, √2).
  const int32_t e = (bits - 0x3f3504f3) >> 23;
  const float f = from_bits(bits - e * (1 << 23)) - 1.0f;
  const float k = static_cast<float>(tiny ? e - 23 : e);
  const float s = f / (2.0f + f);
  const float z = s * s;
  const float series = z * (2.0f / 3.0f + z * (2.0f / 5.0f + z * (2.0f / 7.0f + z * (2.0f / 9.0f))));
  const float half = 0.5f * f * f;
  const float result = k * kLog2High - ((half - (s * (half + series) + k * kLog2Low)) - f);
  const float zero = x == 0.0f ? -kInfinity : kNan;
  return x > 0.0f ? (x == kInfinity ? x : result) : zero;
}

inline float log1p_of(float x) {
  const float u = 1.0f + x;
  // What rounding took from 1 + x, to first order.
  const float lost = (x - (u - 1.0f)) / u;
  const float result = log_of(u) + lost;
  return u > 0.0f && u < kInfinity ? result : log_of(u);
}

inline float expm1_of(float x) {
  float p = 1.0f / 362880.0f;
  p = p * x + 1.0f / 40320.0f;
  p = p * x + 1.0f / 5040.0f;
  p = p * x + 1.0f / 720.0f;
  p = p * x + 1.0f / 120.0f;
  p = p * x + 1.0f / 24.0f;
  p = p * x + 1.0f / 6.0f;
  p = p * x + 0.5f;
  const float near = x + x * x * p;
  const float far = exp_of(x) - 1.0f;
  return std::fabs(x) < 0.5f ? near : far;
}

inline float tanh_of(float x) {
  const float a = std::fabs(x);
  // Beyond 10 the result is 1.
  const float t = expm1_of(2.0f * (a > 10.0f ? 10.0f : a));
  return std::copysign(t / (t + 2.0f), x);
}

inline float sigmoid_of(float x) { return 1.0f / (1.0f + exp_of(-x)); }

// log(1 + y) for y in [0, 1]: 2·artanh(y / (2 + y)), whose argument is at most ⅓.
inline float log1p_of_unit(float y) {
  const float s = y / (2.0f + y);
  const float z = s * s;
  float p = 2.0f / 17.0f;
  p = p * z + 2.0f / 15.0f;
  p = p * z + 2.0f / 13.0f;
  p = p * z + 2.0f / 11.0f;
  p = p * z + 2.0f / 9.0f;
  p = p * z + 2.0f / 7.0f;
  p = p * z + 2.0f / 5.0f;
  p = p * z + 2.0f / 3.0f;
  return 2.0f * s + s * z * p;
}

inline float softplus_of(float x) { return (x > 0.0f ? x : 0.0f) + log1p_of_unit(exp_of(-std::fabs(x))); }

}  // namespace tricklab
