// Packing of the right-hand side of a product.
#pragma once

#include <cstdint>
#include <vector>

#include "gemm/panels.h"

namespace tricklab {

// A matrix in memory: element (k, j) at data[k · row_step + j · column_step], where one of the steps is 1.
struct MatrixView {
  const float* data;
  int64_t row_step;
  int64_t column_step;
};

// Packs rows [0, count) of `from` as rows [k, k + count) of the panel: row r of a packed panel is its `vectors` vectors,
// zero beyond the panel's columns.
void pack_rows(const MatrixView& from, int64_t count, const Panel& panel, float* to, int64_t k);

}  // namespace tricklab
