#include "gemm/pack.h"

#include <algorithm>
#include <cstring>

#include "gemm/transpose.h"

namespace tricklab {
namespace {

void pack_straight(const MatrixView& from, int64_t count, const Panel& panel, float* to) {
  const int64_t width = panel.vectors * kLanes;
  const float* row = from.data + panel.from;
  if (panel.columns == width) {
    for (int64_t r = 0; r < count; ++r, row += from.row_step, to += width) {
      for (int v = 0; v < panel.vectors; ++v) {
        *reinterpret_cast<Vector*>(to + v * kLanes) = *reinterpret_cast<const Vector*>(row + v * kLanes);
      }
    }
    return;
  }
  for (int64_t r = 0; r < count; ++r, row += from.row_step, to += width) {
    std::memcpy(to, row, static_cast<size_t>(panel.columns) * sizeof(float));
    std::fill(to + panel.columns, to + width, 0.0f);
  }
}

void pack_transposed(const MatrixView& from, int64_t count, const Panel& panel, float* to) {
  const int64_t width = panel.vectors * kLanes;
  const float* source = from.data + panel.from * from.column_step;
  const int64_t whole_columns = panel.columns / kLanes * kLanes;
  const int64_t whole_rows = count / kLanes * kLanes;
  for (int64_t j = 0; j < whole_columns; j += kLanes) {
    for (int64_t r = 0; r < whole_rows; r += kLanes) {
      transpose_square<kLanes>(source + j * from.column_step + r, from.column_step, to + r * width + j, width);
    }
  }
  for (int64_t r = 0; r < count; ++r) {
    for (int64_t j = r < whole_rows ? whole_columns : 0; j < panel.columns; ++j) {
      to[r * width + j] = source[j * from.column_step + r];
    }
    std::fill(to + r * width + panel.columns, to + (r + 1) * width, 0.0f);
  }
}

}  // namespace

void pack_rows(const MatrixView& from, int64_t count, const Panel& panel, float* to, int64_t k) {
  to += k * panel.vectors * kLanes;
  if (from.column_step == 1) {
    pack_straight(from, count, panel, to);
  } else {
    pack_transposed(from, count, panel, to);
  }
}

}  // namespace tricklab
