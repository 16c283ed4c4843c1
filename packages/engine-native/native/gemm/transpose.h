// Transposition in registers.
#pragma once

#include <cstdint>
#include <cstring>

#include "gemm/panels.h"

namespace tricklab {

// A number of lanes as an argument.
template <int L>
struct Square {
  static constexpr int kCount = L;
};

namespace transpose_detail {

template <int L>
struct Of {
  typedef float Floats __attribute__((vector_size(L * sizeof(float))));
  typedef int Indices __attribute__((vector_size(L * sizeof(int))));
};

// Indices that exchange, between rows i and i + S, the odd groups of S lanes of the first with the even of the second.
template <int L, int S, bool High>
inline __attribute__((always_inline)) typename Of<L>::Indices exchange() {
  typename Of<L>::Indices indices{};
#pragma GCC unroll 16
  for (int lane = 0; lane < L; ++lane) {
    const bool odd = (lane / S) % 2 == 1;
    indices[lane] = High ? (odd ? lane + L : lane + S) : (odd ? lane - S + L : lane);
  }
  return indices;
}

template <int L>
inline __attribute__((always_inline)) typename Of<L>::Floats shuffle(typename Of<L>::Floats a,
                                                                     typename Of<L>::Floats b,
                                                                     typename Of<L>::Indices indices) {
#if defined(__clang__)
  typename Of<L>::Floats result;
#pragma unroll
  for (int lane = 0; lane < L; ++lane) result[lane] = indices[lane] < L ? a[indices[lane]] : b[indices[lane] - L];
  return result;
#else
  return __builtin_shuffle(a, b, indices);
#endif
}

template <int L, int Rows, int S>
inline __attribute__((always_inline)) void stage(typename Of<L>::Floats* rows) {
#pragma GCC unroll 16
  for (int i = 0; i < Rows; ++i) {
    if ((i / S) % 2 == 1) continue;
    const auto a = rows[i];
    const auto b = rows[i + S];
    rows[i] = shuffle<L>(a, b, exchange<L, S, false>());
    rows[i + S] = shuffle<L>(a, b, exchange<L, S, true>());
  }
}

}  // namespace transpose_detail

// Transposes every group of Rows lanes of Rows vectors: lane g · Rows + i of vector j becomes lane g · Rows + j of
// vector i.
template <int L, int Rows>
inline __attribute__((always_inline)) void transpose_groups(typename transpose_detail::Of<L>::Floats* rows) {
  using transpose_detail::stage;
  if constexpr (Rows >= 16) stage<L, Rows, 8>(rows);
  if constexpr (Rows >= 8) stage<L, Rows, 4>(rows);
  if constexpr (Rows >= 4) stage<L, Rows, 2>(rows);
  if constexpr (Rows >= 2) stage<L, Rows, 1>(rows);
}

// to[j][i] = from[i][j] for L × L floats.
template <int L>
inline void transpose_square(const float* from, int64_t from_step, float* to, int64_t to_step) {
  typename transpose_detail::Of<L>::Floats rows[L];
#pragma GCC unroll 16
  for (int i = 0; i < L; ++i) std::memcpy(&rows[i], from + i * from_step, sizeof(rows[i]));
  transpose_groups<L, L>(rows);
#pragma GCC unroll 16
  for (int i = 0; i < L; ++i) std::memcpy(to + i * to_step, &rows[i], sizeof(rows[i]));
}

}  // namespace tricklab
