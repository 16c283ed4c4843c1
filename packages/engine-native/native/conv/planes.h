// Images of few channels as planes, one a channel, so that vectors run over pixels.
//
// Rows of a plane stand one behind the other with their padding, and the positions of a part are counted the same way:
// position q = i · pitch + j. A tap is then one offset into the planes for all positions, whatever the padding; what is
// computed at the few positions beyond a row's end is left out. An image that is read with a stride is split into planes
// of the pixels that a tap meets, so that these are neighbours too. Small images stand in stacks, one below the other in
// the same planes, and share the zeros between them: else most lanes would be padding.
#pragma once

#include <cstdint>
#include <vector>

#include "conv/parts.h"
#include "gemm/panels.h"

namespace tricklab {

// Layout of the planes of a stack of images, for all parts of a convolution.
struct PlaneLayout {
  int64_t step_y, step_x;    // of the positions in the image: step_y · step_x planes a channel
  int64_t first_y, first_x;  // row 0 of a plane is the image's row first_y · step_y + phase
  int64_t rows, pitch;       // of one image
  int64_t images;            // in a stack
  int64_t plane;  // floats of a plane, with zeros behind it for vectors that run over the end
  int64_t channels;

  // Positions of a part in `count` images, those beyond the ends of rows included.
  int64_t positions(const Part& part, int64_t count) const { return ((count - 1) * rows + part.height) * pitch; }
  int64_t image_floats() const { return rows * pitch; }
  int64_t size() const { return channels * step_y * step_x * plane; }
};

// One image a stack.
PlaneLayout plane_layout(const std::vector<Part>& parts, const Image& image);

// Stacks of up to `most` images, as many as fill the vectors well. Neighbouring rows and images share their padding.
PlaneLayout stacked_layout(const std::vector<Part>& parts, const Image& image, int64_t most);

// Offsets into the planes of each of a part's taps · channels inputs, tap by tap.
std::vector<int64_t> plane_offsets(const PlaneLayout& layout, const Part& part);

// Image n as planes, at its place in the stack. What lies outside the image is not written: it must be zero already.
void fill_planes(const PlaneLayout& layout, const Image& image, int64_t n, float* planes);

// Pixels of the other side's image n at a part's positions, [channels][plane]. The ends of rows are not written either.
void fill_position_planes(const PlaneLayout& layout, const Part& part, const float* data, int64_t height, int64_t width,
                          int64_t channels, int64_t stride, int64_t n, float* planes);

}  // namespace tricklab
