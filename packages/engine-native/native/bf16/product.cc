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

PackedPart prepare(const PixelLayout& layout, const Part& part, const Target& target) {
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
        prepared.places.push_back({row, inside ? (y * target.width + x) * target.stride : -1});
      }
    }
  }
  prepared.of_image = static_cast<int64_t>(prepared.places.size()) / layout.images;
  return prepared;
}

// Row k of a run, whose taps follow each other in the filter in any order.
const float* row_of(const PackedPart& prepared, const DepthRun& run, int64_t channels, const MatrixView& filter,
                    int64_t tap_step, int64_t k) {
  const Tap& tap = prepared.part->taps[run.tap + static_cast<size_t>(k / channels)];
  return filter.data + tap.index * tap_step + (k % channels) * filter.row_step;
}

// A tile of the filter whose rows are contiguous: pairs of rows.
void pack_rows_tile(const PackedPart& prepared, const DepthRun& run, int64_t channels, const MatrixView& filter,
                    int64_t tap_step, int64_t k, int64_t column, int64_t columns, Bfloat16* to) {
  const int64_t length = run.taps * channels;
  const auto mask = static_cast<__mmask16>(columns >= 16 ? 0xffff : (1u << columns) - 1);
  const auto row = [&](int64_t at) {
    if (at >= length) return _mm512_setzero_ps();
    return _mm512_maskz_loadu_ps(mask, row_of(prepared, run, channels, filter, tap_step, at) + column);
  };
  for (int64_t pair = 0; pair < 16; ++pair) {
    const Words words = pairs_of(to_bfloat16(row(k + 2 * pair)), to_bfloat16(row(k + 2 * pair + 1)));
    std::memcpy(to + pair * 32, &words, sizeof(words));
  }
}

// A tile of the filter whose columns are contiguous within a tap: transposed pairs.
void pack_columns_tile(const PackedPart& prepared, const DepthRun& run, int64_t channels, const MatrixView& filter,
                       int64_t tap_step, int64_t k, int64_t column, int64_t columns, Bfloat16* to) {
  const int64_t length = std::min(kTileDepth, run.taps * channels - k);
  transpose_detail::Of<16>::Floats rows[16];
  for (int64_t j = 0; j < 16; ++j) {
    alignas(64) float depth[kTileDepth] = {};
    if (j < columns) {
      for (int64_t at = 0; at < length;) {
        const int64_t stretch = std::min(length - at, channels - (k + at) % channels);
        const float* from = row_of(prepared, run, channels, filter, tap_step, k + at) + (column + j) * filter.column_step;
        std::memcpy(depth + at, from, static_cast<size_t>(stretch) * sizeof(float));
        at += stretch;
      }
    }
    const __m512bh pairs = _mm512_cvtne2ps_pbh(_mm512_load_ps(depth + 16), _mm512_load_ps(depth));
    std::memcpy(&rows[j], &pairs, sizeof(pairs));
  }
  transpose_groups<16, 16>(rows);
  std::memcpy(to, rows, sizeof(rows));
}

// Packed: [panel][block of depth][2 tiles of columns][16 pairs][16 columns][2].
void pack_filter(const std::vector<PackedPart>& parts, int64_t channels, const MatrixView& filter, int64_t tap_step,
                 int64_t columns, int64_t blocks, Bfloat16* packed) {
  const int64_t panels = (columns + kPanel - 1) / kPanel;
  const auto pack_tile = filter.column_step == 1 ? pack_rows_tile : pack_columns_tile;
  const auto pack_block = [&](const PackedPart& part, const DepthRun& run, int64_t k, int64_t panel, Bfloat16* to) {
    for (int64_t half = 0; half < 2; ++half) {
      const int64_t column = panel * kPanel + half * 16;
      const int64_t count = std::clamp<int64_t>(columns - column, 0, 16);
      // Masked loads of no columns must not touch memory beyond the filter.
      if (count == 0) {
        std::memset(to + half * 512, 0, 512 * sizeof(Bfloat16));
      } else {
        pack_tile(part, run, channels, filter, tap_step, k, column, count, to + half * 512);
      }
    }
  };
  parallel_for(panels * blocks, 16, [&](int64_t begin, int64_t end) {
    for (int64_t panel = begin / blocks; panel * blocks < end; ++panel) {
      int64_t block = panel * blocks;
      for (const PackedPart& part : parts) {
        for (const DepthRun& run : part.runs) {
          for (int64_t k = 0; k < run.taps * channels; k += kTileDepth, ++block) {
            if (block >= begin && block < end) pack_block(part, run, k, panel, packed + block * kBlock);
          }
        }
      }
    }
  });
}

// Sums of `count` positions for one panel.
#if defined(TRICKLAB_AMX)

inline void multiply(const Bfloat16* images, int64_t channels, const Place* places, int64_t /*count*/,
                     const std::vector<int64_t>& offsets, const Bfloat16* filter, float* sums) {
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
}

#else

inline void multiply(const Bfloat16* images, int64_t /*channels*/, const Place* places, int64_t count,
                     const std::vector<int64_t>& offsets, const Bfloat16* filter, float* sums) {
  constexpr int R = 8;
  for (int64_t first = 0; first < count; first += R) {
    DotSums<R, 2> dots;
    const Bfloat16* rows[R];
    // Behind the last position the last one is computed again, and not used.
    const int64_t end = std::min<int64_t>(R, count - first) - 1;
#pragma GCC unroll 16
    for (int r = 0; r < R; ++r) {
      dots[r][0] = dots[r][1] = _mm512_setzero_ps();
      rows[r] = images + places[first + std::min<int64_t>(r, end)].row;
    }
    const Bfloat16* block = filter;
    for (const int64_t offset : offsets) {
      const Bfloat16* left[R];
#pragma GCC unroll 16
      for (int r = 0; r < R; ++r) left[r] = rows[r] + offset;
      add_dots<R, 2>(dots, left, block, 32, 512);
      block += kBlock;
    }
#pragma GCC unroll 16
    for (int r = 0; r < R; ++r) {
      _mm512_store_ps(sums + (first + r) * kPanel, dots[r][0]);
      _mm512_store_ps(sums + (first + r) * kPanel + 16, dots[r][1]);
    }
  }
}

#endif

inline void finish(const float* sums, const float* bias, bool relu, bool past, int64_t columns, float* to) {
  for (int64_t c = 0; c < columns; c += 16) {
    const auto mask = static_cast<__mmask16>(columns - c >= 16 ? 0xffff : (1u << (columns - c)) - 1);
    __m512 value = _mm512_add_ps(_mm512_load_ps(sums + c), _mm512_load_ps(bias + c));
    // What is not a number stays so.
    if (relu) {
      const __mmask16 negative = _mm512_cmp_ps_mask(value, _mm512_setzero_ps(), _CMP_LT_OQ);
      value = _mm512_mask_mov_ps(value, negative, _mm512_setzero_ps());
    }
    if (past) {
      _mm512_stream_ps(to + c, value);
    } else {
      _mm512_mask_storeu_ps(to + c, mask, value);
    }
  }
}

}  // namespace

bool bf16_product(const Image& image, const std::vector<Part>& parts, const MatrixView& filter, int64_t tap_step,
                 const Target& target, const Epilogue& epilogue) {
  constexpr int64_t kLeastChannels = 16;
  const int threads = thread_count();
  if (!bf16_available() || image.channels < kLeastChannels || target.channels < kLeastChannels) return false;
  if (image.batch < threads) return false;
  const int64_t of_thread = (image.batch + threads - 1) / threads;
  const PixelLayout layout = pixel_layout(parts, image, of_thread, kTogether);
  std::vector<PackedPart> prepared;
  int64_t blocks = 0;
  for (const Part& part : parts) {
    prepared.push_back(prepare(layout, part, target));
    prepared.back().start = blocks;
    blocks += static_cast<int64_t>(prepared.back().offsets.size());
  }
  const int64_t panels = (target.channels + kPanel - 1) / kPanel;
  auto* packed = reinterpret_cast<Bfloat16*>(scratch(ScratchUse::kPanels, panels * blocks * kBlock / 2));
  pack_filter(prepared, image.channels, filter, tap_step, target.channels, blocks, packed);
  float* bias = scratch(ScratchUse::kBias, panels * kPanel);
  std::fill(bias, bias + panels * kPanel, 0.0f);
  if (epilogue.bias != nullptr) std::copy(epilogue.bias, epilogue.bias + target.channels, bias);
  // Results of a block of positions stay in the second-level cache until all their channels are there.
  const int64_t block = std::max<int64_t>(4, kTogether / 4 / (panels * kPanel) / kPositions) * kPositions;
  const int64_t of_pixels = (layout.size() + 127) / 64 * 32;
  const bool past = target.channels % kStreamLine == 0 && target.stride % kStreamLine == 0 &&
                    past_cache(target.data, image.batch * target.height * target.width * target.stride);
  float* all_pixels = scratch(ScratchUse::kTiles, of_pixels * threads);
  parallel_for(image.batch, 1, [&](int64_t begin, int64_t end) {
    const HeldTiles tiles;
    auto* pixels = reinterpret_cast<Bfloat16*>(all_pixels + thread_index() * of_pixels);
    std::fill(pixels, pixels + layout.size(), Bfloat16{0});
    alignas(64) float sums[kPositions * kPanel];
    for (int64_t n = begin; n < end; n += layout.images) {
      const int64_t count = std::min(layout.images, end - n);
      fill_pixels(layout, image, n, count, pixels);
      float* results = target.data + n * target.height * target.width * target.stride;
      for (const PackedPart& part : prepared) {
        const int64_t positions = count * part.of_image;
        for (int64_t first = 0; first < positions; first += block) {
          const int64_t last = std::min(positions, first + block);
          for (int64_t panel = 0; panel < panels; ++panel) {
            const Bfloat16* of_panel = packed + (panel * blocks + part.start) * kBlock;
            const int64_t columns = std::min(kPanel, target.channels - panel * kPanel);
            for (int64_t q = first; q < last; q += kPositions) {
              const Place* places = part.places.data() + q;
              const int64_t rows = std::min(kPositions, last - q);
              multiply(pixels, image.channels, places, rows, part.offsets, of_panel, sums);
              for (int64_t r = 0; r < rows; ++r) {
                if (places[r].target < 0) continue;
                float* to = results + places[r].target + panel * kPanel;
                finish(sums + r * kPanel, bias + panel * kPanel, epilogue.relu, past, columns, to);
              }
            }
          }
        }
      }
    }
    if (past) end_streaming();
  });
  return true;
}

}  // namespace tricklab

#else

namespace tricklab {

bool bf16_product(const Image&, const std::vector<Part>&, const MatrixView&, int64_t, const Target&, const Epilogue&) {
  return false;
}

}  // namespace tricklab

#endif
