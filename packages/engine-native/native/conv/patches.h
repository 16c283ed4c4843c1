// Patches of an image as rows of a tile.
#pragma once

#include <cstdint>
#include <vector>

#include "conv/parts.h"

namespace tricklab {

// Taps that lie side by side in the image: their channels are one stretch of memory where the window is inside.
struct Stretch {
  int64_t dy, dx;
  int64_t taps;
  int64_t skip;    // floats left out at the front of the stretch
  int64_t length;  // floats
};

// The stretches that make up floats [begin, end) of a part's patches, of which each has taps × channels.
std::vector<Stretch> stretches_of(const std::vector<Tap>& taps, const Image& image, int64_t begin, int64_t end);

// Writes the patches of positions [row, row + rows) of the part, counted over images, rows and columns, as rows of
// `tile`, which are `stride` floats apart. Zeros stand where a window leaves the image.
void gather_patches(const Image& image, const Part& part, const std::vector<Stretch>& stretches, int64_t row,
                    int64_t rows, float* tile, int64_t stride);

// Walks over positions of a part in the order of `gather_patches`.
class Walk {
 public:
  Walk(const Part& part, int64_t row) : part_(part), j(row % part.width) {
    const int64_t line = row / part.width;
    i = line % part.height;
    n = line / part.height;
  }
  void next() {
    if (++j < part_.width) return;
    j = 0;
    next_line();
  }
  void next_line() {
    if (++i < part_.height) return;
    i = 0;
    ++n;
  }

 private:
  const Part& part_;

 public:
  int64_t n = 0, i = 0, j = 0;
};

}  // namespace tricklab
