#include "gemm/matmul.h"

#include <algorithm>
#include <atomic>
#include <new>

#include "base/threads.h"
#include "conv/filter_product.h"
#include "conv/parts.h"
#include "conv/product.h"
#include "gemm/scratch.h"

namespace tricklab {
namespace {

// Products below this size run one on each thread, rather than all threads on each.
constexpr int64_t kSmallProduct = 1 << 20;

Part column_of(int64_t height) { return {height, 1, {1, 0}, {1, 0}, {1, 0}, {1, 0}, {{0, 0, 0}}}; }

void add_epilogue(const MatMulShape& shape, const Epilogue& epilogue, float* c) {
  if (epilogue.bias == nullptr && !epilogue.relu) return;
  for (int64_t i = 0; i < shape.rows; ++i, c += shape.columns) {
    for (int64_t j = 0; j < shape.columns; ++j) {
      if (epilogue.bias != nullptr) c[j] += epilogue.bias[j];
      if (epilogue.relu) c[j] = c[j] < 0.0f ? 0.0f : c[j];
    }
  }
}

// A is an image of one column: a product is a 1×1 convolution, one with A transposed the gradient of such a one.
void one_product(const MatMulShape& shape, const float* a, const float* b, const Epilogue& epilogue, float* c) {
  if (!shape.transpose_a) {
    const Image image{a, 1, shape.rows, 1, shape.depth, shape.depth};
    const MatrixView right = shape.transpose_b ? MatrixView{b, 1, shape.depth} : MatrixView{b, shape.columns, 1};
    const Target target{c, shape.rows, 1, shape.columns, shape.columns};
    Part part = column_of(shape.rows);
    if (shape.depth == 0) part.taps.clear();
    patch_product(image, {part}, right, 0, target, epilogue);
    return;
  }
  if (shape.transpose_b) {
    float* plain = scratch(ScratchUse::kPlain, shape.depth * shape.columns);
    parallel_for(shape.depth, 64, [&](int64_t begin, int64_t end) {
      for (int64_t k = begin; k < end; ++k) {
        for (int64_t j = 0; j < shape.columns; ++j) plain[k * shape.columns + j] = b[j * shape.depth + k];
      }
    });
    b = plain;
  }
  const Image image{a, 1, shape.depth, 1, shape.rows, shape.rows};
  const Source source{b, shape.depth, 1, shape.columns, shape.columns};
  filter_product(image, {column_of(shape.depth)}, source, 1, c, shape.columns);
  add_epilogue(shape, epilogue, c);
}

}  // namespace

void matmul(const MatMulShape& shape, const float* a, const float* b, const Epilogue& epilogue, float* c) {
  const int64_t size = shape.rows * shape.columns;
  if (size == 0) return;
  const bool small = size * shape.depth < kSmallProduct && shape.batch >= thread_count();
  const auto run = [&](int64_t begin, int64_t end) {
    for (int64_t n = begin; n < end; ++n) {
      one_product(shape, a + n * shape.a_step, b + n * shape.b_step, epilogue, c + n * size);
    }
  };
  if (!small) {
    run(0, shape.batch);
    return;
  }
  // Each thread allocates its own scratch memory, and an exception must not leave the body.
  std::atomic<bool> failed{false};
  const int64_t grain = 1 + 65536 / (1 + size * shape.depth);
  parallel_for(shape.batch, grain, [&](int64_t begin, int64_t end) {
    try {
      run(begin, end);
    } catch (const std::bad_alloc&) {
      failed = true;
    }
  });
  if (failed) throw std::bad_alloc();
}

}  // namespace tricklab
