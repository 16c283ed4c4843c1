// Convolutions with few channels on the other side, over planes: the matrix product's vectors would be mostly empty.
// Many of them at once, the groups of a convolution, share layout and threads: an image's groups lie between each other
// in memory, so they are computed together while it is in the cache.
#pragma once

#include <cstdint>
#include <vector>

#include "conv/filter_product.h"
#include "conv/parts.h"
#include "conv/product.h"

namespace tricklab {

// Whether planes are the faster way for `groups` convolutions with `columns` channels on the other side.
bool planar_pays(const Image& image, const std::vector<Part>& parts, int64_t columns, int64_t groups);

// One convolution as `patch_product` does it. Groups of one call differ in where their data lies alone.
struct PlanarGroup {
  Image image;
  MatrixView filter;
  Target target;
  Epilogue epilogue;
  bool add = false;  // to what stands in the target, rather than in its place
};

void planar_product(const std::vector<PlanarGroup>& groups, const std::vector<Part>& parts, int64_t tap_step);

// One filter gradient as `filter_product` computes it.
struct PlanarFilterGroup {
  Image image;
  Source source;
  float* out;
};

void planar_filter_product(const std::vector<PlanarFilterGroup>& groups, const Part& part, int64_t out_stride);

}  // namespace tricklab
