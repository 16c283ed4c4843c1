#include "conv/planes.h"

#include <algorithm>

#include "conv/planar_tile.h"
#include "gemm/transpose.h"

namespace tricklab {
namespace {

int64_t floor_divide(int64_t a, int64_t b) { return a >= 0 ? a / b : -((-a + b - 1) / b); }
int64_t modulo(int64_t a, int64_t b) { return a - floor_divide(a, b) * b; }

// `count` pixels `from_step` apart, of `channels` channels, to planes `to_step` apart.
void split_pixels(const float* from, int64_t from_step, int64_t count, int64_t channels, float* to, int64_t to_step) {
  int64_t c = 0;
  const auto blocks = [&](auto lanes) {
    constexpr int L = decltype(lanes)::kCount;
    for (; c + L <= channels && count >= L; c += L) {
      // The last block overlaps the one before.
      for (int64_t j = 0; j < count; j += L) {
        const int64_t at = std::min<int64_t>(j, count - L);
        transpose_square<L>(from + at * from_step + c, from_step, to + c * to_step + at, to_step);
      }
    }
  };
  blocks(Square<(kLanes >= 8 ? 8 : 4)>{});
  blocks(Square<4>{});
  for (; c < channels; ++c) {
    for (int64_t j = 0; j < count; ++j) to[c * to_step + j] = from[j * from_step + c];
  }
}

// Lines of a plane that lie inside the image: [begin, end) of `count` lines, of which line 0 is `first` · step + phase.
struct Inside {
  int64_t begin, end;
};

Inside inside(int64_t first, int64_t step, int64_t phase, int64_t count, int64_t size) {
  return {std::max<int64_t>(0, floor_divide(step - 1 - phase, step) - first),
          std::min(count, floor_divide(size - 1 - phase, step) + 1 - first)};
}

// How many zero lines at the end of a plane the zero lines at the start of the next one can stand for.
int64_t shared_padding(int64_t first, int64_t step, int64_t count, int64_t size, int64_t positions) {
  int64_t shared = count - positions;
  for (int64_t phase = 0; phase < step; ++phase) {
    const auto [begin, end] = inside(first, step, phase, count, size);
    // A plane that no line of the image meets is zero throughout.
    if (begin < end) shared = std::min({shared, begin, count - end});
  }
  return std::max<int64_t>(0, shared);
}

// A whole tile of vectors may be read from any position; whole cache lines keep planes apart in the cache's sets.
int64_t plane_floats(int64_t positions) { return (positions + kMostPlanarPositions + 15) / 16 * 16 + 16; }

}  // namespace

PlaneLayout plane_layout(const std::vector<Part>& parts, const Image& image) {
  PlaneLayout layout{};
  layout.step_y = parts[0].in_y.step;
  layout.step_x = parts[0].in_x.step;
  layout.channels = image.channels;
  layout.images = 1;
  bool any = false;
  int64_t last_y = 0, last_x = 0;
  for (const Part& part : parts) {
    for (const Tap& tap : part.taps) {
      const int64_t y = floor_divide(part.in_y.from + tap.dy, layout.step_y);
      const int64_t x = floor_divide(part.in_x.from + tap.dx, layout.step_x);
      layout.first_y = any ? std::min(layout.first_y, y) : y;
      layout.first_x = any ? std::min(layout.first_x, x) : x;
      last_y = any ? std::max(last_y, y + part.height) : y + part.height;
      last_x = any ? std::max(last_x, x + part.width) : x + part.width;
      any = true;
    }
  }
  layout.rows = last_y - layout.first_y;
  layout.pitch = last_x - layout.first_x;
  // Parts that no tap reaches are filled as well.
  for (const Part& part : parts) {
    layout.rows = std::max(layout.rows, part.height);
    layout.pitch = std::max(layout.pitch, part.width);
  }
  layout.plane = plane_floats(layout.rows * layout.pitch);
  return layout;
}

PlaneLayout stacked_layout(const std::vector<Part>& parts, const Image& image, int64_t most) {
  // Few positions leave a large share of the last vectors empty, many do not fit the first-level cache.
  constexpr int64_t kPositions = 480;
  PlaneLayout layout = plane_layout(parts, image);
  const int64_t rows = layout.rows, pitch = layout.pitch;
  int64_t height = 0, width = 0;
  for (const Part& part : parts) {
    height = std::max(height, part.height);
    width = std::max(width, part.width);
  }
  layout.rows = rows - shared_padding(layout.first_y, layout.step_y, rows, image.height, height);
  layout.pitch = pitch - shared_padding(layout.first_x, layout.step_x, pitch, image.width, width);
  layout.images = std::clamp<int64_t>(kPositions / layout.image_floats(), 1, std::max<int64_t>(1, most));
  layout.plane = plane_floats(layout.images * layout.image_floats() + (rows - layout.rows + 1) * pitch);
  return layout;
}

std::vector<int64_t> plane_offsets(const PlaneLayout& layout, const Part& part) {
  std::vector<int64_t> offsets;
  offsets.reserve(part.taps.size() * static_cast<size_t>(layout.channels));
  for (const Tap& tap : part.taps) {
    const int64_t y = part.in_y.from + tap.dy;
    const int64_t x = part.in_x.from + tap.dx;
    const int64_t phase = modulo(y, layout.step_y) * layout.step_x + modulo(x, layout.step_x);
    const int64_t row = floor_divide(y, layout.step_y) - layout.first_y;
    const int64_t column = floor_divide(x, layout.step_x) - layout.first_x;
    for (int64_t c = 0; c < layout.channels; ++c) {
      offsets.push_back((phase * layout.channels + c) * layout.plane + row * layout.pitch + column);
    }
  }
  return offsets;
}

void fill_planes(const PlaneLayout& layout, const Image& image, int64_t n, float* planes) {
  for (int64_t a = 0; a < layout.step_y; ++a) {
    for (int64_t b = 0; b < layout.step_x; ++b) {
      float* of_phase = planes + (a * layout.step_x + b) * layout.channels * layout.plane;
      const auto [begin, end] = inside(layout.first_x, layout.step_x, b, layout.pitch, image.width);
      if (end <= begin) continue;
      for (int64_t row = 0; row < layout.rows; ++row) {
        const int64_t y = (row + layout.first_y) * layout.step_y + a;
        if (y < 0 || y >= image.height) continue;
        const int64_t x = (begin + layout.first_x) * layout.step_x + b;
        const float* from = image.data + ((n * image.height + y) * image.width + x) * image.stride;
        split_pixels(from, layout.step_x * image.stride, end - begin, image.channels,
                     of_phase + row * layout.pitch + begin, layout.plane);
      }
    }
  }
}

void fill_position_planes(const PlaneLayout& layout, const Part& part, const float* data, int64_t height, int64_t width,
                          int64_t channels, int64_t stride, int64_t n, float* planes) {
  for (int64_t i = 0; i < part.height; ++i) {
    const int64_t y = i * part.out_y.step + part.out_y.from;
    const float* from = data + ((n * height + y) * width + part.out_x.from) * stride;
    split_pixels(from, part.out_x.step * stride, part.width, channels, planes + i * layout.pitch, layout.plane);
  }
}

}  // namespace tricklab
