#include "pool/pool.h"

#include <algorithm>

#include "base/loops.h"
#include "base/numeric.h"
#include "base/threads.h"
#include "pool/sliding.h"

namespace tricklab {
namespace {

// Channels that are worked on together.
constexpr int64_t kPart = 64;

// The window's taps [begin, end) that lie inside [0, size), the first at `origin`.
struct Taps {
  int64_t begin, end, origin, step;
  int64_t count() const { return std::max<int64_t>(0, end - begin); }
  int64_t at(int64_t tap) const { return origin + tap * step; }
};

Taps taps_of(int64_t out, int64_t stride, int64_t pad, int64_t window, int64_t dilation, int64_t size) {
  const int64_t origin = out * stride - pad;
  const int64_t begin = origin < 0 ? (-origin + dilation - 1) / dilation : 0;
  const int64_t end = std::min(window, size > origin ? (size - origin + dilation - 1) / dilation : 0);
  return {begin, end, origin, dilation};
}

Taps rows_of(const PoolShape& s, int64_t i) {
  return taps_of(i, s.stride_h, s.top, s.window_h, s.dilation_h, s.h);
}
Taps columns_of(const PoolShape& s, int64_t j) {
  return taps_of(j, s.stride_w, s.left, s.window_w, s.dilation_w, s.w);
}

// Calls body(x offset of the tap) for every tap inside the image, in row order.
template <class Body>
inline void each_tap(const PoolShape& s, int64_t n, const Taps& rows, const Taps& columns, const Body& body) {
  for (int64_t a = rows.begin; a < rows.end; ++a) {
    const int64_t row = (n * s.h + rows.at(a)) * s.w;
    for (int64_t b = columns.begin; b < columns.end; ++b) body((row + columns.at(b)) * s.c);
  }
}

// Calls body(n, i, from, to) for rows of windows, split over threads.
template <class Body>
void each_row(const PoolShape& s, const Body& body) {
  const int64_t work = s.out_w * s.window_h * s.window_w * s.c;
  parallel_for(s.batch * s.out_h, std::max<int64_t>(1, kGrain / std::max<int64_t>(1, work)),
               [&](int64_t begin, int64_t end) {
                 for (int64_t row = begin; row < end; ++row) body(row / s.out_h, row % s.out_h);
               });
}

// Calls body(n, from, to) for each image and range of channels; windows overlap, so that an image's rows cannot be split.
template <class Body>
void each_image(const PoolShape& s, const Body& body) {
  const int64_t parts = s.batch >= thread_count() ? 1 : std::max<int64_t>(1, std::min<int64_t>(thread_count(), s.c / 16));
  parallel_for(s.batch * parts, 1, [&](int64_t begin, int64_t end) {
    for (int64_t item = begin; item < end; ++item) {
      const int64_t part = item % parts;
      body(item / parts, s.c * part / parts, s.c * (part + 1) / parts);
    }
  });
}

}  // namespace

void max_pool(const PoolShape& s, const float* x, float* y) {
  if (slides(s)) return sliding_max_pool(s, x, y);
  each_row(s, [&](int64_t n, int64_t i) {
    const Taps rows = rows_of(s, i);
    for (int64_t j = 0; j < s.out_w; ++j) {
      const Taps columns = columns_of(s, j);
      float* __restrict out = y + ((n * s.out_h + i) * s.out_w + j) * s.c;
      std::fill_n(out, s.c, -kInfinity);
      each_tap(s, n, rows, columns, [&](int64_t at) {
        const float* __restrict from = x + at;
        TRICKLAB_INDEPENDENT
        for (int64_t c = 0; c < s.c; ++c) out[c] = from[c] > out[c] ? from[c] : out[c];
      });
    }
  });
}

void avg_pool(const PoolShape& s, const float* x, float* y) {
  each_row(s, [&](int64_t n, int64_t i) {
    const Taps rows = rows_of(s, i);
    for (int64_t j = 0; j < s.out_w; ++j) {
      const Taps columns = columns_of(s, j);
      float* __restrict out = y + ((n * s.out_h + i) * s.out_w + j) * s.c;
      std::fill_n(out, s.c, 0.0f);
      each_tap(s, n, rows, columns, [&](int64_t at) {
        const float* __restrict from = x + at;
        TRICKLAB_INDEPENDENT
        for (int64_t c = 0; c < s.c; ++c) out[c] += from[c];
      });
      const float count = static_cast<float>(rows.count() * columns.count());
      for (int64_t c = 0; c < s.c; ++c) out[c] /= count;
    }
  });
}

void max_pool_grad(const PoolShape& s, const float* dy, const float* x, float* dx) {
  if (slides(s)) return sliding_max_pool_grad(s, dy, x, dx);
  each_image(s, [&](int64_t n, int64_t first, int64_t last) {
    for (int64_t pixel = n * s.h * s.w; pixel < (n + 1) * s.h * s.w; ++pixel) {
      std::fill(dx + pixel * s.c + first, dx + pixel * s.c + last, 0.0f);
    }
    float best[kPart];
    int32_t place[kPart];
    for (int64_t i = 0; i < s.out_h; ++i) {
      const Taps rows = rows_of(s, i);
      for (int64_t j = 0; j < s.out_w; ++j) {
        const Taps columns = columns_of(s, j);
        const float* g = dy + ((n * s.out_h + i) * s.out_w + j) * s.c;
        for (int64_t part = first; part < last; part += kPart) {
          const int64_t width = std::min(kPart, last - part);
          std::fill_n(best, width, -kInfinity);
          std::fill_n(place, width, -1);
          int32_t tap = 0;
          each_tap(s, n, rows, columns, [&](int64_t at) {
            const float* from = x + at + part;
            const int32_t here = tap++;
            TRICKLAB_INDEPENDENT
            for (int64_t c = 0; c < width; ++c) {
              const bool better = from[c] > best[c];
              best[c] = better ? from[c] : best[c];
              place[c] = better ? here : place[c];
            }
          });
          tap = 0;
          each_tap(s, n, rows, columns, [&](int64_t at) {
            float* to = dx + at + part;
            const float* from = g + part;
            const int32_t here = tap++;
            TRICKLAB_INDEPENDENT
            for (int64_t c = 0; c < width; ++c) to[c] += place[c] == here ? from[c] : 0.0f;
          });
        }
      }
    }
  });
}

void avg_pool_grad(const PoolShape& s, const float* dy, float* dx) {
  each_image(s, [&](int64_t n, int64_t first, int64_t last) {
    for (int64_t pixel = n * s.h * s.w; pixel < (n + 1) * s.h * s.w; ++pixel) {
      std::fill(dx + pixel * s.c + first, dx + pixel * s.c + last, 0.0f);
    }
    for (int64_t i = 0; i < s.out_h; ++i) {
      const Taps rows = rows_of(s, i);
      for (int64_t j = 0; j < s.out_w; ++j) {
        const Taps columns = columns_of(s, j);
        const float share = 1.0f / static_cast<float>(rows.count() * columns.count());
        const float* __restrict g = dy + ((n * s.out_h + i) * s.out_w + j) * s.c;
        each_tap(s, n, rows, columns, [&](int64_t at) {
          float* __restrict to = dx + at;
          TRICKLAB_INDEPENDENT
          for (int64_t c = first; c < last; ++c) to[c] += g[c] * share;
        });
      }
    }
  });
}

}  // namespace tricklab
