// Convolutions with few channels on the other side, over planes: the matrix product's vectors would be mostly empty.
#pragma once

#include <cstdint>
#include <vector>

#include "conv/filter_product.h"
#include "conv/parts.h"
#include "conv/product.h"

namespace tricklab {

// Whether planes are the faster way for `columns` channels on the other side.
bool planar_pays(const Image& image, const std::vector<Part>& parts, int64_t columns);

// As `patch_product` and `filter_product`.
void planar_product(const Image& image, const std::vector<Part>& parts, const MatrixView& filter, int64_t tap_step,
                    const Target& target, const Epilogue& epilogue);
void planar_filter_product(const Image& image, const Part& part, const Source& source, float* out, int64_t out_stride);

}  // namespace tricklab
