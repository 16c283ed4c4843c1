// Filter products on vectors of pairs.
//
// Both sides are packed into panels: 8 channels of dy as pairs of neighbouring positions, and 32 channels of x as they are,
// a line for each pixel of the layout. The pairs of x are made in registers, so that a tap may begin anywhere and no
// position is spent on padding.
#include "bf16/products.h"
#include "bf16/units.h"

#if defined(TRICKLAB_BF16) && !defined(TRICKLAB_AMX)

#include <cstring>

#include "base/threads.h"
#include "bf16/pixels.h"
#include "gemm/scratch.h"
#include "gemm/transpose.h"

namespace tricklab {
namespace {

constexpr int kRows = 8;                      // channels of dy in a panel
constexpr int64_t kColumns = 32;              // channels of x in a panel
constexpr int64_t kSums = kRows * kColumns;   // of two panels and a tap
constexpr int64_t kPositions = 1024;          // of dy that are packed together, where images are that small
constexpr int64_t kTogether = 4 << 20;        // numbers of x that are packed together, at most
constexpr int64_t kManySums = 2 << 20;        // of all threads: from here on they share out channels, below images

constexpr int64_t kAhead = 16;                // rows that are asked for before they are read

int64_t groups_of(int64_t count, int64_t size) { return (count + size - 1) / size; }

// A part of the panels of either side, or of the images.
struct Range {
  int64_t first, last;
  int64_t count() const { return last - first; }
};

// dy as [panel of 8 channels][pair of positions][8 channels][2], for the panels of a range, whose memory begins at `to`.
template <class T>
void pack_pairs(const T* dy, int64_t positions, int64_t channels, Range panels, Bfloat16* to) {
  const int64_t pairs = groups_of(positions, 2);
  const int64_t of_panel = pairs * 2 * kRows;
  for (int64_t panel = panels.first; panel < panels.last; panel += 4) {
    const int64_t here = std::min<int64_t>(4, panels.last - panel);
    const int64_t count = std::min(channels - panel * kRows, here * kRows);
    const T* from = dy + panel * kRows;
    Bfloat16* line = to + (panel - panels.first) * of_panel;
    for (int64_t pair = 0; pair < pairs; ++pair, from += 2 * channels, line += 2 * kRows) {
      // Rows lie apart, which no processor foresees.
      _mm_prefetch(reinterpret_cast<const char*>(from + kAhead * channels), _MM_HINT_T0);
      _mm_prefetch(reinterpret_cast<const char*>(from + (kAhead + 1) * channels), _MM_HINT_T0);
      const __m512i low = load_halves(from, count);
      // An odd one out is paired with nothing.
      const __m512i high = 2 * pair + 1 < positions ? load_halves(from + channels, count) : _mm512_setzero_si512();
      __m512i both[2];
      interleave(low, high, both[0], both[1]);
      for (int64_t k = 0; k < here; ++k) {
        std::memcpy(line + k * of_panel, reinterpret_cast<const Bfloat16*>(both) + k * 2 * kRows, 4 * kRows);
      }
    }
  }
}

// x as [panel of 32 channels][pixel of the layout][32 channels], for the panels of a range, whose memory begins at `to`.
template <class T>
void pack_lines(const PixelLayout& layout, const Pixels& image, const T* x, int64_t n, int64_t count, Range panels,
                int64_t of_panel, Bfloat16* to) {
  each_stretch(layout, image, n, count, [&](int64_t start, int64_t first, int64_t columns, int64_t step) {
    for (int64_t panel = panels.first; panel < panels.last; ++panel) {
      const T* from = x + start + panel * kColumns;
      Bfloat16* line = to + (panel - panels.first) * of_panel + first * kColumns;
      const int64_t lanes = image.channels - panel * kColumns;
      for (int64_t j = 0; j < columns; ++j) {
        _mm_prefetch(reinterpret_cast<const char*>(from + (j + kAhead) * step), _MM_HINT_T0);
        _mm512_store_si512(line + j * kColumns, load_halves(from + j * step, lanes));
      }
    }
  });
}

// The products of two panels for one tap, added to what is there unless they are the first.
void add_panels(const Bfloat16* left, const Bfloat16* right, const int32_t* places, int64_t pairs, bool first, float* sums) {
  __m512 totals[kRows][2];
#pragma GCC unroll 8
  for (int r = 0; r < kRows; ++r) {
    totals[r][0] = first ? _mm512_setzero_ps() : _mm512_load_ps(sums + r * kColumns);
    totals[r][1] = first ? _mm512_setzero_ps() : _mm512_load_ps(sums + r * kColumns + 16);
  }
  for (int64_t pair = 0; pair < pairs; ++pair) {
    __m512i columns[2];
    interleave(_mm512_loadu_si512(right + places[2 * pair]), _mm512_loadu_si512(right + places[2 * pair + 1]), columns[0],
               columns[1]);
#pragma GCC unroll 8
    for (int r = 0; r < kRows; ++r) {
      int32_t both;
      std::memcpy(&both, left + pair * 2 * kRows + 2 * r, sizeof(both));
      const __m512bh row = reinterpret_cast<__m512bh>(_mm512_set1_epi32(both));
      totals[r][0] = _mm512_dpbf16_ps(totals[r][0], row, reinterpret_cast<__m512bh>(columns[0]));
      totals[r][1] = _mm512_dpbf16_ps(totals[r][1], row, reinterpret_cast<__m512bh>(columns[1]));
    }
  }
#pragma GCC unroll 8
  for (int r = 0; r < kRows; ++r) {
    _mm512_store_ps(sums + r * kColumns, totals[r][0]);
    _mm512_store_ps(sums + r * kColumns + 16, totals[r][1]);
  }
}

class FilterProduct {
 public:
  FilterProduct(const Pixels& image, ConstNumbers x, const Part& part, const Pixels& source, ConstNumbers dy,
                int64_t taps, int64_t images)
      : image_(image),
        x_(x),
        part_(part),
        source_(source),
        dy_(dy),
        taps_(taps),
        layout_(pixel_layout({part}, image,
                             std::min(images, groups_of(kPositions, source.height * source.width)), kTogether)),
        lines_(layout_.step_y * layout_.step_x * layout_.phase) {
    const int64_t of_image = source.height * source.width;
    places_.resize(static_cast<size_t>(groups_of(layout_.images * of_image, 2) * 2));
    for (int64_t q = 0; q < layout_.images * of_image; ++q) {
      const int64_t k = q / of_image, i = q % of_image / source.width, j = q % source.width;
      place(q, (k * layout_.rows + i) * layout_.pitch + j);
    }
    for (const Tap& tap : part.taps) offsets_.push_back(pixel_offset(layout_, part, tap) * kColumns);
  }

  int64_t left_panels() const { return groups_of(source_.channels, kRows); }
  int64_t right_panels() const { return groups_of(image_.channels, kColumns); }
  // Floats of all sums: [panel of x][panel of dy][tap][8][32].
  int64_t size() const { return right_panels() * left_panels() * taps_ * kSums; }
  int64_t sums_at(int64_t right, int64_t left, int64_t tap) const {
    return ((right * left_panels() + left) * taps_ + tap) * kSums;
  }
  // Floats of working memory for one thread, whatever its share.
  int64_t workspace() const {
    return (right_panels() * lines_ * kColumns + left_panels() * static_cast<int64_t>(places_.size()) * kRows) / 2;
  }

  // What some images give to the sums of some panels of dy and of x.
  void run(Range images, Range left, Range right, float* workspace, float* sums) const {
    // Taps that meet no pixel.
    if (static_cast<int64_t>(part_.taps.size()) < taps_) {
      for (int64_t b = right.first; b < right.last; ++b) {
        std::fill(sums + sums_at(b, left.first, 0), sums + sums_at(b, left.last, 0), 0.0f);
      }
    }
    const int64_t of_image = source_.height * source_.width, of_line = lines_ * kColumns;
    auto* lines = reinterpret_cast<Bfloat16*>(workspace);
    Bfloat16* pairs_of_dy = lines + right.count() * of_line;
    if (!lies_ready(layout_, image_)) std::fill(lines, pairs_of_dy, Bfloat16{0});
    for (int64_t n = images.first; n < images.last; n += layout_.images) {
      const int64_t count = std::min(layout_.images, images.last - n);
      const int64_t positions = count * of_image, pairs = groups_of(positions, 2);
      pack(n, count, left, right, lines, pairs_of_dy);
      // The pixel beside an odd one out is multiplied by zero; it must be a number.
      std::vector<int32_t> odd;
      const int32_t* places = places_.data();
      if (positions % 2 == 1 && count < layout_.images) {
        odd.assign(places, places + 2 * pairs);
        odd.back() = odd[odd.size() - 2];
        places = odd.data();
      }
      for (int64_t b = right.first; b < right.last; ++b) {
        for (int64_t a = left.first; a < left.last; ++a) {
          const Bfloat16* of_left = pairs_of_dy + (a - left.first) * pairs * 2 * kRows;
          for (size_t t = 0; t < part_.taps.size(); ++t) {
            add_panels(of_left, lines + (b - right.first) * of_line + offsets_[t], places, pairs, n == images.first,
                       sums + sums_at(b, a, part_.taps[t].index));
          }
        }
      }
    }
  }

  // Taps · channels of x by channels of dy out of the sums of `pieces` partial results, added in order.
  void take(const float* sums, int64_t pieces, float* out) const {
    const int64_t columns = source_.channels, twins = groups_of(left_panels(), 2);
    parallel_for(right_panels() * twins, 1, [&](int64_t begin, int64_t end) {
      for (int64_t item = begin; item < end; ++item) {
        for (int64_t tap = 0; tap < taps_; ++tap) take_square(sums, pieces, item / twins, item % twins * 2, tap, columns, out);
      }
    });
  }

 private:
  void place(int64_t position, int64_t pixel) {
    places_[static_cast<size_t>(position)] = static_cast<int32_t>(pixel * kColumns);
    // Repeated where it is the last one, which the next overwrites.
    if (position + 1 < static_cast<int64_t>(places_.size())) {
      places_[static_cast<size_t>(position + 1)] = places_[static_cast<size_t>(position)];
    }
  }

  void pack(int64_t n, int64_t count, Range left, Range right, Bfloat16* lines, Bfloat16* pairs_of_dy) const {
    const int64_t of_line = lines_ * kColumns, from = n * source_.of_image();
    const int64_t positions = count * source_.height * source_.width;
    if (x_.halves() != nullptr) {
      pack_lines(layout_, image_, x_.halves(), n, count, right, of_line, lines);
    } else {
      pack_lines(layout_, image_, x_.floats(), n, count, right, of_line, lines);
    }
    if (dy_.halves() != nullptr) {
      pack_pairs(dy_.halves() + from, positions, source_.channels, left, pairs_of_dy);
    } else {
      pack_pairs(dy_.floats() + from, positions, source_.channels, left, pairs_of_dy);
    }
  }

  // 32 channels of x by the 16 channels of dy of two panels.
  void take_square(const float* sums, int64_t pieces, int64_t right, int64_t left, int64_t tap, int64_t columns,
                   float* out) const {
    const int64_t first = left * kRows;
    const auto mask = static_cast<__mmask16>(first_lanes(columns - first));
    for (int64_t half = 0; half < 2; ++half) {
      const int64_t channel = right * kColumns + half * 16;
      transpose_detail::Of<16>::Floats rows[16] = {};
      for (int64_t r = 0; r < 16 && first + r < groups_of(columns, kRows) * kRows; ++r) {
        const float* from = sums + sums_at(right, left + r / kRows, tap) + r % kRows * kColumns + half * 16;
        __m512 total = _mm512_loadu_ps(from);
        for (int64_t piece = 1; piece < pieces; ++piece) total = _mm512_add_ps(total, _mm512_loadu_ps(from + piece * size()));
        std::memcpy(&rows[r], &total, sizeof(total));
      }
      transpose_groups<16, 16>(rows);
      for (int64_t c = 0; c < std::min<int64_t>(16, image_.channels - channel); ++c) {
        float* to = out + (tap * image_.channels + channel + c) * columns + first;
        _mm512_mask_storeu_ps(to, mask, reinterpret_cast<__m512>(rows[c]));
      }
    }
  }

  const Pixels image_;
  const ConstNumbers x_;
  const Part& part_;
  const Pixels source_;
  const ConstNumbers dy_;
  const int64_t taps_;
  const PixelLayout layout_;
  const int64_t lines_;            // of a panel of x
  std::vector<int32_t> places_;    // where the positions of a group read, in numbers of a panel
  std::vector<int64_t> offsets_;   // of the taps
};

}  // namespace

bool bf16_filter_product(const Pixels& image, ConstNumbers x, const Part& part, const Pixels& source, ConstNumbers dy,
                         int64_t taps, float* out) {
  constexpr int64_t kLeastChannels = 16;
  const int threads = thread_count();
  if (image.channels < kLeastChannels || source.channels < kLeastChannels || image.batch < threads) return false;
  // Partial sums of all threads would fill the caches. Each thread packs its part of the side with more numbers, and all
  // of the other one.
  const int64_t left = groups_of(source.channels, kRows), right = groups_of(image.channels, kColumns);
  const int64_t numbers_of_x = image.height * image.width * image.channels;
  const bool by_x = numbers_of_x > source.of_image() && right >= threads;
  const bool by_channels = taps * image.channels * source.channels * threads >= kManySums && (by_x || left >= 4 * threads);
  const int64_t of_thread = by_channels ? image.batch : (image.batch + threads - 1) / threads;
  const FilterProduct product(image, x, part, source, dy, taps, of_thread);
  const int64_t pieces = by_channels ? 1 : threads;
  float* sums = scratch(ScratchUse::kSums, product.size() * pieces);
  const int64_t of_workspace = groups_of(product.workspace(), 16) * 16;
  float* workspace = scratch(ScratchUse::kTiles, of_workspace * threads);
  const auto run = [&](Range images, Range of_left, Range of_right, float* to) {
    product.run(images, of_left, of_right, workspace + thread_index() * of_workspace, to);
  };
  const Range all{0, image.batch}, whole_left{0, left}, whole_right{0, right};
  if (by_channels && by_x) {
    parallel_for(right, 1, [&](int64_t first, int64_t last) { run(all, whole_left, {first, last}, sums); });
  } else if (by_channels) {
    parallel_for(left, 4, [&](int64_t first, int64_t last) { run(all, {first, last}, whole_right, sums); });
  } else {
    parallel_for(pieces, 1, [&](int64_t begin, int64_t end) {
      for (int64_t piece = begin; piece < end; ++piece) {
        const Range images{image.batch * piece / pieces, image.batch * (piece + 1) / pieces};
        run(images, whole_left, whole_right, sums + piece * product.size());
      }
    });
  }
  product.take(sums, pieces, out);
  return true;
}

}  // namespace tricklab

#elif !defined(TRICKLAB_BF16)

namespace tricklab {

bool bf16_filter_product(const Pixels&, ConstNumbers, const Part&, const Pixels&, ConstNumbers, int64_t, float*) {
  return false;
}

}  // namespace tricklab

#endif
