#include "reduce/reduce.h"

#include <algorithm>

#include "base/memory.h"
#include "base/numeric.h"
#include "base/threads.h"

namespace tricklab {
namespace {

struct Sum {
  using Total = double;
  static Total start() { return 0; }
  static Total join(Total total, Total value) { return total + value; }
};
struct Prod {
  using Total = double;
  static Total start() { return 1; }
  static Total join(Total total, Total value) { return total * value; }
};
struct Max {
  using Total = float;
  static Total start() { return -kInfinity; }
  static Total join(Total total, Total value) { return value > total || value != value ? value : total; }
};
struct Min {
  using Total = float;
  static Total start() { return kInfinity; }
  static Total join(Total total, Total value) { return value < total || value != value ? value : total; }
};

constexpr int64_t kLanes = 32;

// Several running totals, so that the additions need not wait for each other.
template <class Op>
typename Op::Total reduce_row(const float* __restrict x, int64_t count) {
  using Total = typename Op::Total;
  Total lanes[kLanes];
  for (int64_t k = 0; k < kLanes; ++k) lanes[k] = Op::start();
  int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    for (int64_t k = 0; k < kLanes; ++k) lanes[k] = Op::join(lanes[k], static_cast<Total>(x[i + k]));
  }
  for (int64_t k = 0; i < count; ++i, ++k) lanes[k] = Op::join(lanes[k], static_cast<Total>(x[i]));
  for (int64_t half = kLanes / 2; half > 0; half /= 2) {
    for (int64_t k = 0; k < half; ++k) lanes[k] = Op::join(lanes[k], lanes[k + half]);
  }
  return lanes[0];
}

// totals[c] over rows of `stride` elements, columns [0, columns).
template <class Op>
void reduce_columns(const float* __restrict x, int64_t rows, int64_t stride, int64_t columns,
                    typename Op::Total* __restrict totals) {
  using Total = typename Op::Total;
  for (int64_t c = 0; c < columns; ++c) totals[c] = Op::start();
  int64_t r = 0;
  for (; r + 4 <= rows; r += 4) {
    const float* __restrict row = x + r * stride;
    for (int64_t c = 0; c < columns; ++c) {
      const Total first = Op::join(static_cast<Total>(row[c]), static_cast<Total>(row[c + stride]));
      const Total second = Op::join(static_cast<Total>(row[c + 2 * stride]), static_cast<Total>(row[c + 3 * stride]));
      totals[c] = Op::join(totals[c], Op::join(first, second));
    }
  }
  for (; r < rows; ++r) {
    const float* __restrict row = x + r * stride;
    for (int64_t c = 0; c < columns; ++c) totals[c] = Op::join(totals[c], static_cast<Total>(row[c]));
  }
}

Workspace workspace;

// Columns that one pass keeps totals of.
constexpr int64_t kColumns = 1024;

// The columns of [rows, inner], a part of the rows a thread. Few columns are treated as several rows side by side.
template <class Op>
void reduce_tall(const float* x, int64_t rows, int64_t inner, double scale, float* out) {
  using Total = typename Op::Total;
  const int64_t fold = std::max<int64_t>(1, std::min<int64_t>(rows, 64 / inner));
  const int64_t width = fold * inner;
  const int64_t folded = rows / fold;
  const int threads = thread_count();
  Total* all = static_cast<Total*>(workspace.reserve(static_cast<int64_t>(sizeof(Total)) * threads * width));
  for (int64_t i = 0; i < threads * width; ++i) all[i] = Op::start();
  parallel_for(folded, std::max<int64_t>(1, kGrain / width), [&](int64_t begin, int64_t end) {
    Total* totals = all + thread_index() * width;
    for (int64_t c = 0; c < width; c += kColumns) {
      reduce_columns<Op>(x + begin * width + c, end - begin, width, std::min(kColumns, width - c), totals + c);
    }
  });
  for (int64_t c = 0; c < inner; ++c) {
    Total total = Op::start();
    for (int64_t k = c; k < threads * width; k += inner) total = Op::join(total, all[k]);
    for (int64_t r = folded * fold; r < rows; ++r) total = Op::join(total, static_cast<Total>(x[r * inner + c]));
    out[c] = static_cast<float>(total * static_cast<Total>(scale));
  }
}

template <class Op>
void run(const float* x, int64_t outer, int64_t length, int64_t inner, double scale, float* out) {
  using Total = typename Op::Total;
  if (outer * inner == 0) return;
  const int threads = thread_count();
  if (inner == 1 && (outer >= threads || outer * length < 2 * kGrain)) {
    parallel_for(outer, std::max<int64_t>(1, kGrain / std::max<int64_t>(1, length)), [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        out[i] = static_cast<float>(reduce_row<Op>(x + i * length, length) * static_cast<Total>(scale));
      }
    });
    return;
  }
  if (outer == 1 || (outer < threads && length > 64)) {
    for (int64_t i = 0; i < outer; ++i) reduce_tall<Op>(x + i * length * inner, length, inner, scale, out + i * inner);
    return;
  }
  parallel_for(outer, std::max<int64_t>(1, kGrain / std::max<int64_t>(1, length * inner)),
               [&](int64_t begin, int64_t end) {
                 Total totals[kColumns];
                 for (int64_t i = begin; i < end; ++i) {
                   for (int64_t c = 0; c < inner; c += kColumns) {
                     const int64_t columns = std::min(kColumns, inner - c);
                     reduce_columns<Op>(x + i * length * inner + c, length, inner, columns, totals);
                     for (int64_t k = 0; k < columns; ++k) {
                       out[i * inner + c + k] = static_cast<float>(totals[k] * static_cast<Total>(scale));
                     }
                   }
                 }
               });
}

}  // namespace

void reduce(Reduction op, const float* x, int64_t outer, int64_t length, int64_t inner, float* out) {
  switch (op) {
    case Reduction::kSum:
      return run<Sum>(x, outer, length, inner, 1, out);
    case Reduction::kMean:
      return run<Sum>(x, outer, length, inner, 1.0 / static_cast<double>(length), out);
    case Reduction::kMax:
      return run<Max>(x, outer, length, inner, 1, out);
    case Reduction::kMin:
      return run<Min>(x, outer, length, inner, 1, out);
    case Reduction::kProd:
      return run<Prod>(x, outer, length, inner, 1, out);
  }
}

void reduce_bool(bool all, const uint8_t* x, int64_t outer, int64_t length, int64_t inner, uint8_t* out) {
  parallel_for(outer, std::max<int64_t>(1, kGrain / std::max<int64_t>(1, length * inner)),
               [=](int64_t begin, int64_t end) {
                 for (int64_t i = begin; i < end; ++i) {
                   uint8_t* __restrict result = out + i * inner;
                   std::fill_n(result, inner, all ? 1 : 0);
                   for (int64_t r = 0; r < length; ++r) {
                     const uint8_t* __restrict row = x + (i * length + r) * inner;
                     for (int64_t c = 0; c < inner; ++c) {
                       const uint8_t set = row[c] != 0;
                       result[c] = all ? result[c] & set : result[c] | set;
                     }
                   }
                 }
               });
}

void arg_reduce(bool largest, const float* x, int64_t outer, int64_t length, int64_t inner, int32_t* out) {
  parallel_for(outer, std::max<int64_t>(1, kGrain / std::max<int64_t>(1, length * inner)),
               [=](int64_t begin, int64_t end) {
                 constexpr int64_t kPart = 256;
                 float best[kPart];
                 for (int64_t i = begin; i < end; ++i) {
                   for (int64_t from = 0; from < inner; from += kPart) {
                     const int64_t columns = std::min(kPart, inner - from);
                     const float* __restrict part = x + i * length * inner + from;
                     int32_t* __restrict place = out + i * inner + from;
                     for (int64_t c = 0; c < columns; ++c) best[c] = part[c];
                     std::fill_n(place, columns, 0);
                     for (int64_t r = 1; r < length; ++r) {
                       const float* __restrict row = part + r * inner;
                       for (int64_t c = 0; c < columns; ++c) {
                         const bool better = largest ? row[c] > best[c] : row[c] < best[c];
                         best[c] = better ? row[c] : best[c];
                         place[c] = better ? static_cast<int32_t>(r) : place[c];
                       }
                     }
                   }
                 }
               });
}

}  // namespace tricklab
