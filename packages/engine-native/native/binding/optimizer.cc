// Optimizer steps.
#include "optimizer/update.h"

#include "binding/registrar.h"

namespace tricklab {
namespace {

void check_lengths(const std::vector<int64_t>& lengths, int64_t group) {
  for (size_t i = 0; i < lengths.size(); ++i) {
    if (lengths[i] != lengths[i - i % static_cast<size_t>(group)]) {
      throw BadArgument("argument 0: the arrays of a parameter differ in length");
    }
  }
}

// adamw(arrays: [p, m, v, g, p', m', v'] of each parameter, decays: Float64Array of 1 − lr · decay,
//   beta1, beta2, stepSize, rootScale, epsilon)
void adamw_call(Arguments& a) {
  std::vector<int64_t> lengths;
  const auto arrays = a.arrays_of<float>(0, 0, &lengths);
  check_lengths(lengths, 7);
  const size_t count = arrays.size() / 7;
  const double* keep = a.doubles(1, static_cast<int64_t>(count));
  std::vector<AdamWTensor> tensors(count);
  for (size_t i = 0; i < count; ++i) {
    float* const* t = arrays.data() + 7 * i;
    tensors[i] = {t[0], t[1], t[2], t[3], t[4], t[5], t[6], lengths[7 * i], static_cast<float>(keep[i])};
  }
  const double beta1 = a.number(2), beta2 = a.number(3);
  adamw(tensors, {static_cast<float>(beta1), static_cast<float>(1 - beta1), static_cast<float>(beta2),
                  static_cast<float>(1 - beta2), a.real(4), a.real(5), a.real(6)});
}

// sgd(arrays: [p, b, g, p', b'] of each parameter, decays: Float64Array, learningRate, momentum, 1 − dampening, nesterov,
//   first)
void sgd_call(Arguments& a) {
  std::vector<int64_t> lengths;
  const auto arrays = a.arrays_of<float>(0, 0, &lengths);
  check_lengths(lengths, 5);
  const size_t count = arrays.size() / 5;
  const double* decays = a.doubles(1, static_cast<int64_t>(count));
  std::vector<SgdTensor> tensors(count);
  for (size_t i = 0; i < count; ++i) {
    float* const* t = arrays.data() + 5 * i;
    tensors[i] = {t[0], t[1], t[2], t[3], t[4], lengths[5 * i], static_cast<float>(decays[i])};
  }
  sgd(tensors, {a.real(2), a.real(3), a.real(4), a.flag(5), a.flag(6)});
}

// rmsprop(arrays: [p, m, v, g, p', m', v'] of each parameter, weightDecays: Float64Array, learningRate, decay, momentum,
//   epsilon)
void rmsprop_call(Arguments& a) {
  std::vector<int64_t> lengths;
  const auto arrays = a.arrays_of<float>(0, 0, &lengths);
  check_lengths(lengths, 7);
  const size_t count = arrays.size() / 7;
  const double* decays = a.doubles(1, static_cast<int64_t>(count));
  std::vector<RmspropTensor> tensors(count);
  for (size_t i = 0; i < count; ++i) {
    float* const* t = arrays.data() + 7 * i;
    tensors[i] = {t[0], t[1], t[2], t[3], t[4], t[5], t[6], lengths[7 * i], static_cast<float>(decays[i])};
  }
  const double decay = a.number(3);
  rmsprop(tensors, {a.real(2), static_cast<float>(decay), static_cast<float>(1 - decay), a.real(4), a.real(5)});
}

// ranger(arrays: [p, m, v, s, g, p', m', v'] of each parameter, keep: Float64Array of 1 − lr · decay, channels:
//   Int32Array of last axes, 0 where gradients keep their mean, beta1, beta2, stepSize, epsilon, alpha, rectified)
void ranger_call(Arguments& a) {
  std::vector<int64_t> lengths;
  const auto arrays = a.arrays_of<float>(0, 0, &lengths);
  check_lengths(lengths, 8);
  const size_t count = arrays.size() / 8;
  const double* keep = a.doubles(1, static_cast<int64_t>(count));
  const int32_t* channels = a.ints(2, static_cast<int64_t>(count));
  std::vector<RangerTensor> tensors(count);
  for (size_t i = 0; i < count; ++i) {
    float* const* t = arrays.data() + 8 * i;
    const int64_t length = lengths[8 * i], last = channels[i];
    if (last < 0 || (last > 0 && length % last != 0)) throw BadArgument("argument 2: not the last axis of a parameter");
    tensors[i] = {t[0], t[1], t[2], t[3], t[4], t[5], t[6], t[7], length, length == 0 ? 0 : last,
                  static_cast<float>(keep[i])};
  }
  const double beta1 = a.number(3), beta2 = a.number(4);
  ranger(tensors, {static_cast<float>(beta1), static_cast<float>(1 - beta1), static_cast<float>(beta2),
                   static_cast<float>(1 - beta2), a.real(5), a.real(6), a.real(7), a.flag(8)});
}

}  // namespace

void register_optimizer(Registrar& registrar) {
  registrar.add<adamw_call>("adamw");
  registrar.add<sgd_call>("sgd");
  registrar.add<rmsprop_call>("rmsprop");
  registrar.add<ranger_call>("ranger");
}

}  // namespace tricklab
