#include "gemm/panels.h"

#include <algorithm>

namespace tricklab {

std::vector<Panel> panels_of(int64_t columns) {
  std::vector<Panel> panels;
  int64_t vectors = (columns + kLanes - 1) / kLanes;
  int64_t from = 0;
  while (vectors > 0) {
    const int wide = static_cast<int>(vectors == 4 || vectors == 2 ? 2 : std::min<int64_t>(3, vectors));
    panels.push_back({from, static_cast<int>(std::min<int64_t>(columns - from, wide * kLanes)), wide});
    from += wide * kLanes;
    vectors -= wide;
  }
  return panels;
}

DepthBlocks::DepthBlocks(int64_t total) : depth(total), block(kDepthBlock) {
  if (total == 0) return;
  const int64_t blocks = (total + kDepthBlock - 1) / kDepthBlock;
  block = (total + blocks - 1) / blocks;
}

}  // namespace tricklab
