// Depthwise convolutions whose windows are three or five pixels wide and move by one or two: those of most networks.
#pragma once

#include <cstdint>

#include "provider/shapes.h"

namespace tricklab {

// Whether they serve a convolution; others go the general way of depthwise.cc. Images have `out_channels` channels on
// both sides: a multiplier is dealt with before.
bool windows_serve(const Conv2dShape& shape);

void convolve_windows(const Conv2dShape& shape, const float* x, const float* filter, const Epilogue& epilogue,
                      float* out);
void windows_input_gradient(const Conv2dShape& shape, const float* dy, const float* filter, float* dx);

// Adds to the filter's gradient what rows [begin, end) of dy give, all images' rows counted through.
void add_windows_filter_gradient(const Conv2dShape& shape, const float* x, const float* dy, int64_t begin, int64_t end,
                                 float* dfilter);

}  // namespace tricklab
