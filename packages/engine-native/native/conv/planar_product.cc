#include <algorithm>

#include "base/threads.h"
#include "conv/planar.h"
#include "conv/planar_tile.h"
#include "conv/planes.h"
#include "gemm/scratch.h"
#include "gemm/transpose.h"

namespace tricklab {
namespace {

constexpr int C = kPlanarChannels;
constexpr int V = kPlanarVectors;

// What a part needs beside the planes.
struct PlanarPart {
  std::vector<int64_t> offsets;  // of the inputs in the planes
  std::vector<float> filter;     // [channels of the other side / C][inputs][C]
  std::vector<int64_t> targets;  // of the positions, from an image's first float; −1 beyond the ends of rows
  int64_t positions;
};

PlanarPart prepare(const PlaneLayout& layout, const Part& part, const MatrixView& filter, int64_t tap_step,
                   const Target& target) {
  PlanarPart prepared;
  prepared.offsets = plane_offsets(layout, part);
  prepared.positions = layout.positions(part);
  const int64_t groups = (target.channels + C - 1) / C;
  const int64_t inputs = static_cast<int64_t>(prepared.offsets.size());
  prepared.filter.assign(static_cast<size_t>(groups * inputs * C), 0.0f);
  for (int64_t k = 0; k < inputs; ++k) {
    const Tap& tap = part.taps[static_cast<size_t>(k / layout.channels)];
    const float* row = filter.data + tap.index * tap_step + (k % layout.channels) * filter.row_step;
    for (int64_t j = 0; j < target.channels; ++j) {
      prepared.filter[static_cast<size_t>((j / C * inputs + k) * C + j % C)] = row[j * filter.column_step];
    }
  }
  const int64_t whole = (prepared.positions + kPlanarPositions - 1) / kPlanarPositions * kPlanarPositions;
  prepared.targets.assign(static_cast<size_t>(whole), -1);
  for (int64_t i = 0; i < part.height; ++i) {
    for (int64_t j = 0; j < part.width; ++j) {
      const int64_t y = i * part.out_y.step + part.out_y.from;
      const int64_t x = j * part.out_x.step + part.out_x.from;
      prepared.targets[static_cast<size_t>(i * layout.pitch + j)] = (y * target.width + x) * target.stride;
    }
  }
  return prepared;
}

// Channels [channel, channel + count) of one tile of positions; `planes` is at the first of them.
void planar_tile(const float* planes, const std::vector<int64_t>& offsets, const float* filter, const float* bias,
                 bool relu, const int64_t* targets, float* out, int64_t count) {
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
        const int64_t target = targets[v * kLanes + g * C + i];
        if (target < 0) continue;
        const float* pixel = reinterpret_cast<const float*>(&rows[i]) + g * C;
        if (count == C) {
          std::memcpy(out + target, pixel, C * sizeof(float));
        } else {
          for (int64_t c = 0; c < count; ++c) out[target + c] = pixel[c];
        }
      }
    }
  }
}

}  // namespace

bool planar_pays(const Image& image, const std::vector<Part>& parts, int64_t columns) {
  constexpr int64_t kMostColumns = 16;
  constexpr int64_t kMostFloats = 96 * 1024;
  if (columns > kMostColumns || image.batch < thread_count()) return false;
  bool any = false;
  for (const Part& part : parts) any = any || !part.taps.empty();
  if (!any) return false;
  const PlaneLayout layout = plane_layout(parts, image);
  if (layout.size() > kMostFloats) return false;
  // Small maps leave many lanes to padding.
  int64_t computed = 0, wanted = 0;
  for (const Part& part : parts) {
    computed += (layout.positions(part) + kPlanarPositions - 1) / kPlanarPositions * kPlanarPositions;
    wanted += part.height * part.width;
  }
  return wanted * 2 > computed;
}

void planar_product(const Image& image, const std::vector<Part>& parts, const MatrixView& filter, int64_t tap_step,
                    const Target& target, const Epilogue& epilogue) {
  const PlaneLayout layout = plane_layout(parts, image);
  std::vector<PlanarPart> prepared;
  for (const Part& part : parts) prepared.push_back(prepare(layout, part, filter, tap_step, target));
  std::vector<float> bias(static_cast<size_t>((target.channels + C - 1) / C * C), 0.0f);
  if (epilogue.bias != nullptr) std::copy(epilogue.bias, epilogue.bias + target.channels, bias.begin());
  float* all_planes = scratch(ScratchUse::kTiles, layout.size() * thread_count());
  parallel_for(image.batch, 1, [&](int64_t begin, int64_t end) {
    float* planes = all_planes + thread_index() * layout.size();
    std::fill(planes, planes + layout.size(), 0.0f);
    for (int64_t n = begin; n < end; ++n) {
      fill_planes(layout, image, n, planes);
      float* out = target.data + n * target.height * target.width * target.stride;
      for (const PlanarPart& part : prepared) {
        const int64_t inputs = static_cast<int64_t>(part.offsets.size());
        for (int64_t q = 0; q < part.positions; q += kPlanarPositions) {
          for (int64_t c = 0; c < target.channels; c += C) {
            planar_tile(planes + q, part.offsets, part.filter.data() + c * inputs, bias.data() + c, epilogue.relu,
                        part.targets.data() + q, out + c, std::min<int64_t>(C, target.channels - c));
          }
        }
      }
    }
  });
}

}  // namespace tricklab
