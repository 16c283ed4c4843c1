// Transposes, slices, pads, gathers.
#include "layout/copy.h"

#include <string>

#include "binding/registrar.h"

namespace tricklab {
namespace {

// Where the box's elements lie: [lowest, highest] offset from the first.
void check_reach(const Copy& copy, const int64_t* strides, int64_t start, int64_t length, const char* what) {
  int64_t lowest = start, highest = start;
  for (int i = 0; i < copy.axes; ++i) {
    if (copy.size[i] == 0) return;
    const int64_t reach = (copy.size[i] - 1) * strides[i];
    (reach < 0 ? lowest : highest) += reach;
  }
  if (lowest < 0 || highest >= length) throw BadArgument(std::string(what) + " reaches outside its array");
}

// copyBox(from, fromStart, to, toStart, axes, boxes: [sizes, from strides, to strides], bytes)
void copy_box_call(Arguments& a) {
  const int64_t axes = a.size(4);
  if (axes > Copy::kMostAxes) throw BadArgument("copies serve up to eight axes");
  const int32_t* numbers = a.ints(5, 3 * axes);
  Copy copy;
  copy.axes = static_cast<int>(axes);
  for (int i = 0; i < copy.axes; ++i) {
    copy.size[i] = numbers[i];
    copy.from[i] = numbers[axes + i];
    copy.to[i] = numbers[2 * axes + i];
    if (copy.size[i] < 0) throw BadArgument("argument 5: a negative size");
  }
  const int64_t bytes = a.size(6);
  const int64_t from_start = a.size(1), to_start = a.size(3);
  check_reach(copy, copy.from, from_start, a.length(0), "the source");
  check_reach(copy, copy.to, to_start, a.length(2), "the target");
  const char* from = static_cast<const char*>(a.elements(0, 0, bytes));
  char* to = static_cast<char*>(a.elements(2, 0, bytes));
  copy_box(copy, from + from_start * bytes, to + to_start * bytes, static_cast<int>(bytes));
}

// gather(x, index, outer, length, count, inner, bytes, out)
void gather_call(Arguments& a) {
  const int64_t outer = a.size(2), length = a.size(3), count = a.size(4), inner = a.size(5), bytes = a.size(6);
  gather(a.elements(0, outer * length * inner, bytes), a.ints(1, count), outer, length, count, inner,
         static_cast<int>(bytes), a.elements(7, outer * count * inner, bytes));
}

// segmentSum(x, ids, count, inner, segments, out)
void segment_sum_call(Arguments& a) {
  const int64_t count = a.size(2), inner = a.size(3), segments = a.size(4);
  segment_sum(a.floats(0, count * inner), a.ints(1, count), count, inner, segments, a.floats(5, segments * inner));
}

// mirrorAxis(x, outer, length, inner, before, after, symmetric, bytes, out)
void mirror_axis_call(Arguments& a) {
  const int64_t outer = a.size(1), length = a.size(2), inner = a.size(3), before = a.size(4), after = a.size(5);
  const bool symmetric = a.flag(6);
  const int64_t bytes = a.size(7);
  const int64_t most = symmetric ? length : length - 1;
  if (before > most || after > most) throw BadArgument("a mirrored border is wider than the image");
  mirror_axis(a.elements(0, outer * length * inner, bytes), outer, length, inner, before, after, symmetric,
              static_cast<int>(bytes), a.elements(8, outer * (before + length + after) * inner, bytes));
}

}  // namespace

void register_layout(Registrar& registrar) {
  registrar.add<copy_box_call>("copyBox");
  registrar.add<gather_call>("gather");
  registrar.add<segment_sum_call>("segmentSum");
  registrar.add<mirror_axis_call>("mirrorAxis");
}

}  // namespace tricklab
