// Products of register tiles.
#pragma once

#include <cstdint>

#include "gemm/panels.h"

namespace tricklab {

// What happens to a register tile's sums on the way out.
struct Finish {
  bool add = false;             // add to what is there, instead of overwriting
  const float* bias = nullptr;  // padded to whole panels; only without `add`
  bool relu = false;
};

// C[rows, panel] = A[rows, depth] · panel, for any number of rows. Rows of A are kTileStride apart and may be read up to
// the next multiple of a register tile's rows; row i of C begins at c[i], at the panel's first column.
void multiply_rows(const float* a, int64_t rows, int64_t depth, const float* packed, const Panel& panel,
                   float* const* c, int64_t column, const Finish& finish);

// C[rows, panel] += Aᵀ · B: A[depth, ≥ rows rounded up to a register tile] has rows `a_stride` apart, and C, whose rows
// are whole panels, `c_stride`. `packed` holds `depth` rows of the panel.
void multiply_transposed(const float* a, int64_t a_stride, int64_t rows, int64_t depth, const float* packed,
                         const Panel& panel, float* c, int64_t c_stride);

}  // namespace tricklab
