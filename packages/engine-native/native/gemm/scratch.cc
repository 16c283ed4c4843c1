#include "gemm/scratch.h"

#include "base/memory.h"

namespace tricklab {

float* scratch(ScratchUse use, int64_t floats) {
  thread_local Workspace buffers[static_cast<int>(ScratchUse::kCount)];
  // Vectors may be read over the end of what is needed.
  return buffers[static_cast<int>(use)].floats(floats + 64);
}

}  // namespace tricklab
