#include "optimizer/update.h"

#include <algorithm>
#include <cmath>

#include "base/loops.h"
#include "base/memory.h"
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

void rmsprop_part(const RmspropTensor& tensor, const RmspropStep& step, int64_t begin, int64_t end) {
  const float* __restrict p = tensor.p;
  const float* __restrict m = tensor.m;
  const float* __restrict v = tensor.v;
  const float* __restrict g = tensor.g;
  float* __restrict p_out = tensor.p_out;
  float* __restrict m_out = tensor.m_out;
  float* __restrict v_out = tensor.v_out;
  const RmspropStep s = step;
  const float weight_decay = tensor.weight_decay;
  TRICKLAB_INDEPENDENT
  for (int64_t i = begin; i < end; ++i) {
    const float slope = g[i] + weight_decay * p[i];
    const float square = s.decay * v[i] + s.one_minus_decay * (slope * slope);
    const float velocity = s.momentum * m[i] + s.learning_rate * (slope / std::sqrt(square + s.epsilon));
    v_out[i] = square;
    m_out[i] = velocity;
    p_out[i] = p[i] - velocity;
  }
}

// Elements [begin, end); those of `mean`, if it is not null, are taken out of the gradients.
template <bool kRectified, bool kCentred>
void ranger_run(const RangerTensor& tensor, const RangerStep& step, const float* __restrict mean, int64_t begin,
                int64_t end) {
  const float* __restrict p = tensor.p + begin;
  const float* __restrict m = tensor.m + begin;
  const float* __restrict v = tensor.v + begin;
  const float* __restrict s = tensor.s + begin;
  const float* __restrict g = tensor.g + begin;
  float* __restrict p_out = tensor.p_out + begin;
  float* __restrict m_out = tensor.m_out + begin;
  float* __restrict v_out = tensor.v_out + begin;
  const RangerStep k = step;
  const float keep = tensor.keep;
  const bool synchronise = step.alpha != 0.0f;
  TRICKLAB_INDEPENDENT
  for (int64_t i = 0; i < end - begin; ++i) {
    const float slope = kCentred ? g[i] - mean[i] : g[i];
    const float average = k.beta1 * m[i] + k.one_minus_beta1 * slope;
    const float square = k.beta2 * v[i] + k.one_minus_beta2 * (slope * slope);
    m_out[i] = average;
    v_out[i] = square;
    const float direction = kRectified ? average / (std::sqrt(square) + k.epsilon) : average;
    const float fast = p[i] * keep - k.step_size * direction;
    p_out[i] = synchronise ? s[i] + k.alpha * (fast - s[i]) : fast;
  }
}

void ranger_part(const RangerTensor& tensor, const RangerStep& step, const float* means, int64_t begin, int64_t end) {
  if (means == nullptr) {
    const auto run = step.rectified ? ranger_run<true, false> : ranger_run<false, false>;
    return run(tensor, step, nullptr, begin, end);
  }
  const auto run = step.rectified ? ranger_run<true, true> : ranger_run<false, true>;
  while (begin < end) {
    const int64_t channel = begin % tensor.centred_channels;
    const int64_t to = std::min(end, begin - channel + tensor.centred_channels);
    run(tensor, step, means + channel, begin, to);
    begin = to;
  }
}

Workspace gradient_means;

// Channels whose means are taken together.
constexpr int64_t kColumns = 64;

// Means of the columns of g as [rows, channels].
void column_means(const float* g, int64_t rows, int64_t channels, float* means) {
  const int64_t grain = kColumns * (1 + kGrain / (1 + rows * kColumns));
  parallel_for(channels, grain, [=](int64_t begin, int64_t end) {
    for (int64_t from = begin; from < end; from += kColumns) {
      const int64_t width = std::min(kColumns, end - from);
      double sum[kColumns] = {};
      for (int64_t row = 0; row < rows; ++row) {
        for (int64_t c = 0; c < width; ++c) sum[c] += static_cast<double>(g[row * channels + from + c]);
      }
      for (int64_t c = 0; c < width; ++c) means[from + c] = static_cast<float>(sum[c] / static_cast<double>(rows));
    }
  });
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

void rmsprop(const std::vector<RmspropTensor>& tensors, const RmspropStep& step) {
  each_part(tensors, [&](const RmspropTensor& tensor, int64_t begin, int64_t end) {
    rmsprop_part(tensor, step, begin, end);
  });
}

void ranger(const std::vector<RangerTensor>& tensors, const RangerStep& step) {
  int64_t all = 0;
  for (const auto& tensor : tensors) all += tensor.centred_channels;
  float* means = all == 0 ? nullptr : gradient_means.floats(all);
  std::vector<const float*> means_of(tensors.size(), nullptr);
  for (size_t i = 0; i < tensors.size(); ++i) {
    const RangerTensor& tensor = tensors[i];
    if (tensor.centred_channels == 0) continue;
    column_means(tensor.g, tensor.count / tensor.centred_channels, tensor.centred_channels, means);
    means_of[i] = means;
    means += tensor.centred_channels;
  }
  const RangerTensor* first = tensors.data();
  each_part(tensors, [&](const RangerTensor& tensor, int64_t begin, int64_t end) {
    ranger_part(tensor, step, means_of[static_cast<size_t>(&tensor - first)], begin, end);
  });
}

}  // namespace tricklab
