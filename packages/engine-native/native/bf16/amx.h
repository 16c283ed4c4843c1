// Matrix units of x86-64 processors: products of bf16 tiles with float32 sums.
#pragma once

#include <cstdint>

#if defined(__linux__) && defined(__AMX_TILE__) && defined(__AMX_BF16__) && defined(__AVX512BF16__) && \
    defined(__AVX512VBMI__)
#define TRICKLAB_AMX 1
#include <immintrin.h>
#endif

namespace tricklab {

// Whether this process may use the matrix units; asks the system for them at the first call.
bool amx_available();

// The shape of tiles: 16 rows of 16 pairs of bf16, or of 16 floats.
constexpr int64_t kAmxRows = 16;
constexpr int64_t kAmxDepth = 32;

// Numbers with eight bits of mantissa: the upper half of a float.
using Bfloat16 = uint16_t;

#if defined(TRICKLAB_AMX)

// Holds the calling thread's tiles ready, all of the full shape.
class AmxTiles {
 public:
  AmxTiles() {
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
  AmxTiles(const AmxTiles&) = delete;
  AmxTiles& operator=(const AmxTiles&) = delete;
  ~AmxTiles() { _tile_release(); }
};

typedef uint16_t Halves __attribute__((vector_size(32)));
typedef uint32_t Words __attribute__((vector_size(64)));

// 16 floats as bf16, rounded to the nearest; what is not a number stays so.
inline Halves to_bfloat16(__m512 values) { return reinterpret_cast<Halves>(_mm512_cvtneps_pbh(values)); }

// Lane i of the result is the pair (low[i], high[i]).
inline Words pairs_of(Halves low, Halves high) {
  return __builtin_convertvector(low, Words) | (__builtin_convertvector(high, Words) << 16);
}

#endif

}  // namespace tricklab
