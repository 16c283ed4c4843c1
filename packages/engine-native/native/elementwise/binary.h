// Functions of two elements, with broadcasting.
#pragma once

#include <cstdint>

#include "base/bfloat16.h"
#include "elementwise/broadcast.h"

namespace tricklab {

// The order is that of src/kernels/elementwise.ts.
enum class Binary : int32_t {
  kAdd,
  kSub,
  kMultiply,
  kDivide,
  kMaximum,
  kMinimum,
  kSquaredDifference,
  kPower,
  kPrelu,     // a < 0 ? a · b : a
  kEluGrad,   // a: dy, b: y
  kReluGrad,  // a: dy, b: y
  kAddRelu,
};

enum class Comparison : int32_t { kEqual, kNotEqual, kGreater, kGreaterEqual, kLess, kLessEqual };

void binary(Binary op, const float* a, const float* b, const Broadcast& broadcast, float* out);
// False, with nothing written, for those that activations never meet: all but Add, ReluGrad and AddRelu.
bool binary(Binary op, const Bfloat16* a, const Bfloat16* b, const Broadcast& broadcast, Bfloat16* out);
void compare(Comparison op, const float* a, const float* b, const Broadcast& broadcast, uint8_t* out);
void compare(Comparison op, const int32_t* a, const int32_t* b, const Broadcast& broadcast, uint8_t* out);

// dx = dy · (x > 0 ? 1 : alpha)
template <class T>
void leaky_relu_grad(const T* dy, const T* x, int64_t count, float alpha, T* dx);

}  // namespace tricklab
