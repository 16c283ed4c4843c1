// Reductions of [outer, reduce, inner] over the middle.
#pragma once

#include <cstdint>

namespace tricklab {

enum class Reduction : int32_t { kSum, kMean, kMax, kMin, kProd };

// out is [outer, inner]. Sums and products run in double. NaN wins in maximum and minimum.
void reduce(Reduction op, const float* x, int64_t outer, int64_t length, int64_t inner, float* out);

// Whether any (all) of the middle's elements are not zero.
void reduce_bool(bool all, const uint8_t* x, int64_t outer, int64_t length, int64_t inner, uint8_t* out);

// Index of the first largest (smallest) element; NaN counts only in first place.
void arg_reduce(bool largest, const float* x, int64_t outer, int64_t length, int64_t inner, int32_t* out);

}  // namespace tricklab
