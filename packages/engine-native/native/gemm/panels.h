// How a matrix product is cut into register tiles.
//
// The right-hand matrix is packed into panels of one, two or three vectors' width; the left-hand one is a row-major
// tile. A register tile has as many rows as the registers allow beside its panel.
#pragma once

#include <cstdint>
#include <vector>

namespace tricklab {

#if defined(__AVX512F__)
constexpr int kLanes = 16;
#elif defined(__AVX__)
constexpr int kLanes = 8;
#else
constexpr int kLanes = 4;
#endif

// A vector, which may lie anywhere: packed data is aligned, tensors and tile rows need not be.
typedef float Vector __attribute__((vector_size(kLanes * 4), aligned(4), may_alias));

// 32 registers hold 24 accumulators, three vectors of the panel and a broadcast; 16 registers half of that.
#if defined(__AVX512F__) || defined(__aarch64__)
constexpr int kAccumulators = 24;
#else
constexpr int kAccumulators = 12;
#endif

constexpr int kMaxPanelVectors = 3;
constexpr int kMaxTileRows = kAccumulators;
constexpr int tile_rows(int vectors) { return kAccumulators / vectors; }

// Depth of one block of a product: a panel of it (256 · 48 · 4 = 48 KiB) streams from the second-level cache past a few
// rows of the other side in the first.
constexpr int64_t kDepthBlock = 256;

// Distance of the rows of a tile, known to the compiler so that all rows are addressed from one register. 17 cache
// lines: an odd number spreads the rows over the cache's sets.
constexpr int64_t kTileStride = kDepthBlock + 16;

// One panel: columns [from, from + columns) of the matrix, padded with zeros to `vectors` whole vectors.
struct Panel {
  int64_t from;
  int columns;
  int vectors;
};

// Panels of three vectors, and of two where three do not divide: few narrow panels, which compute at less speed.
std::vector<Panel> panels_of(int64_t columns);

// Width of all panels in floats.
inline int64_t padded_columns(int64_t columns) { return (columns + kLanes - 1) / kLanes * kLanes; }

// Depths of the blocks of a product: equal lengths rather than a short last one.
struct DepthBlocks {
  int64_t depth;
  int64_t block;
  explicit DepthBlocks(int64_t total);
  int64_t count() const { return depth == 0 ? 0 : (depth + block - 1) / block; }
};

}  // namespace tricklab
