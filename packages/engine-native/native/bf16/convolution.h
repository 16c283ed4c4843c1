// Convolution and matrix products in bf16, portable as far as processors multiply it.
#pragma once

#include "provider/shapes.h"

namespace tricklab {

// False, with nothing written, where it would gain nothing.
bool conv2d_bfloat16(const Conv2dShape& shape, ConstNumbers x, const float* filter, const Epilogue& epilogue,
                     Numbers out);
bool conv2d_input_gradient_bfloat16(const Conv2dShape& shape, ConstNumbers dy, const float* filter, Numbers dx);
bool conv2d_filter_gradient_bfloat16(const Conv2dShape& shape, ConstNumbers x, ConstNumbers dy, float* dfilter);
bool matmul_bfloat16(const MatMulShape& shape, const float* a, const float* b, const Epilogue& epilogue, float* c);

}  // namespace tricklab
