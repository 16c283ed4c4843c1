#include "conv/patches.h"

#include <algorithm>
#include <cstring>

#include "gemm/panels.h"

namespace tricklab {
namespace {

// A vector as a template's argument: types lose their alignment there, classes do not.
struct Wide {
  static constexpr int64_t kCount = kLanes;
  static void copy(float* to, const float* from) {
    *reinterpret_cast<Vector*>(to) = *reinterpret_cast<const Vector*>(from);
  }
};

// Four floats exist everywhere, and are what the short stretches of few channels need.
struct Quad {
  static constexpr int64_t kCount = 4;
  typedef float Type __attribute__((vector_size(16), aligned(4), may_alias));
  static void copy(float* to, const float* from) {
    *reinterpret_cast<Type*>(to) = *reinterpret_cast<const Type*>(from);
  }
};

// Whole vectors, and a last one that overlaps the one before: no loop over single floats.
template <typename V>
inline void copy_overlapping(float* to, const float* from, int64_t length) {
  int64_t at = 0;
  for (; at + V::kCount <= length; at += V::kCount) V::copy(to + at, from + at);
  if (at < length) V::copy(to + length - V::kCount, from + length - V::kCount);
}

inline void copy_short(float* to, const float* from, int64_t length) {
  for (int64_t at = 0; at < length; ++at) to[at] = from[at];
}

inline void copy_floats(float* to, const float* from, int64_t length) {
  if (length >= kLanes) {
    copy_overlapping<Wide>(to, from, length);
  } else if (length >= 4) {
    copy_overlapping<Quad>(to, from, length);
  } else {
    copy_short(to, from, length);
  }
}

// `count` stretches of one length between two strides.
void copy_many(float* to, int64_t to_stride, const float* from, int64_t from_stride, int64_t length, int64_t count) {
  if (length > kLanes && length <= 2 * kLanes) {
    const int64_t last = length - kLanes;
    for (; count > 0; --count, to += to_stride, from += from_stride) {
      Wide::copy(to, from);
      Wide::copy(to + last, from + last);
    }
  } else if (length >= kLanes) {
    for (; count > 0; --count, to += to_stride, from += from_stride) copy_overlapping<Wide>(to, from, length);
  } else if (length >= 4) {
    for (; count > 0; --count, to += to_stride, from += from_stride) copy_overlapping<Quad>(to, from, length);
  } else {
    for (; count > 0; --count, to += to_stride, from += from_stride) copy_short(to, from, length);
  }
}

// A stretch that leaves the image to the left or right. `line` is pixel 0 of the row; the stretch begins at pixel x.
void copy_partly(float* to, const float* line, int64_t x, const Stretch& stretch, const Image& image) {
  const int64_t channels = image.channels;
  const int64_t left = std::clamp<int64_t>(-x, 0, stretch.taps) * channels;
  const int64_t right = std::clamp<int64_t>(image.width - x, 0, stretch.taps) * channels;
  const int64_t begin = std::clamp<int64_t>(left - stretch.skip, 0, stretch.length);
  const int64_t end = std::clamp<int64_t>(right - stretch.skip, begin, stretch.length);
  std::fill(to, to + begin, 0.0f);
  if (end > begin) copy_floats(to + begin, line + (x * image.stride + stretch.skip + begin), end - begin);
  std::fill(to + end, to + stretch.length, 0.0f);
}

}  // namespace

std::vector<Stretch> stretches_of(const std::vector<Tap>& taps, const Image& image, int64_t begin, int64_t end) {
  std::vector<Stretch> stretches;
  const int64_t channels = image.channels;
  // With spare channels between the pixels neighbouring taps are not one stretch of memory.
  const bool joined = image.stride == channels;
  for (size_t t = 0; t < taps.size();) {
    size_t last = t + 1;
    while (joined && last < taps.size() && taps[last].dy == taps[t].dy &&
           taps[last].dx == taps[last - 1].dx + 1) {
      ++last;
    }
    const int64_t from = static_cast<int64_t>(t) * channels;
    const int64_t to = static_cast<int64_t>(last) * channels;
    const int64_t first = std::max(begin, from);
    const int64_t length = std::min(end, to) - first;
    if (length > 0) {
      // Only the taps that the range touches, so that the others cannot count as leaving the image.
      const int64_t skipped = (first - from) / channels;
      const int64_t touched = (first + length - from + channels - 1) / channels - skipped;
      stretches.push_back(
          {taps[t].dy, taps[t].dx + skipped, touched, first - from - skipped * channels, length});
    }
    t = last;
  }
  return stretches;
}

void gather_patches(const Image& image, const Part& part, const std::vector<Stretch>& stretches, int64_t row,
                    int64_t rows, float* tile, int64_t stride) {
  const int64_t step = part.in_x.step;
  for (Walk walk(part, row); rows > 0;) {
    const int64_t count = std::min(rows, part.width - walk.j);
    float* to = tile;
    for (const Stretch& stretch : stretches) {
      const int64_t y = walk.i * part.in_y.step + part.in_y.from + stretch.dy;
      if (y < 0 || y >= image.height) {
        for (int64_t q = 0; q < count; ++q) std::fill_n(to + q * stride, stretch.length, 0.0f);
        to += stretch.length;
        continue;
      }
      const float* line = image.data + (walk.n * image.height + y) * image.width * image.stride;
      const int64_t x = walk.j * step + part.in_x.from + stretch.dx;
      // Most windows are inside, and are copied without a test each.
      const int64_t room = image.width - stretch.taps;
      const int64_t before = x >= 0 ? 0 : std::min(count, (-x + step - 1) / step);
      const int64_t after = x > room ? before : std::max(before, std::min(count, (room - x) / step + 1));
      for (int64_t q = 0; q < before; ++q) copy_partly(to + q * stride, line, x + q * step, stretch, image);
      if (after > before) {
        const float* from = line + (x + before * step) * image.stride + stretch.skip;
        copy_many(to + before * stride, stride, from, step * image.stride, stretch.length, after - before);
      }
      for (int64_t q = after; q < count; ++q) copy_partly(to + q * stride, line, x + q * step, stretch, image);
      to += stretch.length;
    }
    tile += count * stride;
    rows -= count;
    walk.j = 0;
    walk.next_line();
  }
}

}  // namespace tricklab
