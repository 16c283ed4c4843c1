#include "blur/separable.h"

#include <algorithm>
#include <cstdlib>

#include "base/bfloat16.h"
#include "base/loops.h"
#include "base/memory.h"
#include "base/numeric.h"
#include "base/threads.h"
#include "depthwise/lanes.h"

namespace tricklab {

AxisMap::AxisMap(int64_t size, const std::vector<std::vector<Term>>& rows) : size_(size) {
  begins_.reserve(rows.size() + 1);
  begins_.push_back(0);
  for (const auto& row : rows) {
    terms_.insert(terms_.end(), row.begin(), row.end());
    begins_.push_back(static_cast<int64_t>(terms_.size()));
  }
}

AxisMap AxisMap::filter(const float* taps, int64_t count, int64_t stride, int64_t before, bool mirrored, int64_t size,
                        int64_t out_size) {
  std::vector<std::vector<Term>> rows(static_cast<size_t>(out_size));
  for (int64_t out = 0; out < out_size; ++out) {
    auto& row = rows[static_cast<size_t>(out)];
    for (int64_t tap = 0; tap < count; ++tap) {
      int64_t at = out * stride + tap - before;
      if (mirrored) {
        at = std::abs(at);
        if (at >= size) at = 2 * (size - 1) - at;
      }
      if (at < 0 || at >= size) continue;
      // Taps that meet through the mirror are one.
      const auto same = std::find_if(row.begin(), row.end(), [at](const Term& term) { return term.from == at; });
      if (same == row.end()) {
        row.push_back({at, taps[tap]});
      } else {
        same->share += taps[tap];
      }
    }
    std::sort(row.begin(), row.end(), [](const Term& a, const Term& b) { return a.from < b.from; });
  }
  return {size, rows};
}

AxisMap AxisMap::transposed() const {
  std::vector<std::vector<Term>> rows(static_cast<size_t>(size_));
  for (int64_t out = 0; out < out_size(); ++out) {
    for (const Term* term = begin(out); term != end(out); ++term) {
      rows[static_cast<size_t>(term->from)].push_back({out, term->share});
    }
  }
  return {out_size(), rows};
}

namespace {

Workspace lines;

// Terms that are added in one pass: those of most filters.
constexpr int64_t kTogether = 6;

// line = Σ share · x[row] of N terms, added to what is there unless they are the first.
template <int N, class T>
void add_rows(const AxisMap::Term* terms, bool first, const T* x, int64_t length, float* __restrict line) {
  const T* from[N];
  float share[N];
  for (int k = 0; k < N; ++k) {
    from[k] = x + terms[k].from * length;
    share[k] = terms[k].share;
  }
  TRICKLAB_INDEPENDENT
  for (int64_t i = 0; i < length; ++i) {
    float sum = share[0] * widened(from[0][i]);
#pragma GCC unroll 6
    for (int k = 1; k < N; ++k) sum += share[k] * widened(from[k][i]);
    line[i] = first ? sum : line[i] + sum;
  }
}

// line = Σ share · x[row], over whole rows of `length` elements.
template <class T>
void sum_rows(const AxisMap::Term* begin, const AxisMap::Term* end, const T* x, int64_t length, float* line) {
  constexpr decltype(&add_rows<1, T>) kAdd[] = {add_rows<1, T>, add_rows<2, T>, add_rows<3, T>,
                                                add_rows<4, T>, add_rows<5, T>, add_rows<6, T>};
  if (begin == end) std::fill_n(line, length, 0.0f);
  for (const AxisMap::Term* terms = begin; terms < end; terms += kTogether) {
    kAdd[std::min(kTogether, end - terms) - 1](terms, terms == begin, x, length, line);
  }
}

// y[j] = Σ share · line[column], for each channel.
template <class T>
void sum_columns(const AxisMap& columns, const float* line, int64_t channels, T* y) {
  for (int64_t j = 0; j < columns.out_size(); ++j) {
    const AxisMap::Term* const begin = columns.begin(j);
    const AxisMap::Term* const end = columns.end(j);
    T* to = y + j * channels;
    each_lanes(channels, [&](auto count, int64_t c) {
      constexpr int L = decltype(count)::kLanes;
      typename Lanes<L>::Type sum{};
      for (const AxisMap::Term* term = begin; term != end; ++term) {
        sum += load_lanes<L>(line + term->from * channels + c) * term->share;
      }
      store_lanes<L>(to + c, sum);
    });
  }
}

}  // namespace

template <class T>
void map_separably(const AxisMap& rows, const AxisMap& columns, int64_t batch, int64_t channels, const T* x, T* y) {
  const int64_t length = columns.size() * channels, out_length = columns.out_size() * channels;
  const int64_t image = rows.size() * length;
  const int64_t out_rows = rows.out_size();
  float* all = lines.floats(length * thread_count());
  parallel_for(batch * out_rows, 1 + kGrain / (1 + length), [&](int64_t begin, int64_t end) {
    float* line = all + length * thread_index();
    for (int64_t row = begin; row < end; ++row) {
      const int64_t i = row % out_rows;
      sum_rows(rows.begin(i), rows.end(i), x + row / out_rows * image, length, line);
      sum_columns(columns, line, channels, y + row * out_length);
    }
  });
}

template void map_separably(const AxisMap&, const AxisMap&, int64_t, int64_t, const float*, float*);
template void map_separably(const AxisMap&, const AxisMap&, int64_t, int64_t, const Bfloat16*, Bfloat16*);

}  // namespace tricklab
