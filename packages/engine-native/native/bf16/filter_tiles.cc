// Filter products on matrix units.
#include "bf16/products.h"
#include "bf16/units.h"

#if defined(TRICKLAB_AMX)

#include <algorithm>
#include <cstring>

#include "base/threads.h"
#include "bf16/pixels.h"
#include "gemm/scratch.h"
#include "gemm/transpose.h"

namespace tricklab {
namespace {

constexpr int64_t kTile = 16;                 // channels of either side
constexpr int64_t kSums = kTile * kTile;      // of one pair of tiles
constexpr int64_t kStep = kTileDepth;          // positions of one product
constexpr int64_t kTogether = 256 * 1024;     // numbers of the images that are laid out together
constexpr int64_t kLargeSum = 256 * 1024;     // shared out by channels from this size on, below by images

int64_t tiles_of(int64_t channels) { return (channels + kTile - 1) / kTile; }

// Pixels of the other side, [positions][channels] with `stride` numbers from one to the next; what is no position must be
// zero already.
template <class T>
void fill_positions(const PixelLayout& layout, const Pixels& source, const T* dy, int64_t n, int64_t count,
                    Bfloat16* to, int64_t stride) {
  const int64_t channels = source.channels;
  for (int64_t k = 0; k < count; ++k) {
    for (int64_t i = 0; i < source.height; ++i) {
      const T* from = dy + ((n + k) * source.height + i) * source.width * channels;
      Bfloat16* line = to + (k * layout.rows + i) * layout.pitch * stride;
      for (int64_t j = 0; j < source.width; ++j) {
        for (int64_t c = 0; c < channels; c += 32) {
          const int64_t left = channels - c;
          _mm512_mask_storeu_epi16(line + j * stride + c, first_lanes(left), load_halves(from + j * channels + c, left));
        }
      }
    }
  }
}

// Neighbouring pixels interleaved: number c of pair p is (pixel 2p + first, pixel 2p + first + 1).
void interleave_pixels(const Bfloat16* pixels, int64_t pairs, int64_t channels, Bfloat16* to) {
  for (int64_t p = 0; p < pairs; ++p, pixels += 2 * channels, to += 2 * channels) {
    int64_t c = 0;
    for (; c + kTile <= channels; c += kTile) {
      Halves low, high;
      std::memcpy(&low, pixels + c, sizeof(low));
      std::memcpy(&high, pixels + channels + c, sizeof(high));
      const Words words = pairs_of(low, high);
      std::memcpy(to + 2 * c, &words, sizeof(words));
    }
    for (; c < channels; ++c) {
      to[2 * c] = pixels[c];
      to[2 * c + 1] = pixels[channels + c];
    }
  }
}

// dy as [tile of channels][step of positions][16 channels][32 positions].
void transpose_positions(const Bfloat16* from, int64_t steps, int64_t tiles, Bfloat16* to) {
  const int64_t stride = tiles * kTile;
  for (int64_t tile = 0; tile < tiles; ++tile) {
    for (int64_t step = 0; step < steps; ++step) {
      const Bfloat16* at = from + step * kStep * stride + tile * kTile;
      transpose_detail::Of<16>::Floats rows[16];
      for (int64_t pair = 0; pair < 16; ++pair) {
        Halves low, high;
        std::memcpy(&low, at + 2 * pair * stride, sizeof(low));
        std::memcpy(&high, at + (2 * pair + 1) * stride, sizeof(high));
        const Words words = pairs_of(low, high);
        std::memcpy(&rows[pair], &words, sizeof(words));
      }
      transpose_groups<16, 16>(rows);
      std::memcpy(to + (tile * steps + step) * kTile * kStep, rows, sizeof(rows));
    }
  }
}

// Adds to the sums of 16 · A channels of dy with 16 · B channels of one tap. Sums of a tile of dy's channels are
// `left_sums` floats apart.
template <int A, int B>
inline void add_tiles(const Bfloat16* left, int64_t left_step, const Bfloat16* pairs, int64_t channels, int64_t steps,
                      float* sums, int64_t left_sums) {
  const int64_t stride = channels * 2 * static_cast<int64_t>(sizeof(Bfloat16));
  constexpr int64_t row = kTile * 4;
  _tile_loadd(0, sums, row);
  if constexpr (B == 2) _tile_loadd(1, sums + kSums, row);
  if constexpr (A == 2) _tile_loadd(2, sums + left_sums, row);
  if constexpr (A == 2 && B == 2) _tile_loadd(3, sums + left_sums + kSums, row);
  for (int64_t step = 0; step < steps; ++step) {
    _tile_loadd(4, left, 64);
    _tile_loadd(6, pairs, stride);
    _tile_dpbf16ps(0, 4, 6);
    if constexpr (B == 2) {
      _tile_loadd(7, pairs + 2 * kTile, stride);
      _tile_dpbf16ps(1, 4, 7);
    }
    if constexpr (A == 2) {
      _tile_loadd(5, left + left_step, 64);
      _tile_dpbf16ps(2, 5, 6);
      if constexpr (B == 2) _tile_dpbf16ps(3, 5, 7);
    }
    left += kTile * kStep;
    pairs += kStep * channels;
  }
  _tile_stored(0, sums, row);
  if constexpr (B == 2) _tile_stored(1, sums + kSums, row);
  if constexpr (A == 2) _tile_stored(2, sums + left_sums, row);
  if constexpr (A == 2 && B == 2) _tile_stored(3, sums + left_sums + kSums, row);
}

struct Sizes {
  int64_t taps, left_tiles, right_tiles;
  int64_t of_tile() const { return taps * right_tiles * kSums; }  // floats of a tile of dy's channels
  int64_t size() const { return left_tiles * of_tile(); }
};

class FilterProduct {
 public:
  FilterProduct(const Pixels& image, ConstNumbers x, const Part& part, const Pixels& source, ConstNumbers dy,
                int64_t taps, int64_t images)
      : image_(image),
        x_(x),
        part_(part),
        source_(source),
        dy_(dy),
        layout_(pixel_layout({part}, image, images, kTogether)),
        sizes_{taps, tiles_of(source.channels), tiles_of(image.channels)} {
    for (const Tap& tap : part.taps) (offset_of(tap) % 2 == 0 ? even_ : odd_) = true;
    steps_ = (layout_.positions() + kStep - 1) / kStep;
    // Tiles read 16 channels where fewer are left, and 32 positions where the last step has fewer.
    pixels_ = (layout_.size() + 2 * kStep * image.channels + 63) / 64 * 64;
    positions_ = steps_ * kStep * sizes_.left_tiles * kTile;
  }

  const Sizes& sizes() const { return sizes_; }

  // Floats of working memory for one thread.
  int64_t workspace() const { return (3 * pixels_ + 2 * positions_) / 2 + 64; }

  // Adds what images [begin, end) give to tiles [first, last) of dy's channels.
  void add(int64_t begin, int64_t end, int64_t first, int64_t last, float* workspace, float* sums) const {
    const HeldTiles tiles;
    auto* pixels = reinterpret_cast<Bfloat16*>(workspace);
    Bfloat16* even = pixels + pixels_;
    Bfloat16* odd = even + pixels_;
    Bfloat16* positions = odd + pixels_;
    Bfloat16* left = positions + positions_;
    std::fill(pixels, positions + positions_, Bfloat16{0});
    const int64_t stride = sizes_.left_tiles * kTile;
    for (int64_t n = begin; n < end; n += layout_.images) {
      const int64_t count = std::min(layout_.images, end - n);
      // The last group may be smaller than the one before, which must not show through.
      if (count < layout_.images) std::fill(positions, positions + positions_, Bfloat16{0});
      fill_pixels(layout_, image_, x_, n, count, pixels);
      const int64_t pairs = pixels_ / image_.channels / 2 - 1;
      if (even_) interleave_pixels(pixels, pairs, image_.channels, even);
      if (odd_) interleave_pixels(pixels + image_.channels, pairs, image_.channels, odd);
      if (dy_.halves() != nullptr) {
        fill_positions(layout_, source_, dy_.halves(), n, count, positions, stride);
      } else {
        fill_positions(layout_, source_, dy_.floats(), n, count, positions, stride);
      }
      transpose_positions(positions, steps_, sizes_.left_tiles, left);
      const int64_t steps = (count * layout_.image_pixels() + kStep - 1) / kStep;
      for (int64_t a = first; a < last; a += 2) {
        for (size_t t = 0; t < part_.taps.size(); ++t) {
          const int64_t offset = offset_of(part_.taps[t]);
          const Bfloat16* of_tap = (offset % 2 == 0 ? even : odd) + offset / 2 * 2 * image_.channels;
          float* of_tile = sums + a * sizes_.of_tile() + part_.taps[t].index * sizes_.right_tiles * kSums;
          for (int64_t b = 0; b < sizes_.right_tiles; b += 2) {
            add_some(std::min<int64_t>(2, last - a), std::min<int64_t>(2, sizes_.right_tiles - b),
                     left + a * steps_ * kTile * kStep, of_tap + b * 2 * kTile, steps, of_tile + b * kSums);
          }
        }
      }
    }
  }

 private:
  int64_t offset_of(const Tap& tap) const { return pixel_offset(layout_, part_, tap); }

  void add_some(int64_t a, int64_t b, const Bfloat16* left, const Bfloat16* pairs, int64_t steps, float* sums) const {
    const int64_t left_step = steps_ * kTile * kStep;
    if (a == 2 && b == 2) {
      add_tiles<2, 2>(left, left_step, pairs, image_.channels, steps, sums, sizes_.of_tile());
    } else if (a == 2) {
      add_tiles<2, 1>(left, left_step, pairs, image_.channels, steps, sums, sizes_.of_tile());
    } else if (b == 2) {
      add_tiles<1, 2>(left, left_step, pairs, image_.channels, steps, sums, sizes_.of_tile());
    } else {
      add_tiles<1, 1>(left, left_step, pairs, image_.channels, steps, sums, sizes_.of_tile());
    }
  }

  const Pixels image_;
  const ConstNumbers x_;
  const Part& part_;
  const Pixels source_;
  const ConstNumbers dy_;
  const PixelLayout layout_;
  const Sizes sizes_;
  // Whether a tap begins with the first or the second pixel of a pair.
  bool even_ = false, odd_ = false;
  int64_t steps_;
  int64_t pixels_, positions_;
};

// Rows [begin, end) of taps · channels out of the tiles: the sums of `pieces` partial results, in order.
void take(const Sizes& sizes, const float* sums, int64_t pieces, int64_t channels, int64_t columns, float* out) {
  parallel_for(sizes.taps * channels, 64, [&](int64_t begin, int64_t end) {
    for (int64_t k = begin; k < end; ++k) {
      const int64_t c = k % channels;
      const float* tile = sums + (k / channels * sizes.right_tiles + c / kTile) * kSums + c % kTile;
      for (int64_t j = 0; j < columns; ++j) {
        const float* at = tile + j / kTile * sizes.of_tile() + j % kTile * kTile;
        float sum = at[0];
        for (int64_t piece = 1; piece < pieces; ++piece) sum += at[piece * sizes.size()];
        out[k * columns + j] = sum;
      }
    }
  });
}

}  // namespace

bool bf16_filter_product(const Pixels& image, ConstNumbers x, const Part& part, const Pixels& source, ConstNumbers dy,
                         int64_t taps, float* out) {
  constexpr int64_t kLeastChannels = 16;
  const int threads = thread_count();
  if (!bf16_available() || image.channels < kLeastChannels || source.channels < kLeastChannels) return false;
  if (image.batch < threads) return false;
  const int64_t sum = taps * image.channels * source.channels;
  const bool by_channels = sum >= kLargeSum && tiles_of(source.channels) >= 2 * threads;
  const int64_t of_thread = by_channels ? image.batch : (image.batch + threads - 1) / threads;
  const FilterProduct product(image, x, part, source, dy, taps, of_thread);
  const Sizes& sizes = product.sizes();
  const int64_t pieces = by_channels ? 1 : threads;
  float* all_sums = scratch(ScratchUse::kSums, sizes.size() * pieces);
  float* workspace = scratch(ScratchUse::kTiles, product.workspace() * threads);
  const auto add = [&](int64_t begin, int64_t end, int64_t first, int64_t last, float* sums) {
    product.add(begin, end, first, last, workspace + thread_index() * product.workspace(), sums);
  };
  if (by_channels) {
    parallel_for(sizes.left_tiles, 2, [&](int64_t first, int64_t last) {
      std::fill(all_sums + first * sizes.of_tile(), all_sums + last * sizes.of_tile(), 0.0f);
      add(0, image.batch, first, last, all_sums);
    });
  } else {
    parallel_for(pieces, 1, [&](int64_t begin, int64_t end) {
      for (int64_t piece = begin; piece < end; ++piece) {
        float* sums = all_sums + piece * sizes.size();
        std::fill(sums, sums + sizes.size(), 0.0f);
        add(image.batch * piece / pieces, image.batch * (piece + 1) / pieces, 0, sizes.left_tiles, sums);
      }
    });
  }
  take(sizes, all_sums, pieces, image.channels, source.channels, out);
  return true;
}

}  // namespace tricklab

#endif
