#include "elementwise/binary.h"

#include <algorithm>
#include <cmath>

#include "base/bfloat16.h"
#include "base/streaming.h"
#include "base/threads.h"

namespace tricklab {
namespace {

// What a stored element stands for, and how a result is stored, of types that stand for themselves too.
using tricklab::put;
using tricklab::widened;
inline int32_t widened(int32_t value) { return value; }
inline void put(uint8_t value, uint8_t& to) { to = value; }

// One operation on `count` elements; the names say which operand runs (v) and which is one element (s).
template <class T, class Out>
struct Inner {
  using Run = void (*)(const T*, const T*, Out*, int64_t);
  Run vv, vs, sv;
};

template <class T, class Out, class Op>
Inner<T, Out> inner_of() {
  return {
      [](const T* __restrict a, const T* __restrict b, Out* __restrict out, int64_t count) {
        for (int64_t i = 0; i < count; ++i) put(Op::run(widened(a[i]), widened(b[i])), out[i]);
      },
      [](const T* __restrict a, const T* __restrict b, Out* __restrict out, int64_t count) {
        const auto s = widened(*b);
        for (int64_t i = 0; i < count; ++i) put(Op::run(widened(a[i]), s), out[i]);
      },
      [](const T* __restrict a, const T* __restrict b, Out* __restrict out, int64_t count) {
        const auto s = widened(*a);
        for (int64_t i = 0; i < count; ++i) put(Op::run(s, widened(b[i])), out[i]);
      },
  };
}

// A repeated operand shorter than this is laid out several times, so that the loops over it are long.
constexpr int64_t kShort = 64;
constexpr int64_t kTile = 512;

// The two innermost dimensions, or rows of them.
template <class T, class Out>
struct Plane {
  int64_t length;             // of the innermost
  int64_t a_row, b_row;       // strides of the outer one
  int64_t a_step, b_step;     // strides of the innermost: 0 or 1
};

template <class T, class Out>
void run_rows(const Inner<T, Out>& inner, const Plane<T, Out>& plane, const T* a, const T* b, Out* out, int64_t rows) {
  const int64_t length = plane.length;
  const bool both = plane.a_step == 1 && plane.b_step == 1;
  const bool b_repeats = both && plane.b_row == 0 && plane.a_row == length;
  const bool a_repeats = both && plane.a_row == 0 && plane.b_row == length;
  if (length < kShort && rows > 1 && (a_repeats || b_repeats)) {
    T tile[kTile];
    const int64_t copies = std::min(rows, kTile / length);
    for (int64_t i = 0; i < copies; ++i) std::copy_n(b_repeats ? b : a, length, tile + i * length);
    for (int64_t row = 0; row < rows; row += copies) {
      const int64_t count = std::min(copies, rows - row) * length;
      if (b_repeats) {
        inner.vv(a + row * length, tile, out + row * length, count);
      } else {
        inner.vv(tile, b + row * length, out + row * length, count);
      }
    }
    return;
  }
  const auto run = both ? inner.vv : plane.a_step == 1 ? inner.vs : inner.sv;
  for (int64_t row = 0; row < rows; ++row) run(a + row * plane.a_row, b + row * plane.b_row, out + row * length, length);
}

// Part of one long row.
template <class T, class Out>
void run_stretch(const Inner<T, Out>& inner, const Plane<T, Out>& plane, const T* a, const T* b, Out* out, bool past) {
  write_stretches(past, plane.length, 1, out, [&](int64_t first, int64_t count, Out* to) {
    run_rows(inner, {count, 0, 0, plane.a_step, plane.b_step}, a + first * plane.a_step, b + first * plane.b_step, to,
             1);
  });
}

template <class T, class Out>
void run_broadcast(const Inner<T, Out>& inner, const T* a, const T* b, const Broadcast& broadcast, Out* out) {
  if (broadcast.count == 0) return;
  const int last = broadcast.axes - 1;
  const Plane<T, Out> plane{broadcast.size[last], last > 0 ? broadcast.a[last - 1] : 0,
                            last > 0 ? broadcast.b[last - 1] : 0, broadcast.a[last], broadcast.b[last]};
  const int64_t rows = last > 0 ? broadcast.size[last - 1] : 1;
  const int64_t all_rows = broadcast.count / plane.length;
  if (all_rows < thread_count()) {
    // Few long rows: each is split.
    const bool past = past_cache(out, plane.length);
    for (int64_t row = 0; row < all_rows; ++row) {
      int64_t a_at = 0, b_at = 0, rest = row;
      for (int axis = last - 1; axis >= 0; --axis) {
        a_at += rest % broadcast.size[axis] * broadcast.a[axis];
        b_at += rest % broadcast.size[axis] * broadcast.b[axis];
        rest /= broadcast.size[axis];
      }
      parallel_for(plane.length, kGrain, [&](int64_t begin, int64_t end) {
        run_stretch(inner, {end - begin, 0, 0, plane.a_step, plane.b_step}, a + a_at + begin * plane.a_step,
                    b + b_at + begin * plane.b_step, out + row * plane.length + begin, past && row == 0);
      });
    }
    return;
  }
  parallel_for(all_rows, std::max<int64_t>(1, kGrain / plane.length), [&](int64_t begin, int64_t end) {
    while (begin < end) {
      const int64_t row = begin % rows;
      const int64_t count = std::min(rows - row, end - begin);
      int64_t a_at = row * plane.a_row, b_at = row * plane.b_row, rest = begin / rows;
      for (int axis = last - 2; axis >= 0; --axis) {
        a_at += rest % broadcast.size[axis] * broadcast.a[axis];
        b_at += rest % broadcast.size[axis] * broadcast.b[axis];
        rest /= broadcast.size[axis];
      }
      run_rows(inner, plane, a + a_at, b + b_at, out + begin * plane.length, count);
      begin += count;
    }
  });
}

// NaN in either operand gives NaN in maximum, minimum and the activations.
struct Add { static float run(float a, float b) { return a + b; } };
struct Sub { static float run(float a, float b) { return a - b; } };
struct Multiply { static float run(float a, float b) { return a * b; } };
struct Divide { static float run(float a, float b) { return a / b; } };
struct Maximum { static float run(float a, float b) { return a > b || a != a ? a : b; } };
struct Minimum { static float run(float a, float b) { return a < b || a != a ? a : b; } };
struct SquaredDifference { static float run(float a, float b) { return (a - b) * (a - b); } };
struct Power { static float run(float a, float b) { return std::pow(a, b); } };
struct Prelu { static float run(float a, float b) { return a < 0 ? a * b : a; } };
struct EluGrad { static float run(float a, float b) { return b >= 0 ? a : a * (b + 1); } };
struct ReluGrad { static float run(float a, float b) { return b > 0 ? a : 0; } };
struct AddRelu { static float run(float a, float b) { return a + b <= 0 ? 0 : a + b; } };

template <class T> struct Equal { static uint8_t run(T a, T b) { return a == b; } };
template <class T> struct NotEqual { static uint8_t run(T a, T b) { return a != b; } };
template <class T> struct Greater { static uint8_t run(T a, T b) { return a > b; } };
template <class T> struct GreaterEqual { static uint8_t run(T a, T b) { return a >= b; } };
template <class T> struct Less { static uint8_t run(T a, T b) { return a < b; } };
template <class T> struct LessEqual { static uint8_t run(T a, T b) { return a <= b; } };

template <class T>
void run_comparison(Comparison op, const T* a, const T* b, const Broadcast& broadcast, uint8_t* out) {
  switch (op) {
    case Comparison::kEqual:
      return run_broadcast(inner_of<T, uint8_t, Equal<T>>(), a, b, broadcast, out);
    case Comparison::kNotEqual:
      return run_broadcast(inner_of<T, uint8_t, NotEqual<T>>(), a, b, broadcast, out);
    case Comparison::kGreater:
      return run_broadcast(inner_of<T, uint8_t, Greater<T>>(), a, b, broadcast, out);
    case Comparison::kGreaterEqual:
      return run_broadcast(inner_of<T, uint8_t, GreaterEqual<T>>(), a, b, broadcast, out);
    case Comparison::kLess:
      return run_broadcast(inner_of<T, uint8_t, Less<T>>(), a, b, broadcast, out);
    case Comparison::kLessEqual:
      return run_broadcast(inner_of<T, uint8_t, LessEqual<T>>(), a, b, broadcast, out);
  }
}

template <class Op, class T>
void run(const T* a, const T* b, const Broadcast& broadcast, T* out) {
  run_broadcast(inner_of<T, T, Op>(), a, b, broadcast, out);
}

// A function of its own: in the closure a store could change the slope, for all that the compiler knows, and the loop
// would go element by element.
template <class T>
void leaky_relu_grad_run(const T* __restrict dy, const T* __restrict x, int64_t count, float alpha, T* __restrict dx) {
  for (int64_t i = 0; i < count; ++i) {
    const float slope = widened(dy[i]);
    put(widened(x[i]) > 0 ? slope : slope * alpha, dx[i]);
  }
}

}  // namespace

void binary(Binary op, const float* a, const float* b, const Broadcast& broadcast, float* out) {
  switch (op) {
    case Binary::kAdd:
      return run<Add>(a, b, broadcast, out);
    case Binary::kSub:
      return run<Sub>(a, b, broadcast, out);
    case Binary::kMultiply:
      return run<Multiply>(a, b, broadcast, out);
    case Binary::kDivide:
      return run<Divide>(a, b, broadcast, out);
    case Binary::kMaximum:
      return run<Maximum>(a, b, broadcast, out);
    case Binary::kMinimum:
      return run<Minimum>(a, b, broadcast, out);
    case Binary::kSquaredDifference:
      return run<SquaredDifference>(a, b, broadcast, out);
    case Binary::kPower:
      return run<Power>(a, b, broadcast, out);
    case Binary::kPrelu:
      return run<Prelu>(a, b, broadcast, out);
    case Binary::kEluGrad:
      return run<EluGrad>(a, b, broadcast, out);
    case Binary::kReluGrad:
      return run<ReluGrad>(a, b, broadcast, out);
    case Binary::kAddRelu:
      return run<AddRelu>(a, b, broadcast, out);
  }
}

bool binary(Binary op, const Bfloat16* a, const Bfloat16* b, const Broadcast& broadcast, Bfloat16* out) {
  switch (op) {
    case Binary::kAdd:
      run<Add>(a, b, broadcast, out);
      return true;
    case Binary::kReluGrad:
      run<ReluGrad>(a, b, broadcast, out);
      return true;
    case Binary::kAddRelu:
      run<AddRelu>(a, b, broadcast, out);
      return true;
    default:
      return false;
  }
}

void compare(Comparison op, const float* a, const float* b, const Broadcast& broadcast, uint8_t* out) {
  run_comparison(op, a, b, broadcast, out);
}

void compare(Comparison op, const int32_t* a, const int32_t* b, const Broadcast& broadcast, uint8_t* out) {
  run_comparison(op, a, b, broadcast, out);
}

template <class T>
void leaky_relu_grad(const T* dy, const T* x, int64_t count, float alpha, T* dx) {
  parallel_for(count, kGrain, [=](int64_t begin, int64_t end) {
    leaky_relu_grad_run(dy + begin, x + begin, end - begin, alpha, dx + begin);
  });
}

template void leaky_relu_grad(const float*, const float*, int64_t, float, float*);
template void leaky_relu_grad(const Bfloat16*, const Bfloat16*, int64_t, float, Bfloat16*);

}  // namespace tricklab
