// Depthwise convolution on the CPU: every channel has filters of its own.
#pragma once

#include <cstdint>

#include "provider/shapes.h"

namespace tricklab {

// `shape` has groups = in_channels and out_channels = in_channels · multiplier. Filters are [height, width, in_channels,
// multiplier]; channel c · multiplier + m of the output comes from channel c of the input.
void depthwise(const Conv2dShape& shape, const float* x, const float* filter, const Epilogue& epilogue, float* out);
void depthwise_input_gradient(const Conv2dShape& shape, const float* dy, const float* filter, float* dx);
void depthwise_filter_gradient(const Conv2dShape& shape, const float* x, const float* dy, float* dfilter);

}  // namespace tricklab
