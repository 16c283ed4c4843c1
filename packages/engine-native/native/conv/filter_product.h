// Sums over pixels: filter gradients, and matrix products with a transposed left side.
#pragma once

#include <cstdint>
#include <vector>

#include "conv/parts.h"

namespace tricklab {

// The image on the other side of the parts (dy): channels [0, channels) of `data`.
struct Source {
  const float* data;
  int64_t height, width, channels, stride;
};

// out[tap, c, j] = Σ over parts and positions of image[pixel of the tap, c] · source[pixel, j]. Rows of `out` are
// `out_stride` floats apart, taps `image.channels` rows. The order of the sums depends on the number of threads.
void filter_product(const Image& image, const std::vector<Part>& parts, const Source& source, int64_t taps, float* out,
                    int64_t out_stride);

}  // namespace tricklab
