#include <algorithm>

#include "base/threads.h"
#include "conv/planar.h"
#include "conv/planar_tile.h"
#include "conv/planes.h"
#include "gemm/scratch.h"
#include "gemm/transpose.h"

namespace tricklab {
namespace {

// Adds the products of a tile's inputs with its channels of the other side, lane by lane.
template <typename Tile>
void gradient_tile(const float* planes, const int64_t* offsets, const float* right, int64_t right_step,
                   int64_t positions, float* sums) {
  constexpr int C = Tile::kChannels;
  constexpr int T = Tile::kInputs;
  Vector sum[T][C];
  const float* left[T];
#pragma GCC unroll 8
  for (int t = 0; t < T; ++t) {
    left[t] = planes + offsets[t];
#pragma GCC unroll 8
    for (int c = 0; c < C; ++c) sum[t][c] = *reinterpret_cast<const Vector*>(sums + (t * C + c) * kLanes);
  }
  for (int64_t q = 0; q < positions; q += kLanes) {
    Vector a[T];
#pragma GCC unroll 8
    for (int t = 0; t < T; ++t) a[t] = *reinterpret_cast<const Vector*>(left[t] + q);
#pragma GCC unroll 8
    for (int c = 0; c < C; ++c) {
      const Vector b = *reinterpret_cast<const Vector*>(right + c * right_step + q);
#pragma GCC unroll 8
      for (int t = 0; t < T; ++t) sum[t][c] += a[t] * b;
    }
  }
#pragma GCC unroll 8
  for (int t = 0; t < T; ++t) {
#pragma GCC unroll 8
    for (int c = 0; c < C; ++c) *reinterpret_cast<Vector*>(sums + (t * C + c) * kLanes) = sum[t][c];
  }
}

// The sum of the lanes of each of kLanes vectors, halves onto halves.
Vector sums_of_lanes(const float* vectors) {
  transpose_detail::Of<kLanes>::Floats rows[kLanes];
  std::memcpy(rows, vectors, sizeof(rows));
  transpose_groups<kLanes, kLanes>(rows);
#pragma GCC unroll 4
  for (int width = kLanes / 2; width > 0; width /= 2) {
    for (int i = 0; i < width; ++i) rows[i] += rows[i + width];
  }
  return rows[0];
}

template <typename Tile>
void run(const std::vector<PlanarFilterGroup>& groups, const Part& part, int64_t out_stride) {
  constexpr int C = Tile::kChannels;
  constexpr int T = Tile::kInputs;
  constexpr int64_t kTileFloats = T * C * kLanes;
  const Image& image = groups[0].image;
  const Source& source = groups[0].source;
  const int64_t group_count = static_cast<int64_t>(groups.size());
  const int64_t pieces = std::min<int64_t>(thread_count(), image.batch);
  // Lanes add up other positions in stacks: groups alone may change what they sum up to.
  const PlaneLayout layout =
      group_count == 1 ? plane_layout({part}, image) : stacked_layout({part}, image, image.batch / pieces);
  std::vector<int64_t> offsets = plane_offsets(layout, part);
  const int64_t inputs = static_cast<int64_t>(offsets.size());
  const int64_t tiles = (inputs + T - 1) / T;
  const int64_t blocks = (source.channels + C - 1) / C;
  // Tiles that are not full repeat the last input, and their other channels are zero.
  offsets.resize(static_cast<size_t>(tiles * T), offsets.back());
  const int64_t right_size = blocks * C * layout.plane;
  // Sums of a group, [blocks][tiles][T][C] vectors, in whole squares of vectors.
  const int64_t group_vectors = (tiles * blocks * T * C + kLanes - 1) / kLanes * kLanes;
  const int64_t sums_size = group_count * group_vectors * kLanes;
  float* all_planes = scratch(ScratchUse::kTiles, layout.size() * pieces);
  float* all_right = scratch(ScratchUse::kRight, right_size * pieces);
  float* all_sums = scratch(ScratchUse::kSums, sums_size * pieces);
  parallel_for(pieces, 1, [&](int64_t begin, int64_t end) {
    for (int64_t piece = begin; piece < end; ++piece) {
      float* planes = all_planes + piece * layout.size();
      float* right = all_right + piece * right_size;
      float* sums = all_sums + piece * sums_size;
      std::fill(planes, planes + layout.size(), 0.0f);
      std::fill(right, right + right_size, 0.0f);
      std::fill(sums, sums + sums_size, 0.0f);
      const int64_t last = image.batch * (piece + 1) / pieces;
      for (int64_t n = image.batch * piece / pieces; n < last; n += layout.images) {
        const int64_t count = std::min(layout.images, last - n);
        // Vectors run over the end of a stack that is not full: there, too, the other side has to be zero.
        if (count < layout.images) std::fill(right, right + right_size, 0.0f);
        for (int64_t g = 0; g < group_count; ++g) {
          const PlanarFilterGroup& group = groups[static_cast<size_t>(g)];
          for (int64_t i = 0; i < count; ++i) {
            const int64_t at = i * layout.image_floats();
            fill_planes(layout, group.image, n + i, planes + at);
            fill_position_planes(layout, part, group.source.data, source.height, source.width, source.channels,
                                 source.stride, n + i, right + at);
          }
          float* own = sums + g * group_vectors * kLanes;
          for (int64_t b = 0; b < blocks; ++b) {
            for (int64_t t = 0; t < tiles; ++t) {
              gradient_tile<Tile>(planes, offsets.data() + t * T, right + b * C * layout.plane, layout.plane,
                                  layout.positions(part, count), own + (b * tiles + t) * kTileFloats);
            }
          }
        }
      }
    }
  });
  const int64_t channels = image.channels;
  parallel_for(group_count, 1 + 4096 / group_vectors, [&](int64_t begin, int64_t end) {
    for (int64_t g = begin; g < end; ++g) {
      float* own = all_sums + g * group_vectors * kLanes;
      for (int64_t v = 0; v < group_vectors; v += kLanes) {
        Vector sum = Vector{};
        for (int64_t piece = 0; piece < pieces; ++piece) sum += sums_of_lanes(own + piece * sums_size + v * kLanes);
        // Written over vectors that were read: this square's, and those before it.
        *reinterpret_cast<Vector*>(own + v) = sum;
      }
      for (int64_t k = 0; k < inputs; ++k) {
        const Tap& tap = part.taps[static_cast<size_t>(k / channels)];
        float* row = groups[static_cast<size_t>(g)].out + (tap.index * channels + k % channels) * out_stride;
        for (int64_t j = 0; j < source.channels; ++j) {
          row[j] = own[((j / C * tiles + k / T) * T + k % T) * C + j % C];
        }
      }
    }
  });
}

}  // namespace

void planar_filter_product(const std::vector<PlanarFilterGroup>& groups, const Part& part, int64_t out_stride) {
  with_planar_tile(groups[0].source.channels, [&](auto tile) { run<decltype(tile)>(groups, part, out_stride); });
}

}  // namespace tricklab
