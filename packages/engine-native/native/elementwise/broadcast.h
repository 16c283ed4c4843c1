// How two arrays meet under broadcasting.
#pragma once

#include <cstdint>

namespace tricklab {

// The result's dimensions and the strides of both operands along them (0 where an operand is repeated), outermost
// first, with dimensions of one left out and neighbours joined where both operands run on. At least one dimension.
struct Broadcast {
  static constexpr int kMostAxes = 8;
  int axes = 0;
  int64_t size[kMostAxes];
  int64_t a[kMostAxes];
  int64_t b[kMostAxes];
  int64_t count = 1;
};

// From shapes of equal rank; where they differ, one is 1. Throws std::invalid_argument otherwise.
Broadcast make_broadcast(const int32_t* a_shape, const int32_t* b_shape, int rank);

// Both contiguous, or one a scalar.
Broadcast flat_broadcast(int64_t count, bool a_scalar, bool b_scalar);

// Elements of each operand.
int64_t count_of_a(const Broadcast& broadcast);
int64_t count_of_b(const Broadcast& broadcast);

}  // namespace tricklab
