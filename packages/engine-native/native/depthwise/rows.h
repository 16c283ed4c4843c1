// Rows of depthwise convolutions, vectorised over channels.
#pragma once

#include <cstdint>
#include <vector>

#include "conv/parts.h"

namespace tricklab {

// Taps of one row of positions that meet the image in the vertical: `image` is at pixel 0 of the tap's line.
struct RowTap {
  const float* image;
  int64_t dx;
  int64_t index;
};

std::vector<RowTap> row_taps(const Part& part, const Image& image, int64_t n, int64_t i);

// Positions [begin, end) of a part's row at which every tap's pixel is inside; empty as begin = end.
struct Inside {
  int64_t begin, end;
};

Inside inside_of(const Part& part, const Image& image, const std::vector<RowTap>& taps);

}  // namespace tricklab
