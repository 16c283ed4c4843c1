#include "conv/filter_product.h"

#include <algorithm>
#include <cstring>

#include "base/threads.h"
#include "conv/patches.h"
#include "gemm/microkernel.h"
#include "gemm/pack.h"
#include "gemm/scratch.h"

namespace tricklab {
namespace {

// Positions of a block: with a panel of three vectors they fill the first-level cache but for a slice of patches.
constexpr int64_t kPositions = 160;

// Columns of a tile of patches.
constexpr int64_t kColumns = 576;
constexpr int64_t kStride = kColumns + kMaxTileRows + 8;

// Sums of this size are computed by rows, each thread its own; smaller ones by pixels, with a partial sum a thread.
constexpr int64_t kLargeSum = 64 * 1024;

// Rows of the gradient that are neighbours among a part's patches too.
struct Rows {
  int64_t part_row;
  int64_t row;
  int64_t count;
};

// Rows [begin, end) of the gradient, as they lie in the part's patches.
std::vector<Rows> rows_of(const Part& part, int64_t channels, int64_t begin, int64_t end) {
  std::vector<Rows> result;
  for (size_t t = 0; t < part.taps.size();) {
    size_t last = t + 1;
    while (last < part.taps.size() && part.taps[last].index == part.taps[last - 1].index + 1) ++last;
    const int64_t from = part.taps[t].index * channels;
    const int64_t to = from + static_cast<int64_t>(last - t) * channels;
    const int64_t first = std::max(begin, from);
    if (std::min(end, to) > first) {
      result.push_back({static_cast<int64_t>(t) * channels + first - from, first, std::min(end, to) - first});
    }
    t = last;
  }
  return result;
}

class FilterProduct {
 public:
  FilterProduct(const Image& image, const std::vector<Part>& parts, const Source& source, int64_t taps)
      : image_(image),
        parts_(parts),
        source_(source),
        panels_(panels_of(source.channels)),
        width_(padded_columns(source.channels)),
        depth_(taps * image.channels) {}

  void run(float* out, int64_t out_stride) {
    const int threads = thread_count();
    tiles_ = scratch(ScratchUse::kTiles, kPositions * kStride * threads);
    right_ = scratch(ScratchUse::kRight, kPositions * width_ * threads);
    const int64_t padded = (depth_ + kMaxTileRows - 1) / kMaxTileRows * kMaxTileRows;
    if (depth_ * width_ >= kLargeSum && padded >= threads * kMaxTileRows) {
      // The sums may stand in the result itself when that has no gaps.
      const bool in_place = out_stride == width_;
      float* sums = in_place ? out : scratch(ScratchUse::kSums, depth_ * width_);
      parallel_for(depth_, kMaxTileRows, [&](int64_t begin, int64_t end) {
        std::fill(sums + begin * width_, sums + end * width_, 0.0f);
        for (const Part& part : parts_) add_part(part, 0, rows_in(part), begin, end, sums);
        if (!in_place) copy_rows(sums, begin, end, out, out_stride);
      });
      return;
    }
    int64_t positions = 0;
    for (const Part& part : parts_) positions += rows_in(part);
    const int64_t work = positions * depth_ * source_.channels;
    const int64_t pieces = std::clamp<int64_t>(work / 65536, 1, threads);
    float* sums = scratch(ScratchUse::kSums, depth_ * width_ * pieces);
    parallel_for(pieces, 1, [&](int64_t begin, int64_t end) {
      for (int64_t piece = begin; piece < end; ++piece) {
        float* own = sums + piece * depth_ * width_;
        std::fill(own, own + depth_ * width_, 0.0f);
        for (const Part& part : parts_) {
          const int64_t rows = rows_in(part);
          add_part(part, rows * piece / pieces, rows * (piece + 1) / pieces, 0, depth_, own);
        }
      }
    });
    for (int64_t piece = 1; piece < pieces; ++piece) {
      const float* other = sums + piece * depth_ * width_;
      for (int64_t i = 0; i < depth_ * width_; ++i) sums[i] += other[i];
    }
    copy_rows(sums, 0, depth_, out, out_stride);
  }

 private:
  int64_t rows_in(const Part& part) const { return image_.batch * part.height * part.width; }

  void copy_rows(const float* sums, int64_t begin, int64_t end, float* out, int64_t out_stride) const {
    for (int64_t k = begin; k < end; ++k) {
      std::memcpy(out + k * out_stride, sums + k * width_, static_cast<size_t>(source_.channels) * sizeof(float));
    }
  }

  // Adds what positions [from, to) of a part give to rows [begin, end) of the sums.
  void add_part(const Part& part, int64_t from, int64_t to, int64_t begin, int64_t end, float* sums) const {
    const auto rows = rows_of(part, image_.channels, begin, end);
    if (rows.empty()) return;
    float* tile = tiles_ + thread_index() * kPositions * kStride;
    float* right = right_ + thread_index() * kPositions * width_;
    // Register tiles read over the end of a slab's rows: never let them meet old numbers, which may be denormal.
    std::fill(tile, tile + kPositions * kStride, 0.0f);
    for (int64_t position = from; position < to; position += kPositions) {
      const int64_t count = std::min(kPositions, to - position);
      pack_source(part, position, count, right);
      for (const Rows& run : rows) {
        for (int64_t k = 0; k < run.count; k += kColumns) {
          const int64_t columns = std::min(kColumns, run.count - k);
          const auto stretches = stretches_of(part.taps, image_, run.part_row + k, run.part_row + k + columns);
          gather_patches(image_, part, stretches, position, count, tile, kStride);
          for (const Panel& panel : panels_) {
            multiply_transposed(tile, kStride, columns, count, right + panel.from * count, panel,
                                sums + (run.row + k) * width_ + panel.from, width_);
          }
        }
      }
    }
  }

  void pack_source(const Part& part, int64_t position, int64_t count, float* right) const {
    Walk walk(part, position);
    for (int64_t q = 0; q < count;) {
      const int64_t y = walk.i * part.out_y.step + part.out_y.from;
      const int64_t x = walk.j * part.out_x.step + part.out_x.from;
      const float* from = source_.data + ((walk.n * source_.height + y) * source_.width + x) * source_.stride;
      const int64_t length = std::min(count - q, part.width - walk.j);
      for (const Panel& panel : panels_) {
        pack_rows({from, source_.stride * part.out_x.step, 1}, length, panel, right + panel.from * count, q);
      }
      q += length;
      walk.j = 0;
      walk.next_line();
    }
  }

  const Image image_;
  const std::vector<Part>& parts_;
  const Source source_;
  const std::vector<Panel> panels_;
  const int64_t width_;
  const int64_t depth_;
  float* tiles_ = nullptr;
  float* right_ = nullptr;
};

}  // namespace

void filter_product(const Image& image, const std::vector<Part>& parts, const Source& source, int64_t taps, float* out,
                    int64_t out_stride) {
  FilterProduct(image, parts, source, taps).run(out, out_stride);
}

}  // namespace tricklab
