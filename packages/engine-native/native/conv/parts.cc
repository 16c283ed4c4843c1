#include "conv/parts.h"

#include <algorithm>

namespace tricklab {
namespace {

// Cutting pays from this share of wasted taps on, and when a piece still has rows and depth enough for a product.
constexpr double kWorthwhile = 0.9;
constexpr int64_t kLeastBatch = 24;
constexpr int64_t kLeastChannels = 16;

// Neighbouring positions along one axis whose windows keep the same taps inside the image.
struct Run {
  int64_t begin, end;
  int64_t from, to;  // of the sorted offsets
};

std::vector<int64_t> offsets_of(const std::vector<Tap>& taps, int64_t Tap::* axis) {
  std::vector<int64_t> offsets;
  for (const Tap& tap : taps) offsets.push_back(tap.*axis);
  std::sort(offsets.begin(), offsets.end());
  offsets.erase(std::unique(offsets.begin(), offsets.end()), offsets.end());
  return offsets;
}

std::vector<Run> runs_of(int64_t positions, const Axis& axis, const std::vector<int64_t>& offsets, int64_t size) {
  std::vector<Run> runs;
  for (int64_t i = 0; i < positions; ++i) {
    const int64_t origin = i * axis.step + axis.from;
    const auto inside = [&](int64_t limit) {
      return std::lower_bound(offsets.begin(), offsets.end(), limit - origin) - offsets.begin();
    };
    const int64_t from = inside(0);
    const int64_t to = inside(size);
    if (!runs.empty() && runs.back().from == from && runs.back().to == to) {
      runs.back().end = i + 1;
    } else {
      runs.push_back({i, i + 1, from, to});
    }
  }
  return runs;
}

int64_t uses_of(const std::vector<Run>& runs) {
  int64_t uses = 0;
  for (const Run& run : runs) uses += (run.end - run.begin) * (run.to - run.from);
  return uses;
}

Axis moved(const Axis& axis, int64_t by) { return {axis.step, axis.from + axis.step * by}; }

Part cut(const Part& part, const Run& down, const Run& across, const std::vector<int64_t>& dys,
         const std::vector<int64_t>& dxs) {
  Part piece{down.end - down.begin,
             across.end - across.begin,
             moved(part.in_y, down.begin),
             moved(part.in_x, across.begin),
             moved(part.out_y, down.begin),
             moved(part.out_x, across.begin),
             {}};
  if (down.from == down.to || across.from == across.to) return piece;
  for (const Tap& tap : part.taps) {
    const bool kept = tap.dy >= dys[down.from] && tap.dy <= dys[down.to - 1] && tap.dx >= dxs[across.from] &&
                      tap.dx <= dxs[across.to - 1];
    if (kept) piece.taps.push_back(tap);
  }
  return piece;
}

}  // namespace

std::vector<Part> forward_parts(const Conv2dShape& shape) {
  Part part{shape.out_height,
            shape.out_width,
            {shape.stride_height, -shape.pad_top},
            {shape.stride_width, -shape.pad_left},
            {1, 0},
            {1, 0},
            {}};
  for (int64_t r = 0; r < shape.filter_height; ++r) {
    for (int64_t s = 0; s < shape.filter_width; ++s) {
      part.taps.push_back({r * shape.dilation_height, s * shape.dilation_width, r * shape.filter_width + s});
    }
  }
  return {part};
}

std::vector<Part> input_gradient_parts(const Conv2dShape& shape) {
  std::vector<Part> parts;
  for (int64_t a = 0; a < std::min(shape.stride_height, shape.in_height); ++a) {
    for (int64_t b = 0; b < std::min(shape.stride_width, shape.in_width); ++b) {
      // Input row a + i · stride gets from tap r the output row i + (a + pad − r · dilation) / stride, if it is whole.
      Part part{(shape.in_height - a + shape.stride_height - 1) / shape.stride_height,
                (shape.in_width - b + shape.stride_width - 1) / shape.stride_width,
                {1, 0},
                {1, 0},
                {shape.stride_height, a},
                {shape.stride_width, b},
                {}};
      for (int64_t r = shape.filter_height - 1; r >= 0; --r) {
        const int64_t y = a + shape.pad_top - r * shape.dilation_height;
        if (y % shape.stride_height != 0) continue;
        for (int64_t s = shape.filter_width - 1; s >= 0; --s) {
          const int64_t x = b + shape.pad_left - s * shape.dilation_width;
          if (x % shape.stride_width != 0) continue;
          part.taps.push_back({y / shape.stride_height, x / shape.stride_width, r * shape.filter_width + s});
        }
      }
      parts.push_back(part);
    }
  }
  return parts;
}

std::vector<Part> without_padding(const std::vector<Part>& parts, const Image& image) {
  std::vector<Part> result;
  for (const Part& part : parts) {
    const auto dys = offsets_of(part.taps, &Tap::dy);
    const auto dxs = offsets_of(part.taps, &Tap::dx);
    const auto down = runs_of(part.height, part.in_y, dys, image.height);
    const auto across = runs_of(part.width, part.in_x, dxs, image.width);
    const double uses = static_cast<double>(uses_of(down)) * static_cast<double>(uses_of(across));
    const double all = static_cast<double>(part.height * part.width) * static_cast<double>(part.taps.size());
    const bool pays = image.batch >= kLeastBatch && image.channels >= kLeastChannels && uses < kWorthwhile * all;
    // A single piece costs nothing to cut.
    if (!pays && (down.size() > 1 || across.size() > 1)) {
      result.push_back(part);
      continue;
    }
    for (const Run& row : down) {
      for (const Run& column : across) result.push_back(cut(part, row, column, dys, dxs));
    }
  }
  return result;
}

}  // namespace tricklab
