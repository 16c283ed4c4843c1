// A convolution as products of patches with a filter.
//
// Forward pass, input gradient and filter gradient all run over *parts*: rectangles of positions that share their taps.
// A forward pass is one part. The input gradient of a strided convolution has one part for each residue class of the
// pixels, reached by a subset of the taps. Where padding wastes much (on a 2×2 image 5 of 9 taps of a padded 3×3 window
// only meet zeros) a part is cut further, into rectangles of positions whose windows keep the same taps inside.
#pragma once

#include <cstdint>
#include <vector>

#include "provider/shapes.h"

namespace tricklab {

// One tap of a window: where it looks, relative to the position's origin, and which tap of the filter it is.
struct Tap {
  int64_t dy;
  int64_t dx;
  int64_t index;
};

// How positions of a part map to pixels along one axis: position i is at step · i + from.
struct Axis {
  int64_t step;
  int64_t from;
};

struct Part {
  int64_t height;  // positions
  int64_t width;
  Axis in_y, in_x;    // origins of the windows in the image that is read
  Axis out_y, out_x;  // pixels of the image on the other side
  std::vector<Tap> taps;
};

// Channels [first, first + channels) of an NHWC image, of which a pixel has `stride` in all.
struct Image {
  const float* data;
  int64_t batch, height, width, channels, stride;
};

std::vector<Part> forward_parts(const Conv2dShape& shape);

// The image that is read is dy, the other side is the input.
std::vector<Part> input_gradient_parts(const Conv2dShape& shape);

// Cuts parts where enough taps would only meet padding, and drops taps that none of a part's positions can use.
std::vector<Part> without_padding(const std::vector<Part>& parts, const Image& image);

}  // namespace tricklab
