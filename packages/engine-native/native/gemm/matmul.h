// Matrix products on the CPU, portable.
#pragma once

#include "provider/shapes.h"

namespace tricklab {

void matmul(const MatMulShape& shape, const float* a, const float* b, const Epilogue& epilogue, float* c);

}  // namespace tricklab
