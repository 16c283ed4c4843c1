// Copies between arrays that are walked in different orders: transposes, slices, pads, concatenations, tiles, reversals.
#pragma once

#include <cstdint>

namespace tricklab {

struct Copy {
  static constexpr int kMostAxes = 8;
  int axes = 0;
  int64_t size[kMostAxes];
  // Strides in elements; 0 repeats, negative runs backwards.
  int64_t from[kMostAxes];
  int64_t to[kMostAxes];
};

// Copies every element of the box from `from` to `to`, which point to the box's first element.
// Elements have `bytes` bytes: 4 or 1.
void copy_box(Copy copy, const void* from, void* to, int bytes);

// out[i, j, :] = x[i, index[j], :]; x is [outer, length, inner], out [outer, count, inner]. Indices out of range give 0.
void gather(const void* x, const int32_t* index, int64_t outer, int64_t length, int64_t count, int64_t inner,
            int bytes, void* out);

// out[s, :] = Σ x[i, :] over ids[i] = s; x is [count, inner], out [segments, inner]. Other ids are left out.
void segment_sum(const float* x, const int32_t* ids, int64_t count, int64_t inner, int64_t segments, float* out);

// Reflection at the borders, which are part of the image (symmetric) or not (reflect).
// x is [outer, length, inner], out [outer, before + length + after, inner].
void mirror_axis(const void* x, int64_t outer, int64_t length, int64_t inner, int64_t before, int64_t after,
                 bool symmetric, int bytes, void* out);

}  // namespace tricklab
