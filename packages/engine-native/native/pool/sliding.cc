#include "pool/sliding.h"

#include <algorithm>
#include <type_traits>

#include "base/bfloat16.h"
#include "base/memory.h"
#include "base/numeric.h"
#include "base/threads.h"
#include "depthwise/lanes.h"

namespace tricklab {
namespace {

Workspace lines;

// Rows of a window are remembered as numbers, in floats; this one stands for none.
constexpr float kNoRow = 9.0f;

// Asks for a line of memory.
template <class T>
inline void fetch(const T* from, int64_t count) {
  for (int64_t i = 0; i < count; i += 64 / static_cast<int64_t>(sizeof(T))) __builtin_prefetch(from + i);
}

// A row of windows of K × K pixels, and the rows of the image that they look at.
template <int K, class T>
struct Band {
  const T* rows[K];
  // Columns of all windows together: the image's, and what is left and right of it.
  int64_t columns, left, width, channels;

  bool inside(int64_t column) const { return column >= left && column < left + width; }
  int64_t at(int64_t column) const { return (column - left) * channels; }
};

// Rows outside the image are `nothing`, as long as a row and full of −∞.
template <int K, class T>
Band<K, T> band_of(const PoolShape& s, const T* image, int64_t i, const T* nothing) {
  Band<K, T> band{{}, s.out_w + K - 1, s.left, s.w, s.c};
  for (int64_t a = 0; a < K; ++a) {
    const int64_t row = i - s.top + a;
    band.rows[a] = row >= 0 && row < s.h ? image + row * s.w * s.c : nothing;
  }
  return band;
}

// Largest element of each window, for L channels from c on. NaN is passed over.
template <int K, int L, class T>
inline void pool_band(const Band<K, T>& band, int64_t c, T* out) {
  using Type = typename Lanes<L>::Type;
  const Type least = Type{} - kInfinity;
  // The last K columns, the newest at the end.
  Type best[K];
  for (int k = 0; k < K; ++k) best[k] = least;
  for (int64_t column = 0; column < band.columns; ++column) {
    for (int k = 0; k + 1 < K; ++k) best[k] = best[k + 1];
    Type largest = least;
    if (band.inside(column)) {
      const int64_t at = band.at(column) + c;
      for (int a = 0; a < K; ++a) {
        const Type value = load_lanes<L>(band.rows[a] + at);
        largest = value > largest ? value : largest;
      }
    }
    best[K - 1] = largest;
    if (column < K - 1) continue;
    for (int k = 0; k + 1 < K; ++k) largest = best[k] > largest ? best[k] : largest;
    store_lanes<L>(out + (column - (K - 1)) * band.channels + c, largest);
  }
}

// Adds the gradient of each window, for L channels from c on, to the rows of dx that belong to the band's. It goes to the
// first of the window's largest elements in row order: the uppermost, of those the leftmost.
template <int K, int L, class T>
inline void spread_band(const Band<K, T>& band, int64_t c, const T* dy, float* const (&dx)[K]) {
  using Type = typename Lanes<L>::Type;
  const Type zero{};
  const Type least = zero - kInfinity, none = zero + kNoRow;
  // Of the last K columns, the newest at the end: their largest elements, where those are, and what dy gives to them.
  Type best[K], row[K], slope[K];
  for (int k = 0; k < K; ++k) {
    best[k] = least;
    row[k] = none;
    slope[k] = zero;
  }
  // A column leaves K − 1 steps after it came.
  for (int64_t column = 0; column < band.columns + K - 1; ++column) {
    for (int k = 0; k + 1 < K; ++k) {
      best[k] = best[k + 1];
      row[k] = row[k + 1];
      slope[k] = slope[k + 1];
    }
    best[K - 1] = least;
    row[K - 1] = none;
    slope[K - 1] = zero;
    if (band.inside(column)) {
      const int64_t at = band.at(column) + c;
      for (int a = 0; a < K; ++a) {
        const Type value = load_lanes<L>(band.rows[a] + at);
        const auto better = value > best[K - 1];
        best[K - 1] = better ? value : best[K - 1];
        row[K - 1] = better ? zero + static_cast<float>(a) : row[K - 1];
      }
    }
    const int64_t leaving = column - (K - 1);
    if (leaving < 0) continue;
    if (column < band.columns) {
      Type largest = best[0], upper = row[0], chosen = zero;
      for (int k = 1; k < K; ++k) {
        // An equal element above counts as larger.
        const Type candidate = best[k] == largest ? upper - row[k] : best[k] - largest;
        const auto better = candidate > zero;
        largest = better ? best[k] : largest;
        upper = better ? row[k] : upper;
        chosen = better ? zero + static_cast<float>(k) : chosen;
      }
      const Type gradient = load_lanes<L>(dy + leaving * band.channels + c);
      for (int k = 0; k < K; ++k) slope[k] += chosen == zero + static_cast<float>(k) ? gradient : zero;
    }
    if (!band.inside(leaving)) continue;
    for (int a = 0; a < K; ++a) {
      float* to = dx[a] + band.at(leaving) + c;
      store_lanes<L>(to, load_lanes<L>(to) + (row[0] == zero + static_cast<float>(a) ? slope[0] : zero));
    }
  }
}

template <int K, class T>
void pool_rows(const PoolShape& s, const T* x, const T* nothing, int64_t begin, int64_t end, T* y) {
  for (int64_t at = begin; at < end; ++at) {
    const Band<K, T> band = band_of<K>(s, x + at / s.out_h * s.h * s.w * s.c, at % s.out_h, nothing);
    fetch(band.rows[K - 1], s.w * s.c);
    each_lanes(s.c, [&](auto count, int64_t c) {
      pool_band<K, decltype(count)::kLanes>(band, c, y + at * s.out_w * s.c);
    });
  }
}

// Rows [begin, end) of one image's dx. What windows give to other rows is written to `spill`, as long as a row.
template <int K, class T>
void spread_rows(const PoolShape& s, const T* image, const T* nothing, const T* dy, int64_t begin, int64_t end,
                 float* spill, float* dx) {
  const int64_t length = s.w * s.c, pooled = s.out_w * s.c;
  // Rows before this one are written.
  int64_t fresh = begin;
  const auto clear_until = [&](int64_t row) {
    if (row <= fresh) return;
    std::fill(dx + fresh * length, dx + row * length, 0.0f);
    fresh = row;
  };
  const int64_t first = std::max<int64_t>(0, begin + s.top - (K - 1)), last = std::min(s.out_h, end + s.top);
  for (int64_t i = first; i < last; ++i) {
    const Band<K, T> band = band_of<K>(s, image, i, nothing);
    float* rows[K];
    for (int64_t a = 0; a < K; ++a) {
      const int64_t row = i - s.top + a;
      rows[a] = row >= begin && row < end ? dx + row * length : spill;
    }
    clear_until(std::min(end, i - s.top + K));
    // Lanes go through a row in steps of a pixel, which no processor foresees.
    fetch(band.rows[K - 1], length);
    fetch(dy + i * pooled, pooled);
    each_lanes(s.c, [&](auto count, int64_t c) {
      spread_band<K, decltype(count)::kLanes>(band, c, dy + i * pooled, rows);
    });
  }
  clear_until(end);
}

// A row of −∞, and working memory of `floats` floats for each thread.
template <class T>
struct Lines {
  const T* nothing;
  float* own;

  Lines(const PoolShape& s, int64_t floats) {
    const int64_t length = s.w * s.c, room = (length + 15) / 16 * 16;
    own = lines.floats(room + floats * thread_count());
    T* row = reinterpret_cast<T*>(own);
    for (int64_t i = 0; i < length; ++i) put(-kInfinity, row[i]);
    nothing = row;
    own += room;
    std::fill_n(own, floats * thread_count(), 0.0f);
  }
};

int64_t grain_of(const PoolShape& s) { return 1 + kGrain / (1 + s.w * s.c * s.window_h); }

}  // namespace

bool slides(const PoolShape& s) {
  return s.stride_h == 1 && s.stride_w == 1 && s.dilation_h == 1 && s.dilation_w == 1 && s.window_h == s.window_w &&
         (s.window_w == 2 || s.window_w == 3);
}

template <class T>
void sliding_max_pool(const PoolShape& s, const T* x, T* y) {
  const Lines<T> prepared(s, 0);
  const auto run = s.window_w == 2 ? pool_rows<2, T> : pool_rows<3, T>;
  parallel_for(s.batch * s.out_h, grain_of(s),
               [&](int64_t begin, int64_t end) { run(s, x, prepared.nothing, begin, end, y); });
}

template <class T>
void sliding_max_pool_grad(const PoolShape& s, const T* dy, const T* x, T* dx) {
  const int64_t length = s.w * s.c, image = s.h * length, pooled = s.out_h * s.out_w * s.c;
  // Gradients are summed in floats: where they are to lie, or in an image of each thread's own.
  constexpr bool kInPlace = std::is_same_v<T, float>;
  const int64_t of_thread = length + (kInPlace ? 0 : image);
  const Lines<T> prepared(s, of_thread);
  const auto run = s.window_w == 2 ? spread_rows<2, T> : spread_rows<3, T>;
  parallel_for(s.batch * s.h, grain_of(s), [&](int64_t begin, int64_t end) {
    float* spill = prepared.own + of_thread * thread_index();
    for (int64_t n = begin / s.h; n * s.h < end; ++n) {
      const int64_t from = std::max(begin, n * s.h) - n * s.h, to = std::min(end, (n + 1) * s.h) - n * s.h;
      if constexpr (kInPlace) {
        run(s, x + n * image, prepared.nothing, dy + n * pooled, from, to, spill, dx + n * image);
      } else {
        float* sums = spill + length;
        run(s, x + n * image, prepared.nothing, dy + n * pooled, from, to, spill, sums);
        for (int64_t i = from * length; i < to * length; ++i) put(sums[i], dx[n * image + i]);
      }
    }
  });
}

template void sliding_max_pool(const PoolShape&, const float*, float*);
template void sliding_max_pool(const PoolShape&, const Bfloat16*, Bfloat16*);
template void sliding_max_pool_grad(const PoolShape&, const float*, const float*, float*);
template void sliding_max_pool_grad(const PoolShape&, const Bfloat16*, const Bfloat16*, Bfloat16*);

}  // namespace tricklab
