// Softmax over the last axis, and cross-entropy on it.
#pragma once

#include <cstdint>

namespace tricklab {

// y = softmax(x) of each row.
void softmax(const float* x, int64_t rows, int64_t classes, float* y);

// losses[n] = −Σ targets · log softmax(logits); residual = softmax · Σ targets − targets. Classes whose target is 0 count
// nothing, even at a probability of 0.
void softmax_cross_entropy(const float* logits, const float* targets, int64_t rows, int64_t classes, float* losses,
                           float* residual);

}  // namespace tricklab
