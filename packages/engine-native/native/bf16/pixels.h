// Images in bf16, laid out so that tiles read patches straight from them.
//
// Pixels of some images stand one behind the other with their padding, and the positions of a part are counted the same
// way, so that a tap is one distance between pixels for all positions. The padding behind a row serves the next one as
// padding before, and that below an image the next image as padding above. An image that is read with a stride is split
// into the pixels that a tap meets (its phases).
#pragma once

#include <cstdint>
#include <vector>

#include "bf16/units.h"
#include "conv/parts.h"

namespace tricklab {

struct PixelLayout {
  int64_t step_y, step_x;  // phases along the axes
  int64_t rows, pitch;     // of an image in pixels, padding included
  int64_t channels;
  int64_t images;  // that are laid out together
  int64_t before;  // zero pixels before the first image
  int64_t phase;   // pixels of a phase, with zeros behind for tiles that run over the end

  int64_t positions() const { return images * rows * pitch; }
  int64_t size() const { return step_y * step_x * phase * channels; }
  int64_t image_pixels() const { return rows * pitch; }
};

// A layout of as many images together as `most_floats` numbers hold, at least one.
PixelLayout pixel_layout(const std::vector<Part>& parts, const Image& image, int64_t images, int64_t most_floats);

// Pixels from position 0 to where a tap meets the image for it.
int64_t pixel_offset(const PixelLayout& layout, const Part& part, const Tap& tap);

// Images [n, n + count) into a layout whose padding is zero already.
void fill_pixels(const PixelLayout& layout, const Image& image, int64_t n, int64_t count, Bfloat16* pixels);

// Pixels of the other side's images at a part's positions, [positions][channels], each `stride` numbers long; what is no
// position must be zero already.
void fill_positions(const PixelLayout& layout, const Part& part, const float* data, int64_t height, int64_t width,
                    int64_t channels, int64_t stride, int64_t n, int64_t count, Bfloat16* to, int64_t to_stride);

}  // namespace tricklab
