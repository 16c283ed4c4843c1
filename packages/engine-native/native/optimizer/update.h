// Optimizer steps over all parameters at once.
#pragma once

#include <cstdint>
#include <vector>

namespace tricklab {

struct AdamWTensor {
  const float *p, *m, *v, *g;
  float *p_out, *m_out, *v_out;
  int64_t count;
  // 1 − learning rate · weight decay
  float keep;
};

struct AdamWStep {
  float beta1, one_minus_beta1, beta2, one_minus_beta2;
  // learning rate / (1 − beta1ᵗ) and 1 / sqrt(1 − beta2ᵗ)
  float step_size, root_scale, epsilon;
};

void adamw(const std::vector<AdamWTensor>& tensors, const AdamWStep& step);

struct SgdTensor {
  const float *p, *b, *g;
  float *p_out, *b_out;
  int64_t count;
  float decay;
};

struct SgdStep {
  float learning_rate, momentum, one_minus_dampening;
  bool nesterov, first;
};

void sgd(const std::vector<SgdTensor>& tensors, const SgdStep& step);

struct RmspropTensor {
  // m: the velocity, v: the mean square.
  const float *p, *m, *v, *g;
  float *p_out, *m_out, *v_out;
  int64_t count;
  float weight_decay;
};

struct RmspropStep {
  float learning_rate, decay, one_minus_decay, momentum, epsilon;
};

void rmsprop(const std::vector<RmspropTensor>& tensors, const RmspropStep& step);

struct RangerTensor {
  // s: the slow weights.
  const float *p, *m, *v, *s, *g;
  float *p_out, *m_out, *v_out;
  int64_t count;
  // The last axis, where gradients lose their mean over the others first; 0: they do not.
  int64_t centred_channels;
  // 1 − learning rate · weight decay
  float keep;
};

struct RangerStep {
  float beta1, one_minus_beta1, beta2, one_minus_beta2;
  float step_size, epsilon;
  // Share of the way from the slow weights to the new ones; 0: the new ones stay.
  float alpha;
  bool rectified;
};

void ranger(const std::vector<RangerTensor>& tensors, const RangerStep& step);

}  // namespace tricklab
