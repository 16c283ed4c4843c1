// Register tiles of planar convolutions.
#pragma once

#include "gemm/panels.h"

namespace tricklab {

// Channels of the other side in a register tile, and vectors of positions beside them.
constexpr int kPlanarChannels = kLanes == 16 ? 8 : 4;
constexpr int kPlanarVectors = kAccumulators / kPlanarChannels;
constexpr int64_t kPlanarPositions = kPlanarVectors * kLanes;

// Inputs (taps · channels) that the filter gradient sums up in registers together.
constexpr int kPlanarInputs = kAccumulators / kPlanarChannels;

}  // namespace tricklab
