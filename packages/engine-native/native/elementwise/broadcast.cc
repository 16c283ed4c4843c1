#include "elementwise/broadcast.h"

#include <algorithm>
#include <stdexcept>

namespace tricklab {

Broadcast make_broadcast(const int32_t* a_shape, const int32_t* b_shape, int rank) {
  if (rank < 0 || rank > Broadcast::kMostAxes) throw std::invalid_argument("broadcasting serves up to eight axes");
  int64_t a_stride[Broadcast::kMostAxes], b_stride[Broadcast::kMostAxes];
  int64_t a_run = 1, b_run = 1;
  for (int i = rank - 1; i >= 0; --i) {
    const int64_t a = a_shape[i], b = b_shape[i];
    if (a < 0 || b < 0 || (a != b && a != 1 && b != 1)) throw std::invalid_argument("shapes do not broadcast");
    a_stride[i] = a == 1 ? 0 : a_run;
    b_stride[i] = b == 1 ? 0 : b_run;
    a_run *= a;
    b_run *= b;
  }
  Broadcast result;
  for (int i = 0; i < rank; ++i) {
    const int64_t size = a_shape[i] == 1 ? b_shape[i] : a_shape[i];
    result.count *= size;
    if (size == 1) continue;
    const int last = result.axes - 1;
    if (last >= 0 && result.a[last] == a_stride[i] * size && result.b[last] == b_stride[i] * size) {
      result.size[last] *= size;
      result.a[last] = a_stride[i];
      result.b[last] = b_stride[i];
      continue;
    }
    result.size[result.axes] = size;
    result.a[result.axes] = a_stride[i];
    result.b[result.axes] = b_stride[i];
    ++result.axes;
  }
  if (result.axes == 0) {
    result.size[0] = 1;
    result.a[0] = result.b[0] = 1;
    result.axes = 1;
  }
  return result;
}

Broadcast flat_broadcast(int64_t count, bool a_scalar, bool b_scalar) {
  Broadcast result;
  result.axes = 1;
  result.count = result.size[0] = count;
  // A lone element is both; kernels want at least one operand that runs.
  result.a[0] = a_scalar && count != 1 ? 0 : 1;
  result.b[0] = b_scalar && count != 1 ? 0 : 1;
  return result;
}

static int64_t extent(const Broadcast& broadcast, const int64_t* strides) {
  if (broadcast.count == 0) return 0;
  int64_t last = 0;
  for (int i = 0; i < broadcast.axes; ++i) last += (broadcast.size[i] - 1) * strides[i];
  return last + 1;
}

int64_t count_of_a(const Broadcast& broadcast) { return extent(broadcast, broadcast.a); }
int64_t count_of_b(const Broadcast& broadcast) { return extent(broadcast, broadcast.b); }

}  // namespace tricklab
