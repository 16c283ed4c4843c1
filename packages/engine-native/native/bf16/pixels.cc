#include "bf16/pixels.h"

#if defined(TRICKLAB_BF16)

#include <algorithm>
#include <cstring>

namespace tricklab {
namespace {

int64_t floor_divide(int64_t a, int64_t b) { return a >= 0 ? a / b : -((-a + b - 1) / b); }
int64_t modulo(int64_t a, int64_t b) { return a - floor_divide(a, b) * b; }

void convert(const float* from, int64_t count, Bfloat16* to) {
  int64_t i = 0;
  for (; i + 16 <= count; i += 16) {
    const Halves halves = to_bfloat16(_mm512_loadu_ps(from + i));
    std::memcpy(to + i, &halves, sizeof(halves));
  }
  if (i < count) {
    const auto mask = static_cast<__mmask16>((1u << (count - i)) - 1);
    _mm256_mask_storeu_epi16(to + i, mask, reinterpret_cast<__m256i>(to_bfloat16(_mm512_maskz_loadu_ps(mask, from + i))));
  }
}

// `count` pixels of `channels` channels.
void convert_pixels(const float* from, int64_t from_step, int64_t channels, int64_t count, Bfloat16* to,
                    int64_t to_step) {
  if (from_step == channels && to_step == channels) {
    convert(from, count * channels, to);
    return;
  }
  for (int64_t j = 0; j < count; ++j) convert(from + j * from_step, channels, to + j * to_step);
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

PixelLayout pixel_layout(const std::vector<Part>& parts, const Image& image, int64_t images, int64_t most_floats) {
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
  layout.images = std::clamp<int64_t>(most_floats / of_image, 1, images);
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

void fill_pixels(const PixelLayout& layout, const Image& image, int64_t n, int64_t count, Bfloat16* pixels) {
  for (int64_t k = 0; k < count; ++k) {
    for (int64_t y = 0; y < image.height; ++y) {
      const float* line = image.data + ((n + k) * image.height + y) * image.width * image.stride;
      const int64_t row = k * layout.rows + y / layout.step_y;
      for (int64_t b = 0; b < std::min(layout.step_x, image.width); ++b) {
        const int64_t phase = (y % layout.step_y) * layout.step_x + b;
        Bfloat16* to = pixels + (phase * layout.phase + layout.before + row * layout.pitch) * layout.channels;
        const int64_t columns = (image.width - b + layout.step_x - 1) / layout.step_x;
        convert_pixels(line + b * image.stride, layout.step_x * image.stride, image.channels, columns, to,
                       layout.channels);
      }
    }
  }
}

void fill_positions(const PixelLayout& layout, const Part& part, const float* data, int64_t height, int64_t width,
                    int64_t channels, int64_t stride, int64_t n, int64_t count, Bfloat16* to, int64_t to_stride) {
  for (int64_t k = 0; k < count; ++k) {
    for (int64_t i = 0; i < part.height; ++i) {
      const int64_t y = i * part.out_y.step + part.out_y.from;
      const float* from = data + (((n + k) * height + y) * width + part.out_x.from) * stride;
      convert_pixels(from, part.out_x.step * stride, channels, part.width,
                     to + ((k * layout.rows + i) * layout.pitch) * to_stride, to_stride);
    }
  }
}

}  // namespace tricklab

#endif
