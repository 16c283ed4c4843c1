// Sizes of the operations that providers implement.
#pragma once

#include <cstdint>

#include "base/bfloat16.h"

namespace tricklab {

// NHWC images and HWIO filters [filter_height, filter_width, in_channels / groups, out_channels].
struct Conv2dShape {
  int64_t batch;
  int64_t in_height, in_width, in_channels;
  int64_t out_height, out_width, out_channels;
  int64_t filter_height, filter_width;
  int64_t stride_height = 1, stride_width = 1;
  int64_t dilation_height = 1, dilation_width = 1;
  int64_t pad_top = 0, pad_left = 0;  // the other two follow from the output's size
  int64_t groups = 1;

  int64_t in_size() const { return batch * in_height * in_width * in_channels; }
  int64_t out_size() const { return batch * out_height * out_width * out_channels; }
  int64_t filter_size() const { return filter_height * filter_width * (in_channels / groups) * out_channels; }
};

// C[b] = op(A[b]) · op(B[b]) with op(A) of rows × depth and op(B) of depth × columns.
struct MatMulShape {
  int64_t batch;
  int64_t rows, columns, depth;
  bool transpose_a = false, transpose_b = false;
  int64_t a_step, b_step;  // floats from one matrix of the batch to the next; 0 repeats one matrix
};

// Number format of the operands; sums are always float32.
enum class Precision { kFloat32, kBfloat16 };

// What is done to the results on the way out.
struct Epilogue {
  const float* bias = nullptr;  // one value a column, or none
  bool relu = false;
};

}  // namespace tricklab
