// Results so large that they leave the caches before anybody reads them are written past the caches: a line that is
// written whole need not be read first, which is a quarter to a third of what such a kernel moves.
#pragma once

#include <algorithm>
#include <cstdint>

#if defined(__AVX__)
#include <immintrin.h>
#endif

namespace tricklab {

// Numbers that a result has at least; 16 MiB of them.
constexpr int64_t kLargeResult = 4 << 20;

// Numbers that vectors write together, at addresses that are multiples of as many.
constexpr int64_t kStreamLine = 16;

// Whether a result is to be written past the caches.
inline bool past_cache(const float* out, int64_t count) {
#if defined(__AVX__)
  return count >= kLargeResult && reinterpret_cast<uintptr_t>(out) % 64 == 0;
#else
  static_cast<void>(out);
  static_cast<void>(count);
  return false;
#endif
}

// Writes whole lines past the caches. The thread calls `end_streaming` before others may read them.
inline void stream(const float* __restrict from, int64_t count, float* __restrict to) {
#if defined(__AVX512F__)
  for (int64_t i = 0; i < count; i += 16) _mm512_stream_ps(to + i, _mm512_loadu_ps(from + i));
#elif defined(__AVX__)
  for (int64_t i = 0; i < count; i += 8) _mm256_stream_ps(to + i, _mm256_loadu_ps(from + i));
#else
  std::copy(from, from + count, to);
#endif
}

inline void end_streaming() {
#if defined(__AVX__)
  _mm_sfence();
#endif
}

// Calls write(first, count, to) for numbers [first, first + count), which it has to put at `to`, until all `count` are
// written: past the caches by way of a small buffer if `past`, else at once and in place. Stretches are multiples of
// `unit` numbers, but for the last.
template <class Write>
void write_stretches(bool past, int64_t count, int64_t unit, float* out, const Write& write) {
  constexpr int64_t kBuffer = 2048;
  if (!past || unit > kBuffer || (unit != 1 && unit % kStreamLine != 0)) {
    write(0, count, out);
    return;
  }
  alignas(64) float buffer[kBuffer];
  const int64_t stretch = kBuffer / unit * unit;
  for (int64_t first = 0; first < count; first += stretch) {
    const int64_t here = std::min(stretch, count - first);
    if (here % kStreamLine == 0) {
      write(first, here, buffer);
      stream(buffer, here, out + first);
    } else {
      write(first, here, out + first);
    }
  }
  end_streaming();
}

}  // namespace tricklab
