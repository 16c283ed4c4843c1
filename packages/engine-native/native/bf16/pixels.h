// Images in bf16, laid out so that tiles read patches straight from them.
//
// Pixels of some images stand one behind the other with their padding, and the positions of a part are counted the same
// way, so that a tap is one distance between pixels for all positions. The padding behind a row serves the next one as
// padding before, and that below an image the next image as padding above. An image that is read with a stride is split
// into the pixels that a tap meets (its phases).
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "bf16/products.h"
#include "bf16/units.h"

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

// A layout of as many images together as `most` numbers hold, of `images` at most and one at least.
PixelLayout pixel_layout(const std::vector<Part>& parts, const Pixels& image, int64_t images, int64_t most);

// Pixels from position 0 to where a tap meets the image for it.
int64_t pixel_offset(const PixelLayout& layout, const Part& part, const Tap& tap);

// Calls visit(numbers of the image before, first pixel of the layout, pixels, numbers from one to the next) for the rows of
// images [n, n + count), or the pixels of a row that belong to one phase.
template <typename Visit>
void each_stretch(const PixelLayout& layout, const Pixels& image, int64_t n, int64_t count, Visit visit) {
  for (int64_t k = 0; k < count; ++k) {
    for (int64_t y = 0; y < image.height; ++y) {
      const int64_t line = ((n + k) * image.height + y) * image.width * image.channels;
      const int64_t row = k * layout.rows + y / layout.step_y;
      for (int64_t b = 0; b < std::min(layout.step_x, image.width); ++b) {
        const int64_t phase = (y % layout.step_y) * layout.step_x + b;
        const int64_t first = phase * layout.phase + layout.before + row * layout.pitch;
        const int64_t columns = (image.width - b + layout.step_x - 1) / layout.step_x;
        visit(line + b * image.channels, first, columns, layout.step_x * image.channels);
      }
    }
  }
}

// Images [n, n + count) into a layout whose padding is zero already.
void fill_pixels(const PixelLayout& layout, const Pixels& image, ConstNumbers x, int64_t n, int64_t count,
                 Bfloat16* pixels);

// Whether the images lie in memory as the layout wants them.
bool lies_ready(const PixelLayout& layout, const Pixels& image);

}  // namespace tricklab
