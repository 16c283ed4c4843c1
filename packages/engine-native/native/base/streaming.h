// Results so large that they leave the caches before anybody reads them are written past the caches: a line that is
// written whole need not be read first, which is a quarter to a third of what such a kernel moves.
#pragma once

#include <algorithm>
#include <cstdint>

#if defined(__AVX__)
#include <immintrin.h>
#endif

namespace tricklab {

// Bytes that a result has at least.
constexpr int64_t kLargeResult = 16 << 20;

// Bytes that vectors write together, at addresses that are multiples of as many.
constexpr int64_t kStreamLine = 64;

// Whether a result is to be written past the caches.
template <class T>
inline bool past_cache(const T* out, int64_t count) {
#if defined(__AVX__)
  return count * static_cast<int64_t>(sizeof(T)) >= kLargeResult && reinterpret_cast<uintptr_t>(out) % kStreamLine == 0;
#else
  static_cast<void>(out);
  static_cast<void>(count);
  return false;
#endif
}

// Writes whole lines past the caches. The thread calls `end_streaming` before others may read them.
template <class T>
inline void stream(const T* __restrict from, int64_t count, T* __restrict to) {
#if defined(__AVX512F__)
  for (int64_t i = 0; i < count; i += 64 / static_cast<int64_t>(sizeof(T))) {
    _mm512_stream_si512(reinterpret_cast<__m512i*>(to + i), _mm512_loadu_si512(from + i));
  }
#elif defined(__AVX__)
  for (int64_t i = 0; i < count; i += 32 / static_cast<int64_t>(sizeof(T))) {
    _mm256_stream_si256(reinterpret_cast<__m256i*>(to + i), _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from + i)));
  }
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
template <class T, class Write>
void write_stretches(bool past, int64_t count, int64_t unit, T* out, const Write& write) {
  constexpr int64_t kBuffer = 2048;
  constexpr int64_t kLine = kStreamLine / static_cast<int64_t>(sizeof(T));
  if (!past || unit > kBuffer || (unit != 1 && unit % kLine != 0)) {
    write(0, count, out);
    return;
  }
  alignas(64) T buffer[kBuffer];
  const int64_t stretch = kBuffer / unit * unit;
  for (int64_t first = 0; first < count; first += stretch) {
    const int64_t here = std::min(stretch, count - first);
    if (here % kLine == 0) {
      write(first, here, buffer);
      stream(buffer, here, out + first);
    } else {
      write(first, here, out + first);
    }
  }
  end_streaming();
}

}  // namespace tricklab
