// What multiplies bf16 with float32 sums on x86-64: matrix units (AMX), or vectors of pairs (AVX512-BF16).
#pragma once

#include <cstdint>

#include "base/bfloat16.h"

#if defined(__AVX512BF16__) && defined(__AVX512VBMI__)
#define TRICKLAB_BF16 1
#if defined(__linux__) && defined(__AMX_TILE__) && defined(__AMX_BF16__)
#define TRICKLAB_AMX 1
#endif
#include <immintrin.h>
#endif

namespace tricklab {

// Whether this process may use them; asks the system for the matrix units at the first call.
bool bf16_available();

// The shape of tiles: 16 rows of 16 pairs of bf16, or of 16 floats.
constexpr int64_t kTileSide = 16;
constexpr int64_t kTileDepth = 32;

#if defined(TRICKLAB_BF16)

#if defined(TRICKLAB_AMX)

// Holds the calling thread's tiles ready, all of the full shape.
class HeldTiles {
 public:
  HeldTiles() {
    struct alignas(64) Configuration {
      uint8_t palette = 1;
      uint8_t start_row = 0;
      uint8_t reserved[14] = {};
      uint16_t bytes[16] = {};
      uint8_t rows[16] = {};
    } configuration;
    for (int tile = 0; tile < 8; ++tile) {
      configuration.bytes[tile] = 64;
      configuration.rows[tile] = 16;
    }
    _tile_loadconfig(&configuration);
  }
  HeldTiles(const HeldTiles&) = delete;
  HeldTiles& operator=(const HeldTiles&) = delete;
  ~HeldTiles() { _tile_release(); }
};

#else

// Vectors need no preparation.
struct HeldTiles {
  ~HeldTiles() {}
};

// Sums of R rows and 16 · C columns, in registers.
template <int R, int C>
using DotSums = __m512[R][C];

// Adds the products of one block of depth: R rows of 16 pairs, and 16 rows of 16 · C pairs, `right_stride` numbers apart,
// their tiles of 16 columns `tile_step`.
template <int R, int C>
inline __attribute__((always_inline)) void add_dots(DotSums<R, C>& sums, const Bfloat16* const (&left)[R],
                                                    const Bfloat16* right, int64_t right_stride, int64_t tile_step) {
#pragma GCC unroll 2
  for (int64_t pair = 0; pair < kTileDepth / 2; ++pair) {
    __m512bh columns[C];
#pragma GCC unroll 2
    for (int c = 0; c < C; ++c) {
      columns[c] = reinterpret_cast<__m512bh>(_mm512_loadu_si512(right + pair * right_stride + c * tile_step));
    }
#pragma GCC unroll 16
    for (int r = 0; r < R; ++r) {
      int32_t both;
      __builtin_memcpy(&both, left[r] + 2 * pair, sizeof(both));
      const __m512bh row = reinterpret_cast<__m512bh>(_mm512_set1_epi32(both));
#pragma GCC unroll 2
      for (int c = 0; c < C; ++c) sums[r][c] = _mm512_dpbf16_ps(sums[r][c], row, columns[c]);
    }
  }
}

#endif

typedef uint16_t Halves __attribute__((vector_size(32)));
typedef uint32_t Words __attribute__((vector_size(64)));

// 16 floats as bf16, rounded to the nearest; what is not a number stays so.
inline Halves to_bfloat16(__m512 values) { return reinterpret_cast<Halves>(_mm512_cvtneps_pbh(values)); }

// Lane i of the result is the pair (low[i], high[i]).
inline Words pairs_of(Halves low, Halves high) {
  return __builtin_convertvector(low, Words) | (__builtin_convertvector(high, Words) << 16);
}

// 32 floats as bf16, `low` first.
inline __m512i to_bfloat16(__m512 low, __m512 high) {
  return reinterpret_cast<__m512i>(_mm512_cvtne2ps_pbh(high, low));
}

// The first `count` of 32 lanes.
inline __mmask32 first_lanes(int64_t count) {
  return count >= 32 ? ~__mmask32{0} : static_cast<__mmask32>((uint32_t{1} << count) - 1);
}

// 32 numbers as bf16, of which `count` are there and the rest are zero.
inline __m512i load_halves(const Bfloat16* from, int64_t count) {
  return count >= 32 ? _mm512_loadu_si512(from) : _mm512_maskz_loadu_epi16(first_lanes(count), from);
}
inline __m512i load_halves(const float* from, int64_t count) {
  if (count >= 32) return to_bfloat16(_mm512_loadu_ps(from), _mm512_loadu_ps(from + 16));
  const __mmask32 mask = first_lanes(count);
  const auto low = static_cast<__mmask16>(mask), high = static_cast<__mmask16>(mask >> 16);
  // Masked loads of no lanes must not touch memory beyond the end.
  return to_bfloat16(_mm512_maskz_loadu_ps(low, from), high == 0 ? _mm512_setzero_ps() : _mm512_maskz_loadu_ps(high, from + 16));
}

// Two rows of 32 numbers as pairs of neighbours: `first` gets lanes 0 to 15 of both, `second` the others.
inline void interleave(__m512i low, __m512i high, __m512i& first, __m512i& second) {
  const __m512i begin = _mm512_set_epi16(47, 15, 46, 14, 45, 13, 44, 12, 43, 11, 42, 10, 41, 9, 40, 8, 39, 7, 38, 6, 37, 5,
                                         36, 4, 35, 3, 34, 2, 33, 1, 32, 0);
  const __m512i end = _mm512_add_epi16(begin, _mm512_set1_epi16(16));
  first = _mm512_permutex2var_epi16(low, begin, high);
  second = _mm512_permutex2var_epi16(low, end, high);
}

#endif

}  // namespace tricklab
