#include "optimizer/update.h"

#include <algorithm>
#include <cmath>

#include "base/loops.h"
#include "base/numeric.h"
#include "base/threads.h"

namespace tricklab {
namespace {

// Splits the elements of all tensors, laid end to end, over the threads; body(tensor, begin, end).
template <class Tensor, class Body>
void each_part(const std::vector<Tensor>& tensors, const Body& body) {
  int64_t all = 0;
  for (const auto& tensor : tensors) all += tensor.count;
  parallel_for(all, kGrain, [&](int64_t begin, int64_t end) {
    int64_t start = 0;
    for (const auto& tensor : tensors) {
      const int64_t from = std::max(begin, start), to = std::min(end, start + tensor.count);
      if (from < to) body(tensor, from - start, to - start);
      start += tensor.count;
    }
  });
}

void adamw_part(const AdamWTensor& tensor, const AdamWStep& step, int64_t begin, int64_t end) {
  const float* __restrict p = tensor.p;
  const float* __restrict m = tensor.m;
  const float* __restrict v = tensor.v;
  const float* __restrict g = tensor.g;
  float* __restrict p_out = tensor.p_out;
  float* __restrict m_out = tensor.m_out;
  float* __restrict v_out = tensor.v_out;
  const AdamWStep s = step;
  const float keep = tensor.keep;
  TRICKLAB_INDEPENDENT
  for (int64_t i = begin; i < end; ++i) {
    const float mean = s.beta1 * m[i] + s.one_minus_beta1 * g[i];
    const float square = s.beta2 * v[i] + s.one_minus_beta2 * (g[i] * g[i]);
    m_out[i] = mean;
    v_out[i] = square;
    p_out[i] = p[i] * keep - s.step_size * mean / (std::sqrt(square) * s.root_scale + s.epsilon);
  }
}

void sgd_part(const SgdTensor& tensor, const SgdStep& step, int64_t begin, int64_t end) {
  const float* __restrict p = tensor.p;
  const float* __restrict b = tensor.b;
  const float* __restrict g = tensor.g;
  float* __restrict p_out = tensor.p_out;
  float* __restrict b_out = tensor.b_out;
  const float momentum = step.first ? 0.0f : step.momentum;
  const float fresh = step.first ? 1.0f : step.one_minus_dampening;
  const float rate = step.learning_rate, decay = tensor.decay, look_ahead = step.momentum;
  const bool nesterov = step.nesterov, first = step.first;
  TRICKLAB_INDEPENDENT
  for (int64_t i = begin; i < end; ++i) {
    const float slope = g[i] + decay * p[i];
    // The first step has no buffer yet; what lies there may be NaN.
    const float buffer = first ? slope : momentum * b[i] + fresh * slope;
    const float direction = nesterov ? slope + look_ahead * buffer : buffer;
    b_out[i] = buffer;
    p_out[i] = p[i] - rate * direction;
  }
}

}  // namespace

void adamw(const std::vector<AdamWTensor>& tensors, const AdamWStep& step) {
  each_part(tensors, [&](const AdamWTensor& tensor, int64_t begin, int64_t end) {
    adamw_part(tensor, step, begin, end);
  });
}

void sgd(const std::vector<SgdTensor>& tensors, const SgdStep& step) {
  each_part(tensors, [&](const SgdTensor& tensor, int64_t begin, int64_t end) { sgd_part(tensor, step, begin, end); });
}

}  // namespace tricklab
