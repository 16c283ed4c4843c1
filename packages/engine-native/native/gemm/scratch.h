// Working memory that is kept between calls: fresh pages cost more than the arithmetic of a small kernel.
#pragma once

#include <cstdint>

namespace tricklab {

// What a piece of scratch memory is used for; each use has a buffer of its own.
enum class ScratchUse { kPanels, kTiles, kSums, kRight, kPlain, kBias, kOperand, kOtherOperand, kResult, kCount };

// At least `floats` floats, aligned to a cache line, for the calling thread until its next call with the same use.
// Throws std::bad_alloc.
float* scratch(ScratchUse use, int64_t floats);

}  // namespace tricklab
