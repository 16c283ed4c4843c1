#include "base/bfloat16.h"

#include "base/threads.h"

namespace tricklab {

void widen(const Bfloat16* __restrict from, int64_t count, float* __restrict to) {
  parallel_for(count, kGrain, [=](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) to[i] = widened(from[i]);
  });
}

void narrow(const float* __restrict from, int64_t count, Bfloat16* __restrict to) {
  parallel_for(count, kGrain, [=](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) put(from[i], to[i]);
  });
}

}  // namespace tricklab
