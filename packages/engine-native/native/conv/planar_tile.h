// Register tiles of planar convolutions.
#pragma once

#include "gemm/panels.h"

namespace tricklab {

// A register tile has C channels of the other side, and beside them as many vectors of positions, or for the filter
// gradient as many inputs (taps · channels), as there are accumulators.
template <int C>
struct PlanarTile {
  static constexpr int kChannels = C;
  static constexpr int kVectors = kAccumulators / C;
  static constexpr int kInputs = kAccumulators / C;
  static constexpr int64_t kPositions = kVectors * kLanes;
};

using NarrowTile = PlanarTile<4>;
using WideTile = PlanarTile<(kLanes == 16 ? 8 : 4)>;

constexpr int64_t kMostPlanarPositions = NarrowTile::kPositions;

// Calls `body` with the tile for so many channels.
template <typename Body>
inline void with_planar_tile(int64_t channels, Body body) {
  if (channels <= NarrowTile::kChannels) {
    body(NarrowTile{});
  } else {
    body(WideTile{});
  }
}

}  // namespace tricklab
