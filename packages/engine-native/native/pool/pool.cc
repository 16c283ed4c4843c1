#include "pool/pool.h"

#include <algorithm>
#include <type_traits>

#include "base/bfloat16.h"
#include "base/loops.h"
#include "base/memory.h"
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

// Floats to sum up in, `count` for each thread: those of the result itself, or of working memory where it stores bf16.
Workspace sums;

template <class T>
class Sums {
 public:
  explicit Sums(int64_t count) : count_(count), memory_(std::is_same_v<T, float> ? nullptr : sums.floats(count * thread_count())) {}

  float* of(T* out) const {
    if constexpr (std::is_same_v<T, float>) {
      return out;
    } else {
      return memory_ + count_ * thread_index();
    }
  }

  // Puts `count` finished sums where they belong, if they are not there.
  static void store(const float* from, int64_t count, T* to) {
    if constexpr (!std::is_same_v<T, float>) {
      for (int64_t i = 0; i < count; ++i) put(from[i], to[i]);
    }
  }

 private:
  int64_t count_;
  float* memory_;
};

// Calls body(n, first channel, last channel, sums of the image) for images of dx, whose sums begin at zero.
template <class T, class Body>
void each_gradient(const PoolShape& s, T* dx, const Body& body) {
  const int64_t pixels = s.h * s.w;
  const Sums<T> sums_of(pixels * s.c);
  each_image(s, [&](int64_t n, int64_t first, int64_t last) {
    T* image = dx + n * pixels * s.c;
    float* own = sums_of.of(image);
    for (int64_t pixel = 0; pixel < pixels; ++pixel) std::fill(own + pixel * s.c + first, own + pixel * s.c + last, 0.0f);
    body(n, first, last, own);
    for (int64_t pixel = 0; pixel < pixels; ++pixel) {
      Sums<T>::store(own + pixel * s.c + first, last - first, image + pixel * s.c + first);
    }
  });
}

// Calls window(n, rows, columns, sums) for each window, and stores what is in the sums then.
template <class T, class Window>
void each_pooled(const PoolShape& s, T* y, const Window& window) {
  const Sums<T> sums_of(s.c);
  each_row(s, [&](int64_t n, int64_t i) {
    const Taps rows = rows_of(s, i);
    for (int64_t j = 0; j < s.out_w; ++j) {
      T* out = y + ((n * s.out_h + i) * s.out_w + j) * s.c;
      float* own = sums_of.of(out);
      window(n, rows, columns_of(s, j), own);
      Sums<T>::store(own, s.c, out);
    }
  });
}

}  // namespace

template <class T>
void max_pool(const PoolShape& s, const T* x, T* y) {
  if (slides(s)) return sliding_max_pool(s, x, y);
  each_pooled(s, y, [&](int64_t n, const Taps& rows, const Taps& columns, float* __restrict out) {
    std::fill_n(out, s.c, -kInfinity);
    each_tap(s, n, rows, columns, [&](int64_t at) {
      const T* __restrict from = x + at;
      TRICKLAB_INDEPENDENT
      for (int64_t c = 0; c < s.c; ++c) {
        const float value = widened(from[c]);
        out[c] = value > out[c] ? value : out[c];
      }
    });
  });
}

template <class T>
void avg_pool(const PoolShape& s, const T* x, T* y) {
  each_pooled(s, y, [&](int64_t n, const Taps& rows, const Taps& columns, float* __restrict out) {
    std::fill_n(out, s.c, 0.0f);
    each_tap(s, n, rows, columns, [&](int64_t at) {
      const T* __restrict from = x + at;
      TRICKLAB_INDEPENDENT
      for (int64_t c = 0; c < s.c; ++c) out[c] += widened(from[c]);
    });
    const float count = static_cast<float>(rows.count() * columns.count());
    for (int64_t c = 0; c < s.c; ++c) out[c] /= count;
  });
}

template <class T>
void max_pool_grad(const PoolShape& s, const T* dy, const T* x, T* dx) {
  if (slides(s)) return sliding_max_pool_grad(s, dy, x, dx);
  each_gradient(s, dx, [&](int64_t n, int64_t first, int64_t last, float* image) {
    float best[kPart];
    int32_t place[kPart];
    for (int64_t i = 0; i < s.out_h; ++i) {
      const Taps rows = rows_of(s, i);
      for (int64_t j = 0; j < s.out_w; ++j) {
        const Taps columns = columns_of(s, j);
        const T* g = dy + ((n * s.out_h + i) * s.out_w + j) * s.c;
        for (int64_t part = first; part < last; part += kPart) {
          const int64_t width = std::min(kPart, last - part);
          std::fill_n(best, width, -kInfinity);
          std::fill_n(place, width, -1);
          int32_t tap = 0;
          each_tap(s, n, rows, columns, [&](int64_t at) {
            const T* from = x + at + part;
            const int32_t here = tap++;
            TRICKLAB_INDEPENDENT
            for (int64_t c = 0; c < width; ++c) {
              const float value = widened(from[c]);
              const bool better = value > best[c];
              best[c] = better ? value : best[c];
              place[c] = better ? here : place[c];
            }
          });
          tap = 0;
          each_tap(s, n, rows, columns, [&](int64_t at) {
            float* to = image + (at - n * s.h * s.w * s.c) + part;
            const T* from = g + part;
            const int32_t here = tap++;
            TRICKLAB_INDEPENDENT
            for (int64_t c = 0; c < width; ++c) to[c] += place[c] == here ? widened(from[c]) : 0.0f;
          });
        }
      }
    }
  });
}

template <class T>
void avg_pool_grad(const PoolShape& s, const T* dy, T* dx) {
  each_gradient(s, dx, [&](int64_t n, int64_t first, int64_t last, float* image) {
    for (int64_t i = 0; i < s.out_h; ++i) {
      const Taps rows = rows_of(s, i);
      for (int64_t j = 0; j < s.out_w; ++j) {
        const Taps columns = columns_of(s, j);
        const float share = 1.0f / static_cast<float>(rows.count() * columns.count());
        const T* __restrict g = dy + ((n * s.out_h + i) * s.out_w + j) * s.c;
        each_tap(s, n, rows, columns, [&](int64_t at) {
          float* __restrict to = image + (at - n * s.h * s.w * s.c);
          TRICKLAB_INDEPENDENT
          for (int64_t c = first; c < last; ++c) to[c] += widened(g[c]) * share;
        });
      }
    }
  });
}

#define TRICKLAB_POOLS(T)                                                \
  template void max_pool(const PoolShape&, const T*, T*);                \
  template void max_pool_grad(const PoolShape&, const T*, const T*, T*); \
  template void avg_pool(const PoolShape&, const T*, T*);                \
  template void avg_pool_grad(const PoolShape&, const T*, T*);
TRICKLAB_POOLS(float)
TRICKLAB_POOLS(Bfloat16)
#undef TRICKLAB_POOLS

}  // namespace tricklab
