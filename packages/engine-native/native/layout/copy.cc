#include "layout/copy.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/numeric.h"
#include "base/threads.h"

namespace tricklab {
namespace {

// Leaves out dimensions of one, orders by the target's strides and joins neighbours that both sides run through.
void simplify(Copy& copy) {
  int axes = 0;
  for (int i = 0; i < copy.axes; ++i) {
    if (copy.size[i] == 1) continue;
    copy.size[axes] = copy.size[i];
    copy.from[axes] = copy.from[i];
    copy.to[axes] = copy.to[i];
    ++axes;
  }
  for (int i = 1; i < axes; ++i) {
    for (int k = i; k > 0 && copy.to[k - 1] < copy.to[k]; --k) {
      std::swap(copy.size[k - 1], copy.size[k]);
      std::swap(copy.from[k - 1], copy.from[k]);
      std::swap(copy.to[k - 1], copy.to[k]);
    }
  }
  int joined = 0;
  for (int i = 0; i < axes; ++i) {
    const int last = joined - 1;
    if (last >= 0 && copy.from[last] == copy.from[i] * copy.size[i] && copy.to[last] == copy.to[i] * copy.size[i]) {
      copy.size[last] *= copy.size[i];
      copy.from[last] = copy.from[i];
      copy.to[last] = copy.to[i];
      continue;
    }
    copy.size[joined] = copy.size[i];
    copy.from[joined] = copy.from[i];
    copy.to[joined] = copy.to[i];
    ++joined;
  }
  copy.axes = joined;
}

template <class T>
inline void copy_row(const T* __restrict from, int64_t from_step, T* __restrict to, int64_t to_step, int64_t count) {
  if (to_step == 1 && from_step == 1) {
    // A call of memcpy costs more than copying a few pixels.
    if (count >= 32) {
      std::memcpy(to, from, static_cast<size_t>(count) * sizeof(T));
    } else {
      for (int64_t i = 0; i < count; ++i) to[i] = from[i];
    }
  } else if (to_step == 1 && from_step == 0) {
    std::fill_n(to, count, *from);
  } else {
    for (int64_t i = 0; i < count; ++i) to[i * to_step] = from[i * from_step];
  }
}

constexpr int64_t kBlock = 16;

// to[i · to_step + j] = from[i + j · from_step], in blocks that keep both sides' cache lines.
template <class T>
void transpose_plane(const T* from, int64_t from_step, T* to, int64_t to_step, int64_t rows, int64_t columns) {
  for (int64_t i = 0; i < rows; i += kBlock) {
    const int64_t i_end = std::min(rows, i + kBlock);
    for (int64_t j = 0; j < columns; j += kBlock) {
      const int64_t j_end = std::min(columns, j + kBlock);
      for (int64_t p = i; p < i_end; ++p) {
        for (int64_t q = j; q < j_end; ++q) to[p * to_step + q] = from[p + q * from_step];
      }
    }
  }
}

template <class T>
void copy_box_of(Copy copy, const T* from, T* to) {
  for (int i = 0; i < copy.axes; ++i) {
    if (copy.size[i] == 0) return;
  }
  simplify(copy);
  if (copy.axes == 0) {
    *to = *from;
    return;
  }
  const int last = copy.axes - 1;
  if (copy.axes == 1) {
    parallel_for(copy.size[0], kGrain, [&](int64_t begin, int64_t end) {
      copy_row(from + begin * copy.from[0], copy.from[0], to + begin * copy.to[0], copy.to[0], end - begin);
    });
    return;
  }
  // Where the source runs along another axis than the target, the two form a plane to transpose.
  int other = -1;
  if (copy.to[last] == 1 && copy.from[last] != 1 && copy.from[last] != 0) {
    for (int i = 0; i < last; ++i) {
      if (copy.from[i] == 1) other = i;
    }
  }
  if (other >= 0) {
    // Moved next to the innermost, so that what lies further out is counted alone.
    for (int i = other; i < last - 1; ++i) {
      std::swap(copy.size[i], copy.size[i + 1]);
      std::swap(copy.from[i], copy.from[i + 1]);
      std::swap(copy.to[i], copy.to[i + 1]);
    }
  }
  // Rows are the second innermost dimension; `outer` counts what lies further out.
  const int64_t rows = copy.size[last - 1];
  const int64_t length = copy.size[last];
  int64_t outer = 1;
  for (int i = 0; i < last - 1; ++i) outer *= copy.size[i];
  parallel_for(outer * rows, std::max<int64_t>(other >= 0 ? kBlock : 1, kGrain / length),
               [&](int64_t begin, int64_t end) {
                 while (begin < end) {
                   const int64_t row = begin % rows;
                   const int64_t count = std::min(rows - row, end - begin);
                   int64_t rest = begin / rows, from_at = row * copy.from[last - 1], to_at = row * copy.to[last - 1];
                   for (int i = last - 2; i >= 0; --i) {
                     from_at += rest % copy.size[i] * copy.from[i];
                     to_at += rest % copy.size[i] * copy.to[i];
                     rest /= copy.size[i];
                   }
                   if (other >= 0) {
                     transpose_plane(from + from_at, copy.from[last], to + to_at, copy.to[last - 1], count, length);
                   } else {
                     for (int64_t i = 0; i < count; ++i) {
                       copy_row(from + from_at + i * copy.from[last - 1], copy.from[last],
                                to + to_at + i * copy.to[last - 1], copy.to[last], length);
                     }
                   }
                   begin += count;
                 }
               });
}

template <class T>
void gather_of(const T* x, const int32_t* index, int64_t outer, int64_t length, int64_t count, int64_t inner, T* out) {
  parallel_for(outer * count, std::max<int64_t>(1, kGrain / std::max<int64_t>(1, inner)),
               [=](int64_t begin, int64_t end) {
                 for (int64_t i = begin; i < end; ++i) {
                   const int64_t at = index[i % count];
                   if (at < 0 || at >= length) {
                     std::fill_n(out + i * inner, inner, T{0});
                   } else {
                     copy_row(x + (i / count * length + at) * inner, 1, out + i * inner, 1, inner);
                   }
                 }
               });
}

template <class T>
void mirror_axis_of(const T* x, int64_t outer, int64_t length, int64_t inner, int64_t before, int64_t after,
                    bool symmetric, T* out) {
  const int64_t all = before + length + after;
  const int64_t skip = symmetric ? 1 : 0;
  parallel_for(outer * all, std::max<int64_t>(1, kGrain / std::max<int64_t>(1, inner)),
               [=](int64_t begin, int64_t end) {
                 for (int64_t i = begin; i < end; ++i) {
                   int64_t at = i % all - before;
                   if (at < 0) at = -at - skip;
                   if (at >= length) at = 2 * (length - 1) - at + skip;
                   copy_row(x + (i / all * length + at) * inner, 1, out + i * inner, 1, inner);
                 }
               });
}

}  // namespace

void copy_box(Copy copy, const void* from, void* to, int bytes) {
  if (bytes == 4) {
    copy_box_of(copy, static_cast<const uint32_t*>(from), static_cast<uint32_t*>(to));
  } else {
    copy_box_of(copy, static_cast<const uint8_t*>(from), static_cast<uint8_t*>(to));
  }
}

void gather(const void* x, const int32_t* index, int64_t outer, int64_t length, int64_t count, int64_t inner,
            int bytes, void* out) {
  if (bytes == 4) {
    gather_of(static_cast<const uint32_t*>(x), index, outer, length, count, inner, static_cast<uint32_t*>(out));
  } else {
    gather_of(static_cast<const uint8_t*>(x), index, outer, length, count, inner, static_cast<uint8_t*>(out));
  }
}

void segment_sum(const float* x, const int32_t* ids, int64_t count, int64_t inner, int64_t segments, float* out) {
  // Split by columns: every segment then belongs to one thread, whatever the ids.
  parallel_for(inner, std::max<int64_t>(16, kGrain / std::max<int64_t>(1, count)), [=](int64_t begin, int64_t end) {
    for (int64_t s = 0; s < segments; ++s) std::fill(out + s * inner + begin, out + s * inner + end, 0.0f);
    for (int64_t i = 0; i < count; ++i) {
      if (ids[i] < 0 || ids[i] >= segments) continue;
      float* __restrict sum = out + ids[i] * inner;
      const float* __restrict row = x + i * inner;
      for (int64_t k = begin; k < end; ++k) sum[k] += row[k];
    }
  });
}

void mirror_axis(const void* x, int64_t outer, int64_t length, int64_t inner, int64_t before, int64_t after,
                 bool symmetric, int bytes, void* out) {
  if (bytes == 4) {
    mirror_axis_of(static_cast<const uint32_t*>(x), outer, length, inner, before, after, symmetric,
                   static_cast<uint32_t*>(out));
  } else {
    mirror_axis_of(static_cast<const uint8_t*>(x), outer, length, inner, before, after, symmetric,
                   static_cast<uint8_t*>(out));
  }
}

}  // namespace tricklab
