#include <algorithm>

#include "base/threads.h"
#include "conv/planar.h"
#include "conv/planar_tile.h"
#include "conv/planes.h"
#include "gemm/scratch.h"

namespace tricklab {
namespace {

constexpr int C = kPlanarChannels;
constexpr int T = kPlanarInputs;
constexpr int64_t kTileFloats = T * C * kLanes;

// Adds the products of T inputs with C channels of the other side, lane by lane.
void gradient_tile(const float* planes, const int64_t* offsets, const float* right, int64_t right_step,
                   int64_t positions, float* sums) {
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

float sum_of(const float* lanes) {
  float partial[kLanes];
  std::copy(lanes, lanes + kLanes, partial);
  for (int width = kLanes / 2; width > 0; width /= 2) {
    for (int i = 0; i < width; ++i) partial[i] += partial[i + width];
  }
  return partial[0];
}

}  // namespace

void planar_filter_product(const Image& image, const Part& part, const Source& source, float* out,
                           int64_t out_stride) {
  const PlaneLayout layout = plane_layout({part}, image);
  std::vector<int64_t> offsets = plane_offsets(layout, part);
  const int64_t inputs = static_cast<int64_t>(offsets.size());
  const int64_t tiles = (inputs + T - 1) / T;
  const int64_t groups = (source.channels + C - 1) / C;
  // Tiles that are not full repeat the last input, and their other channels are zero.
  offsets.resize(static_cast<size_t>(tiles * T), offsets.back());
  const int64_t right_size = groups * C * layout.plane;
  const int64_t sums_size = tiles * groups * kTileFloats;
  const int64_t pieces = std::min<int64_t>(thread_count(), image.batch);
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
      for (int64_t n = image.batch * piece / pieces; n < image.batch * (piece + 1) / pieces; ++n) {
        fill_planes(layout, image, n, planes);
        fill_position_planes(layout, part, source.data, source.height, source.width, source.channels, source.stride, n,
                             right);
        for (int64_t g = 0; g < groups; ++g) {
          for (int64_t t = 0; t < tiles; ++t) {
            gradient_tile(planes, offsets.data() + t * T, right + g * C * layout.plane, layout.plane,
                          layout.positions(part), sums + (g * tiles + t) * kTileFloats);
          }
        }
      }
    }
  });
  for (int64_t k = 0; k < inputs; ++k) {
    const Tap& tap = part.taps[static_cast<size_t>(k / layout.channels)];
    float* row = out + (tap.index * layout.channels + k % layout.channels) * out_stride;
    for (int64_t j = 0; j < source.channels; ++j) {
      const int64_t at = (j / C * tiles + k / T) * kTileFloats + ((k % T) * C + j % C) * kLanes;
      float sum = 0;
      for (int64_t piece = 0; piece < pieces; ++piece) sum += sum_of(all_sums + piece * sums_size + at);
      row[j] = sum;
    }
  }
}

}  // namespace tricklab
