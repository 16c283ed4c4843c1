#include <algorithm>

#include "base/threads.h"
#include "conv/planar.h"
#include "conv/planar_tile.h"
#include "conv/planes.h"
#include "gemm/scratch.h"
#include "gemm/transpose.h"

namespace tricklab {
namespace {

// What a part needs beside the planes, the same for all groups.
struct PlanarPart {
  std::vector<int64_t> offsets;  // of the inputs in the planes
  std::vector<int64_t> targets;  // of a stack's positions, from its first float; −1 beyond the ends of rows
};

PlanarPart prepare(const PlaneLayout& layout, const Part& part, const Target& target, int64_t tile_positions) {
  PlanarPart prepared;
  prepared.offsets = plane_offsets(layout, part);
  const int64_t positions = layout.positions(part, layout.images);
  prepared.targets.assign(static_cast<size_t>(positions + tile_positions), -1);
  for (int64_t n = 0; n < layout.images; ++n) {
    for (int64_t i = 0; i < part.height; ++i) {
      for (int64_t j = 0; j < part.width; ++j) {
        const int64_t y = i * part.out_y.step + part.out_y.from;
        const int64_t x = j * part.out_x.step + part.out_x.from;
        prepared.targets[static_cast<size_t>((n * layout.rows + i) * layout.pitch + j)] =
            ((n * target.height + y) * target.width + x) * target.stride;
      }
    }
  }
  return prepared;
}

// A part's filter as [channels of the other side / C][inputs][C], zero beyond the channels.
template <int C>
void pack_filter(const PlanarGroup& group, const Part& part, int64_t tap_step, float* packed) {
  const int64_t channels = group.image.channels;
  const int64_t inputs = static_cast<int64_t>(part.taps.size()) * channels;
  for (int64_t k = 0; k < inputs; ++k) {
    const Tap& tap = part.taps[static_cast<size_t>(k / channels)];
    const float* row = group.filter.data + tap.index * tap_step + (k % channels) * group.filter.row_step;
    for (int64_t j = 0; j < group.target.channels; ++j) {
      packed[(j / C * inputs + k) * C + j % C] = row[j * group.filter.column_step];
    }
  }
}

// Where a tile's results go: `count` channels of the positions that lie before `limit` and have a target.
struct TileTarget {
  const int64_t* targets;
  int64_t limit;
  float* out;
  int64_t count;
  bool add;
};

// Channels [channel, channel + count) of one tile of positions; `planes` is at the first of them.
template <typename Tile>
void planar_tile(const float* planes, const std::vector<int64_t>& offsets, const float* filter, const float* bias,
                 bool relu, const TileTarget& to) {
  constexpr int C = Tile::kChannels;
  constexpr int V = Tile::kVectors;
  Vector sums[V][C];
#pragma GCC unroll 8
  for (int v = 0; v < V; ++v) {
#pragma GCC unroll 8
    for (int c = 0; c < C; ++c) sums[v][c] = Vector{} + bias[c];
  }
  for (const int64_t offset : offsets) {
    const float* from = planes + offset;
    Vector right[V];
#pragma GCC unroll 8
    for (int v = 0; v < V; ++v) right[v] = *reinterpret_cast<const Vector*>(from + v * kLanes);
#pragma GCC unroll 8
    for (int c = 0; c < C; ++c) {
#pragma GCC unroll 8
      for (int v = 0; v < V; ++v) sums[v][c] += filter[c] * right[v];
    }
    filter += C;
  }
#pragma GCC unroll 8
  for (int v = 0; v < V; ++v) {
    transpose_detail::Of<kLanes>::Floats rows[C];
#pragma GCC unroll 8
    for (int c = 0; c < C; ++c) {
      if (relu) sums[v][c] = sums[v][c] < Vector{} ? Vector{} : sums[v][c];
      rows[c] = sums[v][c];
    }
    transpose_groups<kLanes, C>(rows);
    // Vector i now holds all channels of positions i, C + i, …
#pragma GCC unroll 8
    for (int g = 0; g < kLanes / C; ++g) {
#pragma GCC unroll 8
      for (int i = 0; i < C; ++i) {
        const int64_t position = v * kLanes + g * C + i;
        const int64_t target = to.targets[position];
        if (target < 0 || position >= to.limit) continue;
        const float* pixel = reinterpret_cast<const float*>(&rows[i]) + g * C;
        float* out = to.out + target;
        if (to.add) {
          for (int64_t c = 0; c < to.count; ++c) out[c] += pixel[c];
        } else if (to.count == C) {
          std::memcpy(out, pixel, C * sizeof(float));
        } else {
          for (int64_t c = 0; c < to.count; ++c) out[c] = pixel[c];
        }
      }
    }
  }
}

PlaneLayout layout_of(const std::vector<Part>& parts, const Image& image, int64_t groups) {
  return groups == 1 ? plane_layout(parts, image) : stacked_layout(parts, image, image.batch / thread_count());
}

template <typename Tile>
void run(const std::vector<PlanarGroup>& groups, const std::vector<Part>& parts, int64_t tap_step) {
  constexpr int C = Tile::kChannels;
  const Image& image = groups[0].image;
  const Target& target = groups[0].target;
  const PlaneLayout layout = layout_of(parts, image, static_cast<int64_t>(groups.size()));
  const int64_t columns = (target.channels + C - 1) / C * C;
  std::vector<PlanarPart> prepared;
  std::vector<int64_t> starts;  // of the parts' filters in a group's
  int64_t filter_floats = 0;
  for (const Part& part : parts) {
    prepared.push_back(prepare(layout, part, target, Tile::kPositions));
    starts.push_back(filter_floats);
    filter_floats += static_cast<int64_t>(prepared.back().offsets.size()) * columns;
  }
  const int64_t group_floats = filter_floats + columns;  // and the bias
  std::vector<float> filters(groups.size() * static_cast<size_t>(group_floats), 0.0f);
  for (size_t g = 0; g < groups.size(); ++g) {
    float* own = filters.data() + static_cast<int64_t>(g) * group_floats;
    for (size_t p = 0; p < parts.size(); ++p) pack_filter<C>(groups[g], parts[p], tap_step, own + starts[p]);
    const float* bias = groups[g].epilogue.bias;
    if (bias != nullptr) std::copy(bias, bias + target.channels, own + filter_floats);
  }
  float* all_planes = scratch(ScratchUse::kTiles, layout.size() * thread_count());
  parallel_for(image.batch, 1, [&](int64_t begin, int64_t end) {
    float* planes = all_planes + thread_index() * layout.size();
    std::fill(planes, planes + layout.size(), 0.0f);
    for (int64_t n = begin; n < end; n += layout.images) {
      const int64_t count = std::min(layout.images, end - n);
      const int64_t out_floats = n * target.height * target.width * target.stride;
      for (size_t g = 0; g < groups.size(); ++g) {
        const PlanarGroup& group = groups[g];
        for (int64_t i = 0; i < count; ++i) fill_planes(layout, group.image, n + i, planes + i * layout.image_floats());
        const float* own = filters.data() + static_cast<int64_t>(g) * group_floats;
        for (size_t p = 0; p < parts.size(); ++p) {
          const PlanarPart& part = prepared[p];
          const int64_t inputs = static_cast<int64_t>(part.offsets.size());
          const int64_t positions = layout.positions(parts[p], count);
          for (int64_t q = 0; q < positions; q += Tile::kPositions) {
            for (int64_t c = 0; c < target.channels; c += C) {
              const TileTarget to{part.targets.data() + q, positions - q, group.target.data + out_floats + c,
                                  std::min<int64_t>(C, target.channels - c), group.add};
              planar_tile<Tile>(planes + q, part.offsets, own + starts[p] + c * inputs, own + filter_floats + c,
                                group.epilogue.relu, to);
            }
          }
        }
      }
    }
  });
}

}  // namespace

bool planar_pays(const Image& image, const std::vector<Part>& parts, int64_t columns, int64_t groups) {
  constexpr int64_t kMostColumns = 16;
  constexpr int64_t kMostFloats = 96 * 1024;
  if (columns > kMostColumns || image.batch < thread_count()) return false;
  bool any = false;
  for (const Part& part : parts) any = any || !part.taps.empty();
  if (!any) return false;
  const PlaneLayout layout = layout_of(parts, image, groups);
  if (layout.size() > kMostFloats) return false;
  // Small maps leave many lanes to padding.
  int64_t computed = 0, wanted = 0;
  with_planar_tile(columns, [&](auto tile) {
    constexpr int64_t kPositions = decltype(tile)::kPositions;
    for (const Part& part : parts) {
      computed += (layout.positions(part, layout.images) + kPositions - 1) / kPositions * kPositions;
      wanted += layout.images * part.height * part.width;
    }
  });
  // The other way takes the groups one at a time.
  return wanted * (groups == 1 ? 2 : 4) > computed;
}

void planar_product(const std::vector<PlanarGroup>& groups, const std::vector<Part>& parts, int64_t tap_step) {
  with_planar_tile(groups[0].target.channels, [&](auto tile) { run<decltype(tile)>(groups, parts, tap_step); });
}

}  // namespace tricklab
