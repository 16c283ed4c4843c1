// Convolutions and matrix products in bf16, on matrix units or on vectors of pairs.
#pragma once

#include <vector>

#include "conv/filter_product.h"
#include "conv/parts.h"
#include "conv/product.h"

namespace tricklab {

// As `patch_product` and `filter_product`, with operands rounded to bf16 and sums in float32. False, with nothing
// written, where these would gain nothing: few channels, fewer images than threads.
//
// Beside a value that is infinite or not a number, up to a block of depth (32 numbers) further on are spoilt as well:
// blocks that are not full take in what stands behind, with factors of zero.
bool bf16_product(const Image& image, const std::vector<Part>& parts, const MatrixView& filter, int64_t tap_step,
                 const Target& target, const Epilogue& epilogue);
bool bf16_filter_product(const Image& image, const Part& part, const Source& source, int64_t taps, float* out,
                        int64_t out_stride);

}  // namespace tricklab
