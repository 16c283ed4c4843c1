// Convolutions and matrix products in bf16, on matrix units or on vectors of pairs.
#pragma once

#include <vector>

#include "base/bfloat16.h"
#include "conv/parts.h"
#include "gemm/pack.h"
#include "provider/shapes.h"

namespace tricklab {

// Whole NHWC images.
struct Pixels {
  int64_t batch, height, width, channels;
  int64_t of_image() const { return height * width * channels; }
};

// As `patch_product` and `filter_product`, with operands rounded to bf16 and sums in float32. The parts of a filter
// product count the pixels of the other side. False, with nothing written, where these would gain nothing: few channels,
// fewer images than threads.
//
// Beside a value that is infinite or not a number, up to a block of depth (32 numbers) further on are spoilt as well:
// blocks that are not full take in what stands behind, with factors of zero.
bool bf16_product(const Pixels& image, ConstNumbers x, const std::vector<Part>& parts, const MatrixView& filter,
                  int64_t tap_step, const Pixels& target, Numbers out, const Epilogue& epilogue);
bool bf16_filter_product(const Pixels& image, ConstNumbers x, const Part& part, const Pixels& source, ConstNumbers dy,
                         int64_t taps, float* out);

}  // namespace tricklab
