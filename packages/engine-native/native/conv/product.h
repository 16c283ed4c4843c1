// Products of an image's patches with a filter: forward convolution, input gradient, and matrix products.
#pragma once

#include <cstdint>
#include <vector>

#include "conv/parts.h"
#include "gemm/pack.h"
#include "provider/shapes.h"

namespace tricklab {

// The image that is written: channels [0, channels) of `data`, of which a pixel has `stride` in all.
struct Target {
  float* data;
  int64_t height, width, channels, stride;
};

// For every part: target pixel = Σ over taps and channels of the image's pixel · filter. Row (tap index · channels + c)
// of `filter` belongs to channel c of a tap. Every element is summed in one order, whatever the number of threads.
void patch_product(const Image& image, const std::vector<Part>& parts, const MatrixView& filter, int64_t tap_step,
                   const Target& target, const Epilogue& epilogue);

}  // namespace tricklab
