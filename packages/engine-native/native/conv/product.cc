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

// From this number of channels on a depth block stays within one tap, and parts that share taps share their panels.
constexpr int64_t kOwnTaps = 64;

// One depth block of a part.
struct DepthBlock {
  int64_t depth;
  int64_t start;  // of its panels in the scratch memory
  std::vector<Stretch> stretches;
};

struct PreparedPart {
  const Part* part;
  int64_t rows;  // positions in all images
  std::vector<DepthBlock> blocks;
};

// Rows [from, from + count) of a tap's channels, which are rows of a depth block.
struct PackJob {
  int64_t tap, from, count;
  int64_t start, depth, row;  // the block, and the first row there
};

class Product {
 public:
  Product(const Image& image, const std::vector<Part>& parts, const Target& target, const Epilogue& epilogue)
      : image_(image), target_(target), panels_(panels_of(target.channels)), relu_(epilogue.relu) {
    width_ = padded_columns(target.channels);
    const bool shared = parts.size() > 1 && image.channels >= kOwnTaps;
    std::vector<int64_t> starts;  // of taps that are packed already
    for (const Part& part : parts) {
      const int64_t positions = part.height * part.width * image.batch;
      if (positions == 0) continue;
      parts_.push_back({&part, positions, {}});
      if (shared) {
        for (size_t t = 0; t < part.taps.size(); ++t) add_tap(part, t, starts);
      } else {
        add_blocks(part, static_cast<int64_t>(part.taps.size()) * image.channels);
      }
    }
    packed_ = scratch(ScratchUse::kPanels, floats_);
    tiles_ = scratch(ScratchUse::kTiles, kRows * kTileStride * thread_count());
    if (epilogue.bias != nullptr) {
      float* bias = scratch(ScratchUse::kBias, width_);
      std::copy(epilogue.bias, epilogue.bias + target.channels, bias);
      std::fill(bias + target.channels, bias + width_, 0.0f);
      bias_ = bias;
    }
  }

  void pack(const MatrixView& filter, int64_t tap_step) {
    // A tap of few channels is packed in less time than a thread takes to wake.
    const int64_t grain = 1 + 8192 / (image_.channels * width_ + 1);
    parallel_for(static_cast<int64_t>(jobs_.size()), grain, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        const PackJob& job = jobs_[static_cast<size_t>(i)];
        const float* from = filter.data + job.tap * tap_step + job.from * filter.row_step;
        for (const Panel& panel : panels_) {
          pack_rows({from, filter.row_step, filter.column_step}, job.count, panel,
                    packed_ + job.start + panel.from * job.depth, job.row);
        }
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
          for (const PreparedPart& prepared : parts_) {
            const int64_t positions = prepared.part->height * prepared.part->width;
            rows_product(prepared, n * positions, stop * positions, 0, panels_.size());
          }
        }
      });
      return;
    }
    for (const PreparedPart& prepared : parts_) {
      // Whole rows of work for every thread where there are enough; else the panels are shared out as well.
      const int64_t block = std::min<int64_t>(kRows, (prepared.rows + threads - 1) / threads);
      const int64_t tile_block = std::max<int64_t>(kMaxTileRows, (block + kMaxTileRows - 1) / kMaxTileRows * kMaxTileRows);
      const int64_t row_blocks = (prepared.rows + tile_block - 1) / tile_block;
      const int64_t groups = row_blocks >= 4 * threads ? 1 : static_cast<int64_t>(panels_.size());
      const int64_t work = tile_block * depth_of(prepared) * width_ / groups;
      parallel_for(row_blocks * groups, 1 + 16384 / work, [&](int64_t begin, int64_t end) {
        for (int64_t unit = begin; unit < end;) {
          const int64_t row_block = unit / groups;
          const int64_t group = unit % groups;
          const int64_t stop = std::min(end - row_block * groups, groups);
          const int64_t row = row_block * tile_block;
          const bool all = group == 0 && stop == groups;
          // Consecutive whole row blocks are one range of rows.
          const int64_t whole = all ? std::max<int64_t>(1, (end - unit) / groups) : 1;
          const int64_t row_end = std::min(prepared.rows, row + whole * tile_block);
          const size_t panel_begin = groups == 1 ? 0 : static_cast<size_t>(group);
          const size_t panel_end = groups == 1 ? panels_.size() : static_cast<size_t>(stop);
          rows_product(prepared, row, row_end, panel_begin, panel_end);
          unit = all ? unit + whole * groups : row_block * groups + stop;
        }
      });
    }
  }

 private:
  // A tap in blocks of its own.
  void add_tap(const Part& part, size_t t, std::vector<int64_t>& starts) {
    const size_t index = static_cast<size_t>(part.taps[t].index);
    if (starts.size() <= index) starts.resize(index + 1, -1);
    const DepthBlocks blocks(image_.channels);
    const bool packed = starts[index] >= 0;
    if (!packed) {
      starts[index] = floats_;
      floats_ += image_.channels * width_;
    }
    for (int64_t from = 0; from < image_.channels; from += blocks.block) {
      const int64_t depth = std::min(blocks.block, image_.channels - from);
      const int64_t start = starts[index] + from * width_;
      const int64_t k = static_cast<int64_t>(t) * image_.channels + from;
      parts_.back().blocks.push_back({depth, start, stretches_of(part.taps, image_, k, k + depth)});
      if (!packed) jobs_.push_back({part.taps[t].index, from, depth, start, depth, 0});
    }
  }

  // All taps of a part one behind the other, in equal blocks.
  void add_blocks(const Part& part, int64_t total) {
    const DepthBlocks blocks(total);
    for (int64_t k = 0; k < total; k += blocks.block) {
      const int64_t end = std::min(total, k + blocks.block);
      parts_.back().blocks.push_back({end - k, floats_, stretches_of(part.taps, image_, k, end)});
      for (int64_t at = k; at < end;) {
        const int64_t from = at % image_.channels;
        const int64_t count = std::min(end - at, image_.channels - from);
        const int64_t tap = part.taps[static_cast<size_t>(at / image_.channels)].index;
        jobs_.push_back({tap, from, count, floats_, end - k, at - k});
        at += count;
      }
      floats_ += (end - k) * width_;
    }
  }

  int64_t depth_of(const PreparedPart& prepared) const {
    return std::max<int64_t>(1, static_cast<int64_t>(prepared.part->taps.size()) * image_.channels);
  }

  void rows_product(const PreparedPart& prepared, int64_t begin, int64_t end, size_t panel_begin, size_t panel_end) {
    const Part& part = *prepared.part;
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
      // Pixels that no tap reaches are the bias alone: a product of depth 0.
      static const DepthBlock kNothing{0, 0, {}};
      const size_t blocks = prepared.blocks.size();
      for (size_t b = 0; b < std::max<size_t>(1, blocks); ++b) {
        const DepthBlock& block = blocks == 0 ? kNothing : prepared.blocks[b];
        if (blocks > 0) gather_patches(image_, part, block.stretches, row, rows, tile, kTileStride);
        const Finish finish{b > 0, b == 0 ? bias_ : nullptr, relu_ && b + 1 >= blocks};
        for (size_t p = panel_begin; p < panel_end; ++p) {
          const Panel& panel = panels_[p];
          const float* from = packed_ + block.start + panel.from * block.depth;
          multiply_rows(tile, rows, block.depth, from, panel, targets, panel.from, finish);
        }
      }
    }
  }

  const Image image_;
  const Target target_;
  const std::vector<Panel> panels_;
  std::vector<PreparedPart> parts_;
  std::vector<PackJob> jobs_;
  int64_t width_;
  int64_t floats_ = 0;  // of packed panels
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
