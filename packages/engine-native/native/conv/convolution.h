// Convolution on the CPU, portable: forward pass and both gradients, in any stride, padding, dilation and grouping.
#pragma once

#include "provider/shapes.h"

namespace tricklab {

// Group g of the output reads group sources[g] of the input; without `sources`, group g.
void conv2d(const Conv2dShape& shape, const float* x, const float* filter, const Epilogue& epilogue, float* out,
            const int32_t* sources = nullptr);
void conv2d_input_gradient(const Conv2dShape& shape, const float* dy, const float* filter, float* dx,
                           const int32_t* sources = nullptr);
void conv2d_filter_gradient(const Conv2dShape& shape, const float* x, const float* dy, float* dfilter,
                            const int32_t* sources = nullptr);

}  // namespace tricklab
