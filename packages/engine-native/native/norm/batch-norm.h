// Batch norm over [rows, channels]: statistics over the rows. Images are floats or bf16, all of a call alike.
#pragma once

#include <cstdint>

namespace tricklab {

// What is applied to the result. The order is that of src/kernels/training.ts.
enum class Activation : int32_t { kLinear, kRelu, kMish };

// mean[c] and the biased variance[c], in one pass over x.
template <class T>
void batch_moments(const T* x, int64_t rows, int64_t channels, float* mean, float* variance);

// y = act((x − mean) / sqrt(variance + epsilon) · gamma + beta); gamma and beta may be nullptr: 1 and 0.
template <class T>
void batch_normalize(const T* x, int64_t rows, int64_t channels, const float* mean, const float* variance,
                     const float* gamma, const float* beta, double epsilon, Activation activation, T* y);

// Gradient of batch_moments and batch_normalize together, in two passes over dy and x.
template <class T>
void batch_norm_grad(const T* dy, const T* x, int64_t rows, int64_t channels, const float* mean, const float* variance,
                     const float* gamma, const float* beta, double epsilon, Activation activation, T* dx, float* dgamma,
                     float* dbeta);

}  // namespace tricklab
