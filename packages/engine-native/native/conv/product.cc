#include "conv/product.h"

#include <algorithm>

#include "base/threads.h"
#include "conv/patches.h"
#include "gemm/microkernel.h"
#include "gemm/scratch.h"

namespace tricklab {
namespace {

// Rows of a tile of patches: with a full depth block it fills about a tenth of a second-level cache of 2 MiB. A
// multiple of every register tile's rows.
constexpr int64_t kRows = 192;

// Pixels of images whose parts interleave are finished by all parts while they are in the cache.
constexpr int64_t kInterleavedBytes = 512 * 1024;

struct PackedPart {
  const Part* part;
  DepthBlocks blocks;
  int64_t start;                                // of its panels in the scratch memory
  std::vector<std::vector<Stretch>> stretches;  // by depth block
  int64_t rows;                                 // positions in all images
};

class Product {
 public:
  Product(const Image& image, const std::vector<Part>& parts, const Target& target, const Epilogue& epilogue)
      : image_(image), target_(target), panels_(panels_of(target.channels)), relu_(epilogue.relu) {
    width_ = padded_columns(target.channels);
    int64_t floats = 0;
    for (const Part& part : parts) {
      const int64_t positions = part.height * part.width * image.batch;
      if (positions == 0) continue;
      PackedPart packed{&part, DepthBlocks(static_cast<int64_t>(part.taps.size()) * image.channels), floats, {},
                        positions};
      for (int64_t b = 0; b < packed.blocks.count(); ++b) {
        const int64_t begin = b * packed.blocks.block;
        const int64_t end = std::min(packed.blocks.depth, begin + packed.blocks.block);
        packed.stretches.push_back(stretches_of(part.taps, image, begin, end));
      }
      floats += packed.blocks.depth * width_;
      parts_.push_back(std::move(packed));
    }
    packed_ = scratch(ScratchUse::kPanels, floats);
    tiles_ = scratch(ScratchUse::kTiles, kRows * kTileStride * thread_count());
    if (epilogue.bias != nullptr) {
      float* bias = scratch(ScratchUse::kBias, width_);
      std::copy(epilogue.bias, epilogue.bias + target.channels, bias);
      std::fill(bias + target.channels, bias + width_, 0.0f);
      bias_ = bias;
    }
  }

  void pack(const MatrixView& filter, int64_t tap_step) {
    // One job a tap of a part: its channels are rows of one or two depth blocks.
    std::vector<std::pair<const PackedPart*, int64_t>> jobs;
    for (const PackedPart& packed : parts_) {
      for (size_t t = 0; t < packed.part->taps.size(); ++t) jobs.push_back({&packed, static_cast<int64_t>(t)});
    }
    // A tap of few channels is packed in less time than a thread takes to wake.
    const int64_t grain = 1 + 8192 / (image_.channels * width_ + 1);
    const int64_t pieces = jobs.size() == 1 ? thread_count() : 1;
    parallel_for(static_cast<int64_t>(jobs.size()) * pieces, grain, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        const auto& [packed, t] = jobs[static_cast<size_t>(i / pieces)];
        const int64_t piece = i % pieces;
        const int64_t index = packed->part->taps[static_cast<size_t>(t)].index;
        const MatrixView tap{filter.data + index * tap_step, filter.row_step, filter.column_step};
        pack_tap(*packed, t, tap, image_.channels * piece / pieces, image_.channels * (piece + 1) / pieces);
      }
    });
  }

  void run() {
    const int threads = thread_count();
    const bool interleaved = parts_.size() > 1;
    if (interleaved && image_.batch >= threads) {
      const int64_t bytes = target_.height * target_.width * target_.stride * 4;
      const int64_t chunk = std::max<int64_t>(1, kInterleavedBytes / std::max<int64_t>(1, bytes));
      parallel_for(image_.batch, 1, [&](int64_t begin, int64_t end) {
        for (int64_t n = begin; n < end; n += chunk) {
          const int64_t stop = std::min(end, n + chunk);
          for (const PackedPart& packed : parts_) {
            const int64_t positions = packed.part->height * packed.part->width;
            rows_product(packed, n * positions, stop * positions, 0, panels_.size());
          }
        }
      });
      return;
    }
    for (const PackedPart& packed : parts_) {
      // Whole rows of work for every thread where there are enough; else the panels are shared out as well.
      const int64_t block = std::min<int64_t>(kRows, (packed.rows + threads - 1) / threads);
      const int64_t tile_block = std::max<int64_t>(kMaxTileRows, (block + kMaxTileRows - 1) / kMaxTileRows * kMaxTileRows);
      const int64_t row_blocks = (packed.rows + tile_block - 1) / tile_block;
      const int64_t groups = row_blocks >= 4 * threads ? 1 : static_cast<int64_t>(panels_.size());
      const int64_t work = tile_block * std::max<int64_t>(1, packed.blocks.depth) * width_ / groups;
      parallel_for(row_blocks * groups, 1 + 16384 / work, [&](int64_t begin, int64_t end) {
        for (int64_t unit = begin; unit < end;) {
          const int64_t row_block = unit / groups;
          const int64_t group = unit % groups;
          const int64_t stop = std::min(end - row_block * groups, groups);
          const int64_t row = row_block * tile_block;
          const bool all = group == 0 && stop == groups;
          // Consecutive whole row blocks are one range of rows.
          const int64_t whole = all ? std::max<int64_t>(1, (end - unit) / groups) : 1;
          const int64_t row_end = std::min(packed.rows, row + whole * tile_block);
          const size_t panel_begin = groups == 1 ? 0 : static_cast<size_t>(group);
          const size_t panel_end = groups == 1 ? panels_.size() : static_cast<size_t>(stop);
          rows_product(packed, row, row_end, panel_begin, panel_end);
          unit = all ? unit + whole * groups : row_block * groups + stop;
        }
      });
    }
  }

 private:
  // Packs channels [begin, end) of one tap.
  void pack_tap(const PackedPart& packed, int64_t t, const MatrixView& tap, int64_t begin, int64_t end) {
    for (int64_t c = begin; c < end;) {
      const int64_t k = t * image_.channels + c;
      const int64_t block_begin = k / packed.blocks.block * packed.blocks.block;
      const int64_t depth = std::min(packed.blocks.block, packed.blocks.depth - block_begin);
      const int64_t count = std::min(end - c, block_begin + depth - k);
      float* block = packed_ + packed.start + block_begin * width_;
      for (const Panel& panel : panels_) {
        const MatrixView rows{tap.data + c * tap.row_step, tap.row_step, tap.column_step};
        pack_rows(rows, count, panel, block + panel.from * depth, k - block_begin);
      }
      c += count;
    }
  }

  void rows_product(const PackedPart& packed, int64_t begin, int64_t end, size_t panel_begin, size_t panel_end) {
    const Part& part = *packed.part;
    float* tile = tiles_ + thread_index() * kRows * kTileStride;
    float* targets[kRows];
    for (int64_t row = begin; row < end; row += kRows) {
      const int64_t rows = std::min(kRows, end - row);
      Walk walk(part, row);
      for (int64_t q = 0; q < rows; ++q, walk.next()) {
        const int64_t y = walk.i * part.out_y.step + part.out_y.from;
        const int64_t x = walk.j * part.out_x.step + part.out_x.from;
        targets[q] = target_.data + ((walk.n * target_.height + y) * target_.width + x) * target_.stride;
      }
      const int64_t blocks = packed.blocks.count();
      // Pixels that no tap reaches are the bias alone: a product of depth 0.
      for (int64_t b = 0; b < std::max<int64_t>(1, blocks); ++b) {
        const int64_t k = b * packed.blocks.block;
        const int64_t depth = std::min(packed.blocks.block, packed.blocks.depth - k);
        if (blocks > 0) {
          gather_patches(image_, part, packed.stretches[static_cast<size_t>(b)], row, rows, tile, kTileStride);
        }
        const float* block = packed_ + packed.start + k * width_;
        const Finish finish{b > 0, b == 0 ? bias_ : nullptr, relu_ && b + 1 >= blocks};
        for (size_t p = panel_begin; p < panel_end; ++p) {
          const Panel& panel = panels_[p];
          multiply_rows(tile, rows, depth, block + panel.from * depth, panel, targets, panel.from, finish);
        }
      }
    }
  }

  const Image image_;
  const Target target_;
  const std::vector<Panel> panels_;
  std::vector<PackedPart> parts_;
  int64_t width_;
  float* packed_;
  float* tiles_;
  const float* bias_ = nullptr;
  const bool relu_;
};

}  // namespace

void patch_product(const Image& image, const std::vector<Part>& parts, const MatrixView& filter, int64_t tap_step,
                   const Target& target, const Epilogue& epilogue) {
  if (target.channels == 0) return;
  Product product(image, parts, target, epilogue);
  product.pack(filter, tap_step);
  product.run();
}

}  // namespace tricklab
