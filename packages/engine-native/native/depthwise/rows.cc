#include "depthwise/rows.h"

#include <algorithm>

namespace tricklab {

std::vector<RowTap> row_taps(const Part& part, const Image& image, int64_t n, int64_t i) {
  std::vector<RowTap> taps;
  taps.reserve(part.taps.size());
  for (const Tap& tap : part.taps) {
    const int64_t y = i * part.in_y.step + part.in_y.from + tap.dy;
    if (y < 0 || y >= image.height) continue;
    taps.push_back({image.data + (n * image.height + y) * image.width * image.stride, tap.dx, tap.index});
  }
  return taps;
}

Inside inside_of(const Part& part, const Image& image, const std::vector<RowTap>& taps) {
  Inside inside{0, part.width};
  const int64_t step = part.in_x.step;
  for (const RowTap& tap : taps) {
    const int64_t origin = part.in_x.from + tap.dx;
    const int64_t room = image.width - 1 - origin;
    inside.begin = std::max(inside.begin, origin >= 0 ? 0 : (-origin + step - 1) / step);
    inside.end = std::min(inside.end, room < 0 ? 0 : room / step + 1);
  }
  inside.begin = std::min(inside.begin, part.width);
  inside.end = std::max(inside.begin, inside.end);
  return inside;
}

}  // namespace tricklab
