// Vectors of a chosen number of floats, for channel counts that do not fill whole ones.
#pragma once

#include <cstdint>
#include <cstring>

#include "base/bfloat16.h"
#include "gemm/panels.h"
#include "provider/shapes.h"

namespace tricklab {

template <int L>
struct Lanes {
  typedef float Type __attribute__((vector_size(L * sizeof(float))));
};

template <>
struct Lanes<1> {
  typedef float Type;
};

template <int L>
inline __attribute__((always_inline)) typename Lanes<L>::Type load_lanes(const float* from) {
  typename Lanes<L>::Type value;
  std::memcpy(&value, from, sizeof(value));
  return value;
}

template <int L>
inline __attribute__((always_inline)) void store_lanes(float* to, typename Lanes<L>::Type value) {
  std::memcpy(to, &value, sizeof(value));
}

// The same of elements that are stored as bf16.
template <int L>
inline __attribute__((always_inline)) typename Lanes<L>::Type load_lanes(const Bfloat16* from) {
  float values[L];
  for (int lane = 0; lane < L; ++lane) values[lane] = widened(from[lane]);
  return load_lanes<L>(values);
}

template <int L>
inline __attribute__((always_inline)) void store_lanes(Bfloat16* to, typename Lanes<L>::Type value) {
  float values[L];
  store_lanes<L>(values, value);
  for (int lane = 0; lane < L; ++lane) put(values[lane], to[lane]);
}

// What is done to P sums of channels from c on, on the way out.
template <int L, int P>
inline __attribute__((always_inline)) void finish_lanes(typename Lanes<L>::Type* sums, const Epilogue& epilogue,
                                                        int64_t c) {
  if (epilogue.bias != nullptr) {
    const auto bias = load_lanes<L>(epilogue.bias + c);
    for (int p = 0; p < P; ++p) sums[p] += bias;
  }
  if (!epilogue.relu) return;
  const typename Lanes<L>::Type zero{};
  for (int p = 0; p < P; ++p) sums[p] = sums[p] < zero ? zero : sums[p];
}

template <int L>
struct LaneCount {
  static constexpr int kLanes = L;
};

// Calls visit(LaneCount<L>, first channel) for stretches of L channels that cover them all: wide ones first.
template <typename Visit>
inline void each_lanes(int64_t channels, Visit visit) {
  int64_t c = 0;
  for (; c + kLanes <= channels; c += kLanes) visit(LaneCount<kLanes>{}, c);
  if constexpr (kLanes > 8) {
    for (; c + 8 <= channels; c += 8) visit(LaneCount<8>{}, c);
  }
  if constexpr (kLanes > 4) {
    for (; c + 4 <= channels; c += 4) visit(LaneCount<4>{}, c);
  }
  for (; c < channels; ++c) visit(LaneCount<1>{}, c);
}

}  // namespace tricklab
