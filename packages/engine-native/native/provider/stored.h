// Tensors that may be stored as bf16, for kernels that compute on floats alone.
#pragma once

#include "base/bfloat16.h"
#include "gemm/scratch.h"

namespace tricklab {

// Numbers as floats, in working memory where they are stored otherwise.
inline const float* as_floats(ConstNumbers numbers, int64_t count, ScratchUse use) {
  if (numbers.floats() != nullptr) return numbers.floats();
  float* floats = scratch(use, count);
  widen(numbers.halves(), count, floats);
  return floats;
}

// Calls write(floats) for results that may be stored otherwise.
template <typename Write>
void write_floats(Numbers numbers, int64_t count, Write write) {
  if (numbers.floats() != nullptr) return write(numbers.floats());
  float* floats = scratch(ScratchUse::kResult, count);
  write(floats);
  narrow(floats, count, numbers.halves());
}

}  // namespace tricklab
