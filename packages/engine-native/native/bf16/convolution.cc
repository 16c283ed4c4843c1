#include "bf16/convolution.h"

#include <algorithm>

#include "base/threads.h"
#include "bf16/products.h"

namespace tricklab {
namespace {

Pixels input_of(const Conv2dShape& shape) {
  return {shape.batch, shape.in_height, shape.in_width, shape.in_channels};
}

Pixels output_of(const Conv2dShape& shape) {
  return {shape.batch, shape.out_height, shape.out_width, shape.out_channels};
}

// Groups have few channels each, and a map of one pixel is a quarter of what is laid out for it.
bool serves(const Conv2dShape& shape) {
  return shape.groups == 1 && shape.out_size() > 0 && shape.in_size() > 0 && shape.filter_size() > 0;
}

// Taps that no position can use would only enlarge the padding.
std::vector<Part> used_parts(const std::vector<Part>& parts, const Pixels& image) {
  std::vector<Part> result = parts;
  for (Part& part : result) {
    const auto outside = [](int64_t offset, const Axis& axis, int64_t positions, int64_t size) {
      const int64_t first = axis.from + offset;
      return first >= size || first + (positions - 1) * axis.step < 0;
    };
    part.taps.erase(std::remove_if(part.taps.begin(), part.taps.end(),
                                   [&](const Tap& tap) {
                                     return outside(tap.dy, part.in_y, part.height, image.height) ||
                                            outside(tap.dx, part.in_x, part.width, image.width);
                                   }),
                    part.taps.end());
  }
  return result;
}

// A product's rows as images of one column, so that threads can share them; the rest is an image of its own.
constexpr int64_t kRows = 256;

}  // namespace

bool conv2d_bfloat16(const Conv2dShape& shape, ConstNumbers x, const float* filter, const Epilogue& epilogue,
                     Numbers out) {
  if (!serves(shape)) return false;
  const Pixels image = input_of(shape);
  return bf16_product(image, x, used_parts(forward_parts(shape), image), {filter, shape.out_channels, 1},
                      shape.in_channels * shape.out_channels, output_of(shape), out, epilogue);
}

bool conv2d_input_gradient_bfloat16(const Conv2dShape& shape, ConstNumbers dy, const float* filter, Numbers dx) {
  if (!serves(shape)) return false;
  const Pixels image = output_of(shape);
  return bf16_product(image, dy, used_parts(input_gradient_parts(shape), image), {filter, 1, shape.out_channels},
                      shape.in_channels * shape.out_channels, input_of(shape), dx, {});
}

bool conv2d_filter_gradient_bfloat16(const Conv2dShape& shape, ConstNumbers x, ConstNumbers dy, float* dfilter) {
  if (!serves(shape)) return false;
  const Pixels image = input_of(shape);
  const auto parts = used_parts(forward_parts(shape), image);
  return bf16_filter_product(image, x, parts[0], output_of(shape), dy, shape.filter_height * shape.filter_width,
                             dfilter);
}

bool matmul_bfloat16(const MatMulShape& shape, const float* a, const float* b, const Epilogue& epilogue, float* c) {
  // Sums over the rows of a transposed left side would need one pass more; batches of products are small ones.
  constexpr int64_t kLeastWork = 1 << 20;
  if (shape.batch != 1 || shape.rows * shape.columns * shape.depth < kLeastWork) return false;
  if (shape.transpose_a && (shape.transpose_b || epilogue.bias != nullptr || epilogue.relu)) return false;
  const int64_t rows = shape.transpose_a ? shape.depth : shape.rows;
  const int64_t of_image = std::min(kRows, rows / thread_count());
  // What is left over would need a call of its own, with threads idle.
  if (of_image == 0 || rows % of_image != 0) return false;
  const Pixels image{rows / of_image, of_image, 1, shape.transpose_a ? shape.rows : shape.depth};
  const Pixels other{rows / of_image, of_image, 1, shape.columns};
  const Part part{of_image, 1, {1, 0}, {1, 0}, {1, 0}, {1, 0}, {{0, 0, 0}}};
  if (shape.transpose_a) return bf16_filter_product(image, a, part, other, b, 1, c);
  const MatrixView right = shape.transpose_b ? MatrixView{b, 1, shape.depth} : MatrixView{b, shape.columns, 1};
  return bf16_product(image, a, {part}, right, 0, other, c, epilogue);
}

}  // namespace tricklab
