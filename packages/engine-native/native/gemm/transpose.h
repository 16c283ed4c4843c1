// Transposition of one square of a vector's width, in registers.
#pragma once

#include <cstdint>

#include "gemm/panels.h"

namespace tricklab {
namespace transpose_detail {

typedef int Indices __attribute__((vector_size(kLanes * 4)));

// Indices that exchange, between rows i and i + S, the odd groups of S lanes of the first with the even of the second.
template <int S, bool High>
constexpr Indices exchange() {
  Indices indices{};
  for (int lane = 0; lane < kLanes; ++lane) {
    const bool odd = (lane / S) % 2 == 1;
    indices[lane] = High ? (odd ? lane + kLanes : lane + S) : (odd ? lane - S + kLanes : lane);
  }
  return indices;
}

template <int S>
inline __attribute__((always_inline)) void stage(Vector* rows) {
#pragma GCC unroll 16
  for (int i = 0; i < kLanes; ++i) {
    if ((i / S) % 2 == 1) continue;
    const Vector a = rows[i];
    const Vector b = rows[i + S];
#if defined(__clang__)
    Indices low = exchange<S, false>(), high = exchange<S, true>();
    for (int lane = 0; lane < kLanes; ++lane) {
      rows[i][lane] = low[lane] < kLanes ? a[low[lane]] : b[low[lane] - kLanes];
      rows[i + S][lane] = high[lane] < kLanes ? a[high[lane]] : b[high[lane] - kLanes];
    }
#else
    rows[i] = __builtin_shuffle(a, b, exchange<S, false>());
    rows[i + S] = __builtin_shuffle(a, b, exchange<S, true>());
#endif
  }
}

}  // namespace transpose_detail

// to[j][i] = from[i][j] for kLanes × kLanes floats.
inline void transpose_square(const float* from, int64_t from_stride, float* to, int64_t to_stride) {
  Vector rows[kLanes];
#pragma GCC unroll 16
  for (int i = 0; i < kLanes; ++i) rows[i] = *reinterpret_cast<const Vector*>(from + i * from_stride);
  if constexpr (kLanes > 8) transpose_detail::stage<kLanes / 2>(rows);
  if constexpr (kLanes > 4) transpose_detail::stage<(kLanes > 8 ? 4 : kLanes / 2)>(rows);
  transpose_detail::stage<2>(rows);
  transpose_detail::stage<1>(rows);
#pragma GCC unroll 16
  for (int i = 0; i < kLanes; ++i) *reinterpret_cast<Vector*>(to + i * to_stride) = rows[i];
}

}  // namespace tricklab
