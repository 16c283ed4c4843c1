// Batch norm and layer norm.
#include "norm/batch-norm.h"

#include "binding/registrar.h"
#include "norm/layer-norm.h"

namespace tricklab {
namespace {

Activation activation_of(const Arguments& a, size_t index) {
  const int64_t number = a.size(index);
  if (number > static_cast<int64_t>(Activation::kMish)) throw BadArgument("there is no such activation");
  return static_cast<Activation>(number);
}

// batchNormTrain(x, rows, channels, gamma, beta, epsilon, activation, y, stats)
void batch_norm_train_call(Arguments& a) {
  const int64_t rows = a.size(1), channels = a.size(2);
  const float* gamma = a.floats(3, channels);
  const float* beta = a.floats(4, channels);
  float* stats = a.floats(8, 2 * channels);
  in_format_of(a, 0, [&](auto element) {
    using T = decltype(element);
    const T* x = a.elements_of<T>(0, rows * channels);
    T* y = a.elements_of<T>(7, rows * channels);
    batch_moments(x, rows, channels, stats, stats + channels);
    batch_normalize(x, rows, channels, stats, stats + channels, gamma, beta, a.number(5), activation_of(a, 6), y);
  });
}

// batchNormTrainGrad(dy, x, rows, channels, gamma, beta, stats, epsilon, activation, dx, dgamma, dbeta)
void batch_norm_train_grad_call(Arguments& a) {
  const int64_t rows = a.size(2), channels = a.size(3);
  const float* stats = a.floats(6, 2 * channels);
  in_format_of(a, 1, [&](auto element) {
    using T = decltype(element);
    const T* dy = a.elements_of<T>(0, rows * channels);
    const T* x = a.elements_of<T>(1, rows * channels);
    batch_norm_grad(dy, x, rows, channels, stats, stats + channels, a.floats(4, channels), a.floats(5, channels),
                    a.number(7), activation_of(a, 8), a.elements_of<T>(9, rows * channels), a.floats(10, channels),
                    a.floats(11, channels));
  });
}

// batchNormEval(x, rows, channels, mean, variance, gamma?, beta?, epsilon, activation, y)
void batch_norm_eval_call(Arguments& a) {
  const int64_t rows = a.size(1), channels = a.size(2);
  in_format_of(a, 0, [&](auto element) {
    using T = decltype(element);
    const T* x = a.elements_of<T>(0, rows * channels);
    batch_normalize(x, rows, channels, a.floats(3, channels), a.floats(4, channels), a.optional_floats(5, channels),
                    a.optional_floats(6, channels), a.number(7), activation_of(a, 8),
                    a.elements_of<T>(9, rows * channels));
  });
}

// layerNorm(x, rows, channels, gamma, beta, epsilon, y, mean, inverse)
void layer_norm_call(Arguments& a) {
  const int64_t rows = a.size(1), channels = a.size(2);
  layer_norm(a.floats(0, rows * channels), rows, channels, a.floats(3, channels), a.floats(4, channels), a.number(5),
             a.floats(6, rows * channels), a.floats(7, rows), a.floats(8, rows));
}

// layerNormGrad(dy, x, rows, channels, gamma, mean, inverse, dx, dgamma, dbeta)
void layer_norm_grad_call(Arguments& a) {
  const int64_t rows = a.size(2), channels = a.size(3);
  layer_norm_grad(a.floats(0, rows * channels), a.floats(1, rows * channels), rows, channels, a.floats(4, channels),
                  a.floats(5, rows), a.floats(6, rows), a.floats(7, rows * channels), a.floats(8, channels),
                  a.floats(9, channels));
}

}  // namespace

void register_norm(Registrar& registrar) {
  registrar.add<batch_norm_train_call>("batchNormTrain");
  registrar.add<batch_norm_train_grad_call>("batchNormTrainGrad");
  registrar.add<batch_norm_eval_call>("batchNormEval");
  registrar.add<layer_norm_call>("layerNorm");
  registrar.add<layer_norm_grad_call>("layerNormGrad");
}

}  // namespace tricklab
