// Layer norm over [rows, channels]: statistics of every row.
#pragma once

#include <cstdint>

namespace tricklab {

// y = (x − mean[r]) · inverse[r] · gamma[c] + beta[c], with inverse[r] = 1 / sqrt(variance + epsilon).
void layer_norm(const float* x, int64_t rows, int64_t channels, const float* gamma, const float* beta, double epsilon,
                float* y, float* mean, float* inverse);

void layer_norm_grad(const float* dy, const float* x, int64_t rows, int64_t channels, const float* gamma,
                     const float* mean, const float* inverse, float* dx, float* dgamma, float* dbeta);

}  // namespace tricklab
