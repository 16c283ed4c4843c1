#include "gemm/microkernel.h"

#include <cstring>

namespace tricklab {
namespace {

inline Vector load(const float* from) { return *reinterpret_cast<const Vector*>(from); }
inline void store(float* to, Vector v) { *reinterpret_cast<Vector*>(to) = v; }

// The sums of R rows × V vectors, in registers: every loop over them is unrolled.
template <int R, int V>
struct Tile {
  Vector sum[R][V];

  inline __attribute__((always_inline)) void clear() {
#pragma GCC unroll 32
    for (int i = 0; i < R; ++i) {
#pragma GCC unroll 4
      for (int v = 0; v < V; ++v) sum[i][v] = Vector{};
    }
  }

  // Element (i, k) of A is at a[i · RowStride + k · step].
  template <int64_t RowStride>
  inline __attribute__((always_inline)) void accumulate(const float* a, int64_t step, const float* b, int64_t depth) {
    for (int64_t k = 0; k < depth; ++k) {
      Vector right[V];
#pragma GCC unroll 4
      for (int v = 0; v < V; ++v) right[v] = load(b + v * kLanes);
#pragma GCC unroll 32
      for (int i = 0; i < R; ++i) {
        const float left = a[i * RowStride];
#pragma GCC unroll 4
        for (int v = 0; v < V; ++v) sum[i][v] += left * right[v];
      }
      a += step;
      b += V * kLanes;
    }
  }
};

inline Vector relu_of(Vector v) {
  // NaN stays NaN: it compares false with everything.
  return v < Vector{} ? Vector{} : v;
}

// One row of V vectors, of which `columns` floats count.
template <int V>
inline __attribute__((always_inline)) void finish_row(const Vector* sums, float* c, int columns, int64_t column,
                                                      const Finish& finish) {
  Vector values[V];
  if (columns == V * kLanes) {
#pragma GCC unroll 4
    for (int v = 0; v < V; ++v) {
      values[v] = sums[v];
      if (finish.add) values[v] += load(c + v * kLanes);
      if (finish.bias != nullptr) values[v] += load(finish.bias + column + v * kLanes);
      if (finish.relu) values[v] = relu_of(values[v]);
      store(c + v * kLanes, values[v]);
    }
    return;
  }
  float old[V * kLanes] = {};
  if (finish.add) std::memcpy(old, c, static_cast<size_t>(columns) * sizeof(float));
#pragma GCC unroll 4
  for (int v = 0; v < V; ++v) {
    values[v] = sums[v];
    if (finish.add) values[v] += load(old + v * kLanes);
    if (finish.bias != nullptr) values[v] += load(finish.bias + column + v * kLanes);
    if (finish.relu) values[v] = relu_of(values[v]);
    store(old + v * kLanes, values[v]);
  }
  std::memcpy(c, old, static_cast<size_t>(columns) * sizeof(float));
}

template <int R, int V>
void tile_product(const float* a, int64_t rows, int64_t depth, const float* b, float* const* c, int columns,
                  int64_t column, const Finish& finish) {
  Tile<R, V> tile;
  tile.clear();
  tile.template accumulate<kTileStride>(a, 1, b, depth);
#pragma GCC unroll 32
  for (int i = 0; i < R; ++i) {
    if (i < rows) finish_row<V>(tile.sum[i], c[i] + column, columns, column, finish);
  }
}

template <int R, int V>
void tile_transposed(const float* a, int64_t a_stride, int64_t rows, int64_t depth, const float* b, float* c,
                     int64_t c_stride) {
  Tile<R, V> tile;
  tile.clear();
  tile.template accumulate<1>(a, a_stride, b, depth);
#pragma GCC unroll 32
  for (int i = 0; i < R; ++i) {
    if (i >= rows) continue;
#pragma GCC unroll 4
    for (int v = 0; v < V; ++v) {
      float* to = c + i * c_stride + v * kLanes;
      store(to, load(to) + tile.sum[i][v]);
    }
  }
}

// Whole register tiles first, then halves and quarters, so that few rows do not cost a whole tile.
template <int V>
void rows_product(const float* a, int64_t rows, int64_t depth, const float* b, float* const* c, int columns,
                  int64_t column, const Finish& finish) {
  constexpr int R = tile_rows(V);
  for (; rows > 0; rows -= R, a += R * kTileStride, c += R) {
    if (rows > R / 2) {
      tile_product<R, V>(a, rows, depth, b, c, columns, column, finish);
    } else if (rows > R / 4) {
      tile_product<R / 2, V>(a, rows, depth, b, c, columns, column, finish);
    } else {
      tile_product<R / 4, V>(a, rows, depth, b, c, columns, column, finish);
    }
  }
}

template <int V>
void rows_transposed(const float* a, int64_t a_stride, int64_t rows, int64_t depth, const float* b, float* c,
                     int64_t c_stride) {
  constexpr int R = tile_rows(V);
  for (; rows > 0; rows -= R, a += R, c += R * c_stride) {
    if (rows > R / 2) {
      tile_transposed<R, V>(a, a_stride, rows, depth, b, c, c_stride);
    } else {
      tile_transposed<R / 2, V>(a, a_stride, rows, depth, b, c, c_stride);
    }
  }
}

}  // namespace

void multiply_rows(const float* a, int64_t rows, int64_t depth, const float* packed, const Panel& panel,
                   float* const* c, int64_t column, const Finish& finish) {
  if (panel.vectors == 3) {
    rows_product<3>(a, rows, depth, packed, c, panel.columns, column, finish);
  } else if (panel.vectors == 2) {
    rows_product<2>(a, rows, depth, packed, c, panel.columns, column, finish);
  } else {
    rows_product<1>(a, rows, depth, packed, c, panel.columns, column, finish);
  }
}

void multiply_transposed(const float* a, int64_t a_stride, int64_t rows, int64_t depth, const float* packed,
                         const Panel& panel, float* c, int64_t c_stride) {
  if (panel.vectors == 3) {
    rows_transposed<3>(a, a_stride, rows, depth, packed, c, c_stride);
  } else if (panel.vectors == 2) {
    rows_transposed<2>(a, a_stride, rows, depth, packed, c, c_stride);
  } else {
    rows_transposed<1>(a, a_stride, rows, depth, packed, c, c_stride);
  }
}

}  // namespace tricklab
