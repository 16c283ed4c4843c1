#include "pool/sliding.h"

#include <algorithm>

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
inline void fetch(const float* from, int64_t count) {
  for (int64_t i = 0; i < count; i += 16) __builtin_prefetch(from + i);
}

// A row of windows of K × K pixels, and the rows of the image that they look at.
template <int K>
struct Band {
  const float* rows[K];
  // Columns of all windows together: the image's, and what is left and right of it.
  int64_t columns, left, width, channels;

  bool inside(int64_t column) const { return column >= left && column < left + width; }
  int64_t at(int64_t column) const { return (column - left) * channels; }
};

// Rows outside the image are `nothing`, as long as a row and full of −∞.
template <int K>
Band<K> band_of(const PoolShape& s, const float* image, int64_t i, const float* nothing) {
  Band<K> band{{}, s.out_w + K - 1, s.left, s.w, s.c};
  for (int64_t a = 0; a < K; ++a) {
    const int64_t row = i - s.top + a;
    band.rows[a] = row >= 0 && row < s.h ? image + row * s.w * s.c : nothing;
  }
  return band;
}

// Largest element of each window, for L channels from c on. NaN is passed over.
template <int K, int L>
inline void pool_band(const Band<K>& band, int64_t c, float* out) {
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
template <int K, int L>
inline void spread_band(const Band<K>& band, int64_t c, const float* dy, float* const (&dx)[K]) {
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

template <int K>
void pool_rows(const PoolShape& s, const float* x, const float* nothing, int64_t begin, int64_t end, float* y) {
  for (int64_t at = begin; at < end; ++at) {
    const Band<K> band = band_of<K>(s, x + at / s.out_h * s.h * s.w * s.c, at % s.out_h, nothing);
    fetch(band.rows[K - 1], s.w * s.c);
    each_lanes(s.c, [&](auto count, int64_t c) {
      pool_band<K, decltype(count)::kLanes>(band, c, y + at * s.out_w * s.c);
    });
  }
}

// Rows [begin, end) of one image's dx. What windows give to other rows is written to `spill`, as long as a row.
template <int K>
void spread_rows(const PoolShape& s, const float* image, const float* nothing, const float* dy, int64_t begin,
                 int64_t end, float* spill, float* dx) {
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
    const Band<K> band = band_of<K>(s, image, i, nothing);
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

// A row of −∞, and behind it one to write to for each thread.
float* prepare_lines(const PoolShape& s) {
  const int64_t length = s.w * s.c;
  float* result = lines.floats(length * (1 + thread_count()));
  std::fill_n(result, length, -kInfinity);
  std::fill_n(result + length, length * thread_count(), 0.0f);
  return result;
}

int64_t grain_of(const PoolShape& s) { return 1 + kGrain / (1 + s.w * s.c * s.window_h); }

}  // namespace

bool slides(const PoolShape& s) {
  return s.stride_h == 1 && s.stride_w == 1 && s.dilation_h == 1 && s.dilation_w == 1 && s.window_h == s.window_w &&
         (s.window_w == 2 || s.window_w == 3);
}

void sliding_max_pool(const PoolShape& s, const float* x, float* y) {
  const float* nothing = prepare_lines(s);
  const auto run = s.window_w == 2 ? pool_rows<2> : pool_rows<3>;
  parallel_for(s.batch * s.out_h, grain_of(s), [&](int64_t begin, int64_t end) { run(s, x, nothing, begin, end, y); });
}

void sliding_max_pool_grad(const PoolShape& s, const float* dy, const float* x, float* dx) {
  float* nothing = prepare_lines(s);
  const auto run = s.window_w == 2 ? spread_rows<2> : spread_rows<3>;
  const int64_t image = s.h * s.w * s.c, pooled = s.out_h * s.out_w * s.c;
  parallel_for(s.batch * s.h, grain_of(s), [&](int64_t begin, int64_t end) {
    float* spill = nothing + s.w * s.c * (1 + thread_index());
    for (int64_t n = begin / s.h; n * s.h < end; ++n) {
      const int64_t from = std::max(begin, n * s.h) - n * s.h, to = std::min(end, (n + 1) * s.h) - n * s.h;
      run(s, x + n * image, nothing, dy + n * pooled, from, to, spill, dx + n * image);
    }
  });
}

}  // namespace tricklab
