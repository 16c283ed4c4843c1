#include "bf16/units.h"
#include "bf16/products.h"

#if defined(TRICKLAB_BF16)

#include <algorithm>
#include <cstring>

#include "base/streaming.h"
#include "base/threads.h"
#include "bf16/pixels.h"
#include "gemm/scratch.h"
#include "gemm/transpose.h"

namespace tricklab {
namespace {

constexpr int64_t kPanel = 2 * kTileSide;      // columns
constexpr int64_t kPositions = 2 * kTileSide;  // of a step, at most
constexpr int64_t kBlock = kTileDepth * kPanel;

// Numbers of the images that are laid out together: about half a megabyte.
constexpr int64_t kTogether = 256 * 1024;

// Neighbouring taps of a part: `length` numbers of depth, in blocks of 32.
struct DepthRun {
  int64_t offset;  // in numbers, from position 0
  size_t tap;      // the first one
  int64_t taps;
};

// Where a position of the images reads and writes, in numbers from the first image of either side.
struct Place {
  int64_t row;
  int64_t target;  // −1 where there is no pixel
};

#if defined(TRICKLAB_AMX)
// Tiles read neighbouring positions, those of the padding too.
constexpr bool kPadded = true;
#else
constexpr bool kPadded = false;
#endif

struct PackedPart {
  const Part* part;
  std::vector<DepthRun> runs;
  std::vector<int64_t> offsets;  // of the blocks
  int64_t start;                 // of its packed filter, in blocks of a panel
  std::vector<Place> places;     // of the images that are laid out together, one image after the other
  int64_t of_image;              // places of one image
};

int64_t blocks_of(int64_t numbers) { return (numbers + kTileDepth - 1) / kTileDepth; }

PackedPart prepare(const PixelLayout& layout, const Part& part, const Pixels& target) {
  PackedPart prepared;
  prepared.part = &part;
  for (size_t t = 0; t < part.taps.size(); ++t) {
    const int64_t offset = pixel_offset(layout, part, part.taps[t]) * layout.channels;
    if (!prepared.runs.empty()) {
      DepthRun& last = prepared.runs.back();
      if (offset == last.offset + last.taps * layout.channels) {
        ++last.taps;
        continue;
      }
    }
    prepared.runs.push_back({offset, t, 1});
  }
  for (const DepthRun& run : prepared.runs) {
    for (int64_t b = 0; b < blocks_of(run.taps * layout.channels); ++b) {
      prepared.offsets.push_back(run.offset + b * kTileDepth);
    }
  }
  prepared.places.reserve(static_cast<size_t>(layout.positions()));
  for (int64_t k = 0; k < layout.images; ++k) {
    for (int64_t i = 0; i < (kPadded ? layout.rows : part.height); ++i) {
      for (int64_t j = 0; j < (kPadded ? layout.pitch : part.width); ++j) {
        const int64_t row = ((k * layout.rows + i) * layout.pitch + j) * layout.channels;
        const int64_t y = k * target.height + i * part.out_y.step + part.out_y.from;
        const int64_t x = j * part.out_x.step + part.out_x.from;
        const bool inside = i < part.height && j < part.width;
        prepared.places.push_back({row, inside ? (y * target.width + x) * target.channels : -1});
      }
    }
  }
  prepared.of_image = static_cast<int64_t>(prepared.places.size()) / layout.images;
  return prepared;
}

// Rows of a filter that a run of taps meets, which follow each other in the filter in any order.
struct FilterRows {
  const Part& part;
  const DepthRun& run;
  int64_t channels;
  const MatrixView& filter;
  int64_t tap_step;

  int64_t count() const { return run.taps * channels; }
  const float* at(int64_t k) const {
    const Tap& tap = part.taps[run.tap + static_cast<size_t>(k / channels)];
    return filter.data + tap.index * tap_step + (k % channels) * filter.row_step;
  }
  // Rows from k on that are as far from each other as those of one tap.
  int64_t together(int64_t k) const { return std::min(kTileDepth, channels - k % channels); }
};

// A tile of the filter whose rows are contiguous: pairs of rows.
void pack_rows_tile(const FilterRows& rows, int64_t k, int64_t column, int64_t columns, Bfloat16* to) {
  const auto mask = static_cast<__mmask16>(columns >= 16 ? 0xffff : (1u << columns) - 1);
  const float* first = rows.at(k) + column;
  const bool together = rows.together(k) == kTileDepth;
  const auto row = [&](int64_t r) {
    if (together) return _mm512_maskz_loadu_ps(mask, first + r * rows.filter.row_step);
    if (k + r >= rows.count()) return _mm512_setzero_ps();
    return _mm512_maskz_loadu_ps(mask, rows.at(k + r) + column);
  };
  const __m512i pairs = _mm512_set_epi16(31, 15, 30, 14, 29, 13, 28, 12, 27, 11, 26, 10, 25, 9, 24, 8, 23, 7, 22, 6, 21, 5,
                                         20, 4, 19, 3, 18, 2, 17, 1, 16, 0);
  for (int64_t pair = 0; pair < 16; ++pair) {
    const __m512i both = to_bfloat16(row(2 * pair), row(2 * pair + 1));
    _mm512_store_si512(to + pair * 32, _mm512_permutexvar_epi16(pairs, both));
  }
}

// A tile of the filter whose columns are contiguous within a tap: transposed pairs.
void pack_columns_tile(const FilterRows& rows, int64_t k, int64_t column, int64_t columns, Bfloat16* to) {
  const int64_t length = std::min(kTileDepth, rows.count() - k);
  transpose_detail::Of<16>::Floats pairs[16];
  const float* first = rows.at(k) + column * rows.filter.column_step;
  const bool together = rows.together(k) == kTileDepth;
  for (int64_t j = 0; j < 16; ++j) {
    __m512i values = _mm512_setzero_si512();
    if (j < columns && together) {
      values = load_halves(first + j * rows.filter.column_step, kTileDepth);
    } else if (j < columns) {
      float depth[kTileDepth] = {};
      for (int64_t at = 0; at < length;) {
        const int64_t stretch = std::min(length - at, rows.together(k + at));
        const float* from = rows.at(k + at) + (column + j) * rows.filter.column_step;
        std::memcpy(depth + at, from, static_cast<size_t>(stretch) * sizeof(float));
        at += stretch;
      }
      values = load_halves(depth, kTileDepth);
    }
    std::memcpy(&pairs[j], &values, sizeof(values));
  }
  transpose_groups<16, 16>(pairs);
  std::memcpy(to, pairs, sizeof(pairs));
}

// Packed: [panel][block of depth][2 tiles of columns][16 pairs][16 columns][2].
void pack_filter(const std::vector<PackedPart>& parts, int64_t channels, const MatrixView& filter, int64_t tap_step,
                 int64_t columns, int64_t blocks, Bfloat16* packed) {
  const int64_t panels = (columns + kPanel - 1) / kPanel;
  const auto pack_tile = filter.column_step == 1 ? pack_rows_tile : pack_columns_tile;
  const auto pack_block = [&](const FilterRows& rows, int64_t k, int64_t panel, Bfloat16* to) {
    for (int64_t half = 0; half < 2; ++half) {
      const int64_t column = panel * kPanel + half * 16;
      const int64_t count = std::clamp<int64_t>(columns - column, 0, 16);
      // Masked loads of no columns must not touch memory beyond the filter.
      if (count == 0) {
        std::memset(to + half * 512, 0, 512 * sizeof(Bfloat16));
      } else {
        pack_tile(rows, k, column, count, to + half * 512);
      }
    }
  };
  struct Block {
    FilterRows rows;
    int64_t k;
  };
  std::vector<Block> all;
  for (const PackedPart& part : parts) {
    for (const DepthRun& run : part.runs) {
      const FilterRows rows{*part.part, run, channels, filter, tap_step};
      for (int64_t k = 0; k < rows.count(); k += kTileDepth) all.push_back({rows, k});
    }
  }
  // The filter is read along its contiguous side.
  const bool along_rows = filter.column_step == 1;
  parallel_for(panels * blocks, 16, [&](int64_t begin, int64_t end) {
    for (int64_t item = begin; item < end; ++item) {
      const int64_t block = along_rows ? item / panels : item % blocks;
      const int64_t panel = along_rows ? item % panels : item / blocks;
      const Block& one = all[static_cast<size_t>(block)];
      pack_block(one.rows, one.k, panel, packed + (panel * blocks + block) * kBlock);
    }
  });
}

// Sums of `count` positions for one panel: calls finish(place, 16 sums, the 16 beside them) for each. The rows of what
// follows are asked for if `ahead`: `more` places lie behind the last one.
#if defined(TRICKLAB_AMX)

template <typename Finish>
inline void multiply(const Bfloat16* images, int64_t channels, const Place* places, int64_t count, int64_t /*more*/,
                     bool /*ahead*/, const std::vector<int64_t>& offsets, const Bfloat16* filter, Finish finish) {
  alignas(64) float sums[kPositions * kPanel];
  const Bfloat16* pixels = images + places[0].row;
  const int64_t stride = channels * static_cast<int64_t>(sizeof(Bfloat16));
  _tile_zero(0);
  _tile_zero(1);
  _tile_zero(2);
  _tile_zero(3);
  for (const int64_t offset : offsets) {
    const Bfloat16* from = pixels + offset;
    _tile_loadd(4, from, stride);
    _tile_loadd(6, filter, 64);
    _tile_dpbf16ps(0, 4, 6);
    _tile_loadd(7, filter + 512, 64);
    _tile_dpbf16ps(1, 4, 7);
    _tile_loadd(5, from + 16 * channels, stride);
    _tile_dpbf16ps(2, 5, 6);
    _tile_dpbf16ps(3, 5, 7);
    filter += kBlock;
  }
  _tile_stored(0, sums, kPanel * 4);
  _tile_stored(1, sums + 16, kPanel * 4);
  _tile_stored(2, sums + 16 * kPanel, kPanel * 4);
  _tile_stored(3, sums + 16 * kPanel + 16, kPanel * 4);
  for (int64_t r = 0; r < count; ++r) {
    if (places[r].target < 0) continue;
    finish(places[r].target, _mm512_load_ps(sums + r * kPanel), _mm512_load_ps(sums + r * kPanel + 16));
  }
}

#else

template <typename Finish>
inline void multiply(const Bfloat16* images, int64_t /*channels*/, const Place* places, int64_t count, int64_t more,
                     bool ahead, const std::vector<int64_t>& offsets, const Bfloat16* filter, Finish finish) {
  constexpr int R = 8;
  for (int64_t first = 0; first < count; first += R) {
    DotSums<R, 2> dots;
    const Bfloat16* rows[R];
    // Behind the last position the last one is computed again, and not used.
    const int64_t here = std::min<int64_t>(R, count - first);
#pragma GCC unroll 16
    for (int r = 0; r < R; ++r) {
      dots[r][0] = dots[r][1] = _mm512_setzero_ps();
      rows[r] = images + places[first + std::min<int64_t>(r, here - 1)].row;
    }
    const Bfloat16* block = filter;
    const bool fetch = ahead && first + 2 * R <= count + more;
    for (const int64_t offset : offsets) {
      if (fetch) {
#pragma GCC unroll 16
        for (int r = 0; r < R; ++r) _mm_prefetch(images + places[first + R + r].row + offset, _MM_HINT_T0);
      }
      const Bfloat16* left[R];
#pragma GCC unroll 16
      for (int r = 0; r < R; ++r) left[r] = rows[r] + offset;
      add_dots<R, 2>(dots, left, block, 32, 512);
      block += kBlock;
    }
#pragma GCC unroll 16
    for (int r = 0; r < R; ++r) {
      if (r < here) finish(places[first + r].target, dots[r][0], dots[r][1]);
    }
  }
}

#endif

// Whole lines of results may be written past the caches.
inline void store(__m512 low, __m512 high, int64_t columns, bool past, Bfloat16* to) {
  const __m512i halves = to_bfloat16(low, high);
  if (past) {
    _mm512_stream_si512(reinterpret_cast<__m512i*>(to), halves);
  } else if (columns >= kPanel) {
    _mm512_storeu_si512(to, halves);
  } else {
    _mm512_mask_storeu_epi16(to, first_lanes(columns), halves);
  }
}

inline void store(__m512 low, __m512 high, int64_t columns, bool past, float* to) {
  if (past) {
    _mm512_stream_ps(to, low);
    _mm512_stream_ps(to + 16, high);
    return;
  }
  const __mmask32 mask = first_lanes(columns);
  _mm512_mask_storeu_ps(to, static_cast<__mmask16>(mask), low);
  if (columns > 16) _mm512_mask_storeu_ps(to + 16, static_cast<__mmask16>(mask >> 16), high);
}

// What is not a number stays so.
inline __m512 finished(__m512 sum, __m512 bias, bool relu) {
  const __m512 value = _mm512_add_ps(sum, bias);
  if (!relu) return value;
  return _mm512_mask_mov_ps(value, _mm512_cmp_ps_mask(value, _mm512_setzero_ps(), _CMP_LT_OQ), _mm512_setzero_ps());
}

// Pixels and what they are multiplied with, ready for the tiles.
struct Product {
  const Pixels& image;
  ConstNumbers x;
  const Pixels& target;
  const Epilogue& epilogue;
  PixelLayout layout;
  std::vector<PackedPart> parts;
  int64_t panels, blocks;
  const Bfloat16* filter;
  const float* bias;
  bool ready;  // whether the pixels are read where they lie
};

// One group of images that are laid out together, their results from `results` on.
template <class T>
void multiply_group(const Product& product, const Bfloat16* pixels, int64_t count, bool past, T* results) {
  const int64_t channels = product.target.channels;
  const bool relu = product.epilogue.relu;
  // Results of a block of positions stay in the second-level cache until all their channels are there.
  const int64_t block = std::max<int64_t>(4, kTogether / 4 / (product.panels * kPanel) / kPositions) * kPositions;
  for (const PackedPart& part : product.parts) {
    const int64_t positions = count * part.of_image;
    for (int64_t first = 0; first < positions; first += block) {
      const int64_t last = std::min(positions, first + block);
      for (int64_t panel = 0; panel < product.panels; ++panel) {
        const Bfloat16* of_panel = product.filter + (panel * product.blocks + part.start) * kBlock;
        const int64_t columns = std::min(kPanel, channels - panel * kPanel);
        const float* bias = product.bias + panel * kPanel;
        const __m512 low_bias = _mm512_load_ps(bias), high_bias = _mm512_load_ps(bias + 16);
        T* to = results + panel * kPanel;
        const auto finish = [&](int64_t at, __m512 low, __m512 high) {
          store(finished(low, low_bias, relu), finished(high, high_bias, relu), columns, past, to + at);
        };
        for (int64_t q = first; q < last; q += kPositions) {
          const int64_t rows = std::min(kPositions, last - q);
          const bool ahead = product.ready && panel == 0;
          multiply(pixels, product.image.channels, part.places.data() + q, rows, positions - q - rows, ahead,
                   part.offsets, of_panel, finish);
        }
      }
    }
  }
}

template <class T>
void multiply_all(const Product& product, T* out) {
  const PixelLayout& layout = product.layout;
  const int64_t of_target = product.target.of_image();
  const bool past = product.target.channels % kPanel == 0 && past_cache(out, product.target.batch * of_target);
  const bool ready = product.ready;
  const int64_t of_pixels = (layout.size() + 127) / 64 * 32;
  float* all_pixels = ready ? nullptr : scratch(ScratchUse::kTiles, of_pixels * thread_count());
  parallel_for(product.image.batch, 1, [&](int64_t begin, int64_t end) {
    const HeldTiles tiles;
    auto* own = ready ? nullptr : reinterpret_cast<Bfloat16*>(all_pixels + thread_index() * of_pixels);
    if (!ready) std::fill(own, own + layout.size(), Bfloat16{0});
    for (int64_t n = begin; n < end; n += layout.images) {
      const int64_t count = std::min(layout.images, end - n);
      if (!ready) fill_pixels(layout, product.image, product.x, n, count, own);
      const Bfloat16* pixels = ready ? product.x.halves() + n * product.image.of_image() : own;
      multiply_group(product, pixels, count, past, out + n * of_target);
    }
    if (past) end_streaming();
  });
}

}  // namespace

bool bf16_product(const Pixels& image, ConstNumbers x, const std::vector<Part>& parts, const MatrixView& filter,
                  int64_t tap_step, const Pixels& target, Numbers out, const Epilogue& epilogue) {
  constexpr int64_t kLeastChannels = 16;
  const int threads = thread_count();
  if (!bf16_available() || image.channels < kLeastChannels || target.channels < kLeastChannels) return false;
  if (image.batch < threads) return false;
  const int64_t of_thread = (image.batch + threads - 1) / threads;
  Product product{image, x, target, epilogue, pixel_layout(parts, image, of_thread, kTogether), {}, 0, 0, nullptr, nullptr, false};
  // Tiles of matrix units may run over the end of what they read.
  product.ready = !kPadded && x.halves() != nullptr && image.channels % kTileDepth == 0 && lies_ready(product.layout, image);
  for (const Part& part : parts) {
    product.parts.push_back(prepare(product.layout, part, target));
    product.parts.back().start = product.blocks;
    product.blocks += static_cast<int64_t>(product.parts.back().offsets.size());
  }
  product.panels = (target.channels + kPanel - 1) / kPanel;
  auto* packed = reinterpret_cast<Bfloat16*>(scratch(ScratchUse::kPanels, product.panels * product.blocks * kBlock / 2));
  pack_filter(product.parts, image.channels, filter, tap_step, target.channels, product.blocks, packed);
  product.filter = packed;
  float* bias = scratch(ScratchUse::kBias, product.panels * kPanel);
  std::fill(bias, bias + product.panels * kPanel, 0.0f);
  if (epilogue.bias != nullptr) std::copy(epilogue.bias, epilogue.bias + target.channels, bias);
  product.bias = bias;
  if (out.halves() != nullptr) {
    multiply_all(product, out.halves());
  } else {
    multiply_all(product, out.floats());
  }
  return true;
}

}  // namespace tricklab

#else

namespace tricklab {

bool bf16_product(const Pixels&, ConstNumbers, const std::vector<Part>&, const MatrixView&, int64_t, const Pixels&,
                  Numbers, const Epilogue&) {
  return false;
}

}  // namespace tricklab

#endif
