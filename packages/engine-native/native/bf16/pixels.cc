#include "bf16/pixels.h"

#if defined(TRICKLAB_BF16)

#include <algorithm>
#include <cstring>

namespace tricklab {
namespace {

int64_t floor_divide(int64_t a, int64_t b) { return a >= 0 ? a / b : -((-a + b - 1) / b); }
int64_t modulo(int64_t a, int64_t b) { return a - floor_divide(a, b) * b; }

void copy(const float* from, int64_t count, Bfloat16* to) {
  int64_t i = 0;
  for (; i + 32 <= count; i += 32) _mm512_storeu_si512(to + i, load_halves(from + i, 32));
  if (i < count) _mm512_mask_storeu_epi16(to + i, first_lanes(count - i), load_halves(from + i, count - i));
}

void copy(const Bfloat16* from, int64_t count, Bfloat16* to) {
  std::memcpy(to, from, static_cast<size_t>(count) * sizeof(Bfloat16));
}

template <class T>
void fill(const PixelLayout& layout, const Pixels& image, const T* x, int64_t n, int64_t count, Bfloat16* pixels) {
  const int64_t channels = image.channels;
  each_stretch(layout, image, n, count, [&](int64_t from, int64_t first, int64_t columns, int64_t step) {
    Bfloat16* to = pixels + first * channels;
    if (step == channels) {
      copy(x + from, columns * channels, to);
      return;
    }
    for (int64_t j = 0; j < columns; ++j) copy(x + from + j * step, channels, to + j * channels);
  });
}

// How far taps reach before the first pixel and beyond the last one of an axis, in pixels of a phase.
struct Reach {
  int64_t before = 0, beyond = 0;
  void include(int64_t first, int64_t positions, int64_t size) {
    before = std::max(before, -first);
    beyond = std::max(beyond, first + positions - size);
  }
  int64_t most() const { return std::max(before, beyond); }
};

}  // namespace

PixelLayout pixel_layout(const std::vector<Part>& parts, const Pixels& image, int64_t images, int64_t most) {
  PixelLayout layout{};
  layout.step_y = parts[0].in_y.step;
  layout.step_x = parts[0].in_x.step;
  layout.channels = image.channels;
  const int64_t height = (image.height + layout.step_y - 1) / layout.step_y;
  const int64_t width = (image.width + layout.step_x - 1) / layout.step_x;
  Reach down, across;
  int64_t most_rows = 0, most_columns = 0;
  for (const Part& part : parts) {
    most_rows = std::max(most_rows, part.height);
    most_columns = std::max(most_columns, part.width);
    for (const Tap& tap : part.taps) {
      down.include(floor_divide(part.in_y.from + tap.dy, layout.step_y), part.height, height);
      across.include(floor_divide(part.in_x.from + tap.dx, layout.step_x), part.width, width);
    }
  }
  layout.rows = std::max(height + down.most(), most_rows);
  layout.pitch = std::max(width + across.most(), most_columns);
  const int64_t of_image = layout.rows * layout.pitch * layout.channels * layout.step_y * layout.step_x;
  layout.images = std::clamp<int64_t>(most / of_image, 1, images);
  layout.before = down.before * layout.pitch + across.before;
  // Two tiles of positions, and a block of depth, may run over the end.
  const int64_t after = down.beyond * layout.pitch + across.beyond + 4 * kTileSide + kTileDepth;
  layout.phase = layout.before + layout.positions() + after;
  return layout;
}

int64_t pixel_offset(const PixelLayout& layout, const Part& part, const Tap& tap) {
  const int64_t y = part.in_y.from + tap.dy;
  const int64_t x = part.in_x.from + tap.dx;
  const int64_t phase = modulo(y, layout.step_y) * layout.step_x + modulo(x, layout.step_x);
  return phase * layout.phase + layout.before + floor_divide(y, layout.step_y) * layout.pitch +
         floor_divide(x, layout.step_x);
}

void fill_pixels(const PixelLayout& layout, const Pixels& image, ConstNumbers x, int64_t n, int64_t count,
                 Bfloat16* pixels) {
  if (x.halves() != nullptr) {
    fill(layout, image, x.halves(), n, count, pixels);
  } else {
    fill(layout, image, x.floats(), n, count, pixels);
  }
}

bool lies_ready(const PixelLayout& layout, const Pixels& image) {
  return layout.step_y == 1 && layout.step_x == 1 && layout.before == 0 && layout.rows == image.height &&
         layout.pitch == image.width;
}

}  // namespace tricklab

#endif
