// Convolution on the CPU, portable: forward pass and both gradients, in any stride, padding, dilation and grouping.
#pragma once

#include "provider/shapes.h"

namespace tricklab {

void conv2d(const Conv2dShape& shape, const float* x, const float* filter, const Epilogue& epilogue, float* out);
void conv2d_input_gradient(const Conv2dShape& shape, const float* dy, const float* filter, float* dx);
void conv2d_filter_gradient(const Conv2dShape& shape, const float* x, const float* dy, float* dfilter);

}  // namespace tricklab
