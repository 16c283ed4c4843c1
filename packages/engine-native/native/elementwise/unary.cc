#include "elementwise/unary.h"

#include <algorithm>

#include "base/bfloat16.h"
#include "base/threads.h"

namespace tricklab {
namespace {

template <class Function>
void map(int64_t count, const Function& function) {
  parallel_for(count, kGrain, [&function](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) function(i);
  });
}

// The constants of the self-normalizing network's activation.
constexpr float kSeluScale = 1.0507009873554804934193349852946f;
constexpr float kSeluScaleAlpha = 1.7580993408473768599402175208123f;

// y[i] = of(x[i])
template <class T, class Function>
void transform(const T* __restrict x, int64_t count, T* __restrict y, const Function& of) {
  map(count, [=](int64_t i) { put(of(widened(x[i])), y[i]); });
}

// Comparisons are written so that NaN stays NaN.
template <class T>
void relu(const T* x, int64_t count, T* y) {
  transform(x, count, y, [](float v) { return v <= 0.0f ? 0.0f : v; });
}

template <class T>
void leaky_relu_offset(const T* x, int64_t count, float slope, float offset, T* y) {
  transform(x, count, y, [=](float v) { return (v > 0.0f ? v : slope * v) - offset; });
}

}  // namespace

void unary(Unary op, const float* __restrict x, int64_t count, float first, float second, float* __restrict y) {
  switch (op) {
    case Unary::kAbs:
      return map(count, [=](int64_t i) { y[i] = std::fabs(x[i]); });
    case Unary::kNeg:
      return map(count, [=](int64_t i) { y[i] = -x[i]; });
    case Unary::kSquare:
      return map(count, [=](int64_t i) { y[i] = x[i] * x[i]; });
    case Unary::kSqrt:
      return map(count, [=](int64_t i) { y[i] = std::sqrt(x[i]); });
    case Unary::kRsqrt:
      return map(count, [=](int64_t i) { y[i] = 1.0f / std::sqrt(x[i]); });
    case Unary::kReciprocal:
      return map(count, [=](int64_t i) { y[i] = 1.0f / x[i]; });
    case Unary::kExp:
      return map(count, [=](int64_t i) { y[i] = exp_of(x[i]); });
    case Unary::kExpm1:
      return map(count, [=](int64_t i) { y[i] = expm1_of(x[i]); });
    case Unary::kLog:
      return map(count, [=](int64_t i) { y[i] = log_of(x[i]); });
    case Unary::kLog1p:
      return map(count, [=](int64_t i) { y[i] = log1p_of(x[i]); });
    case Unary::kTanh:
      return map(count, [=](int64_t i) { y[i] = tanh_of(x[i]); });
    case Unary::kSigmoid:
      return map(count, [=](int64_t i) { y[i] = sigmoid_of(x[i]); });
    case Unary::kSoftplus:
      return map(count, [=](int64_t i) { y[i] = softplus_of(x[i]); });
    // Comparisons are written so that NaN stays NaN.
    case Unary::kRelu:
      return relu(x, count, y);
    case Unary::kRelu6:
      return map(count, [=](int64_t i) { y[i] = x[i] <= 0.0f ? 0.0f : (x[i] > 6.0f ? 6.0f : x[i]); });
    case Unary::kElu:
      return map(count, [=](int64_t i) { y[i] = x[i] >= 0.0f ? x[i] : expm1_of(x[i]); });
    case Unary::kSelu:
      return map(count, [=](int64_t i) {
        y[i] = x[i] >= 0.0f ? kSeluScale * x[i] : kSeluScaleAlpha * expm1_of(x[i]);
      });
    case Unary::kSign:
      return map(count, [=](int64_t i) { y[i] = x[i] > 0.0f ? 1.0f : (x[i] < 0.0f ? -1.0f : 0.0f); });
    case Unary::kFloor:
      return map(count, [=](int64_t i) { y[i] = std::floor(x[i]); });
    case Unary::kCeil:
      return map(count, [=](int64_t i) { y[i] = std::ceil(x[i]); });
    case Unary::kRound:
      return map(count, [=](int64_t i) { y[i] = std::rint(x[i]); });
    case Unary::kStep:
      return map(count, [=](int64_t i) { y[i] = x[i] > 0.0f ? 1.0f : (x[i] <= 0.0f ? first : x[i]); });
    case Unary::kClip:
      return map(count, [=](int64_t i) { y[i] = x[i] > second ? second : (x[i] < first ? first : x[i]); });
    case Unary::kLeakyRelu:
      return map(count, [=](int64_t i) { y[i] = x[i] < 0.0f ? first * x[i] : x[i]; });
    case Unary::kLeakyReluOffset:
      return leaky_relu_offset(x, count, first, second, y);
    case Unary::kScaleAdd:
      return map(count, [=](int64_t i) { y[i] = first * x[i] + second; });
  }
}

bool unary(Unary op, const Bfloat16* x, int64_t count, float first, float second, Bfloat16* y) {
  switch (op) {
    case Unary::kRelu:
      relu(x, count, y);
      return true;
    case Unary::kLeakyReluOffset:
      leaky_relu_offset(x, count, first, second, y);
      return true;
    default:
      return false;
  }
}

void dropout(const float* __restrict x, int64_t count, uint32_t key, uint32_t threshold, float scale,
             float* __restrict y) {
  const uint32_t second_key = key * 0x9e3779b9u;
  map(count, [=](int64_t i) {
    uint32_t z = static_cast<uint32_t>(i) ^ key;
    z = (z ^ (z >> 16)) * 0x7feb352du;
    z = (z ^ (z >> 15)) * 0x846ca68bu;
    z = (z ^ (z >> 16)) + second_key;
    z = (z ^ (z >> 16)) * 0x7feb352du;
    z = (z ^ (z >> 15)) * 0x846ca68bu;
    z ^= z >> 16;
    const float kept = x[i] * scale;
    y[i] = z >= threshold ? kept : 0.0f;
  });
}

void fill(float* y, int64_t count, float value) {
  parallel_for(count, kGrain, [=](int64_t begin, int64_t end) { std::fill(y + begin, y + end, value); });
}

void add_all(const Bfloat16* const* x, int64_t arrays, int64_t count, Bfloat16* __restrict y) {
  parallel_for(count, kGrain, [=](int64_t begin, int64_t end) {
    constexpr int64_t kBlock = 2048;
    float sums[kBlock];
    for (int64_t from = begin; from < end; from += kBlock) {
      const int64_t here = std::min(kBlock, end - from);
      for (int64_t i = 0; i < here; ++i) sums[i] = widened(x[0][from + i]);
      for (int64_t k = 1; k < arrays; ++k) {
        const Bfloat16* __restrict other = x[k] + from;
        for (int64_t i = 0; i < here; ++i) sums[i] += widened(other[i]);
      }
      for (int64_t i = 0; i < here; ++i) put(sums[i], y[from + i]);
    }
  });
}

void add_all(const float* const* x, int64_t arrays, int64_t count, float* __restrict y) {
  parallel_for(count, kGrain, [=](int64_t begin, int64_t end) {
    // Blocks that stay in the cache while all arrays are added to them.
    for (int64_t from = begin; from < end; from += 2048) {
      const int64_t to = std::min(end, from + 2048);
      std::copy(x[0] + from, x[0] + to, y + from);
      for (int64_t k = 1; k < arrays; ++k) {
        const float* __restrict other = x[k];
        for (int64_t i = from; i < to; ++i) y[i] += other[i];
      }
    }
  });
}

void select(const uint8_t* __restrict condition, const uint32_t* __restrict a, const uint32_t* __restrict b,
            int64_t count, uint32_t* __restrict y) {
  map(count, [=](int64_t i) {
    const uint32_t yes = a[i], no = b[i];
    y[i] = condition[i] != 0 ? yes : no;
  });
}

void cast_int_to_float(const int32_t* __restrict x, int64_t count, float* __restrict y) {
  map(count, [=](int64_t i) { y[i] = static_cast<float>(x[i]); });
}

void cast_byte_to_float(const uint8_t* __restrict x, int64_t count, float* __restrict y) {
  map(count, [=](int64_t i) { y[i] = static_cast<float>(x[i]); });
}

void cast_float_to_int(const float* __restrict x, int64_t count, int32_t* __restrict y) {
  map(count, [=](int64_t i) {
    // JavaScript: NaN and infinity become 0, larger numbers are taken modulo 2³².
    const float v = x[i];
    if (std::fabs(v) < 2147483648.0f) {
      y[i] = static_cast<int32_t>(v);
    } else if (std::isfinite(v)) {
      y[i] = static_cast<int32_t>(static_cast<uint32_t>(
          static_cast<int64_t>(std::fmod(static_cast<double>(v), 4294967296.0))));
    } else {
      y[i] = 0;
    }
  });
}

void cast_float_to_bool(const float* __restrict x, int64_t count, uint8_t* __restrict y) {
  map(count, [=](int64_t i) { y[i] = x[i] != 0.0f ? 1 : 0; });
}

}  // namespace tricklab
