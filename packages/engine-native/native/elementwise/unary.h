// Functions of one element.
#pragma once

#include <cstdint>

#include "base/bfloat16.h"

namespace tricklab {

// The order is that of src/kernels/elementwise.ts.
enum class Unary : int32_t {
  kAbs,
  kNeg,
  kSquare,
  kSqrt,
  kRsqrt,
  kReciprocal,
  kExp,
  kExpm1,
  kLog,
  kLog1p,
  kTanh,
  kSigmoid,
  kSoftplus,
  kRelu,
  kRelu6,
  kElu,
  kSelu,
  kSign,
  kFloor,
  kCeil,
  kRound,
  kStep,             // first: the value for x ≤ 0
  kClip,             // first, second: bounds
  kLeakyRelu,        // first: the slope for x < 0
  kLeakyReluOffset,  // first: the slope for x ≤ 0, second: what is taken off
  kScaleAdd,         // first · x + second
};

void unary(Unary op, const float* x, int64_t count, float first, float second, float* y);
// False, with nothing written, for those that activations never meet: all but ReLU and the leaky one with an offset.
bool unary(Unary op, const Bfloat16* x, int64_t count, float first, float second, Bfloat16* y);

// y[i] = hash(key, i) ≥ threshold ? x[i] · scale : 0, with dropoutHash of packages/core/src/fused.ts.
void dropout(const float* x, int64_t count, uint32_t key, uint32_t threshold, float scale, float* y);

void fill(float* y, int64_t count, float value);

// Sum of `arrays` arrays of `count` elements.
void add_all(const float* const* x, int64_t arrays, int64_t count, float* y);
void add_all(const Bfloat16* const* x, int64_t arrays, int64_t count, Bfloat16* y);

// y[i] = condition[i] ? a[i] : b[i]
void select(const uint8_t* condition, const uint32_t* a, const uint32_t* b, int64_t count, uint32_t* y);

// Conversions between element types, as JavaScript's typed arrays convert.
void cast_int_to_float(const int32_t* x, int64_t count, float* y);
void cast_byte_to_float(const uint8_t* x, int64_t count, float* y);
void cast_float_to_int(const float* x, int64_t count, int32_t* y);
void cast_float_to_bool(const float* x, int64_t count, uint8_t* y);

}  // namespace tricklab
