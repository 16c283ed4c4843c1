// Functions of one and two elements.
#include "elementwise/unary.h"

#include "binding/registrar.h"
#include "elementwise/binary.h"
#include "elementwise/gelu.h"
#include "elementwise/mish.h"
#include "elementwise/swish.h"

namespace tricklab {
namespace {

// unary(op, x, count, first, second, y)
void unary_call(Arguments& a) {
  const int64_t count = a.size(2);
  const auto op = static_cast<Unary>(a.integer(0));
  if (!a.stores_halves(1)) return unary(op, a.floats(1, count), count, a.real(3), a.real(4), a.floats(5, count));
  const Bfloat16* x = a.elements_of<Bfloat16>(1, count);
  if (!unary(op, x, count, a.real(3), a.real(4), a.elements_of<Bfloat16>(5, count))) throw BadArgument("no bf16 here");
}

// [a's shape, b's shape] of equal rank at `shapes`, or the same shape for all where `rank` is 0 and `count` is given.
Broadcast broadcast_of(const Arguments& a, size_t shapes, size_t rank_at, size_t count_at) {
  const int64_t rank = a.integer(rank_at);
  if (rank < 0) return flat_broadcast(a.size(count_at), rank == -2, rank == -3);
  const int32_t* sizes = a.ints(shapes, 2 * rank);
  return make_broadcast(sizes, sizes + rank, static_cast<int>(rank));
}

// binary(op, a, b, shapes, rank, count, out); rank −1: same shapes, −2: a is one element, −3: b is.
void binary_call(Arguments& a) {
  const Broadcast broadcast = broadcast_of(a, 3, 4, 5);
  const auto op = static_cast<Binary>(a.integer(0));
  const int64_t of_a = count_of_a(broadcast), of_b = count_of_b(broadcast);
  if (!a.stores_halves(1)) return binary(op, a.floats(1, of_a), a.floats(2, of_b), broadcast, a.floats(6, broadcast.count));
  const Bfloat16* left = a.elements_of<Bfloat16>(1, of_a);
  const Bfloat16* right = a.elements_of<Bfloat16>(2, of_b);
  if (!binary(op, left, right, broadcast, a.elements_of<Bfloat16>(6, broadcast.count))) throw BadArgument("no bf16 here");
}

void compare_floats_call(Arguments& a) {
  const Broadcast broadcast = broadcast_of(a, 3, 4, 5);
  compare(static_cast<Comparison>(a.integer(0)), a.floats(1, count_of_a(broadcast)),
          a.floats(2, count_of_b(broadcast)), broadcast, a.bytes(6, broadcast.count));
}

void compare_ints_call(Arguments& a) {
  const Broadcast broadcast = broadcast_of(a, 3, 4, 5);
  compare(static_cast<Comparison>(a.integer(0)), a.ints(1, count_of_a(broadcast)), a.ints(2, count_of_b(broadcast)),
          broadcast, a.bytes(6, broadcast.count));
}

// leakyReluGrad(dy, x, count, alpha, dx)
void leaky_relu_grad_call(Arguments& a) {
  const int64_t count = a.size(2);
  in_format_of(a, 1, [&](auto element) {
    using T = decltype(element);
    const T* dy = a.elements_of<T>(0, count);
    const T* x = a.elements_of<T>(1, count);
    leaky_relu_grad(dy, x, count, a.real(3), a.elements_of<T>(4, count));
  });
}

// mish(x, count, y)
void mish_call(Arguments& a) {
  const int64_t count = a.size(1);
  in_format_of(a, 0, [&](auto element) {
    using T = decltype(element);
    const T* x = a.elements_of<T>(0, count);
    mish(x, count, a.elements_of<T>(2, count));
  });
}

// mishGrad(dy, x, count, dx)
void mish_grad_call(Arguments& a) {
  const int64_t count = a.size(2);
  in_format_of(a, 1, [&](auto element) {
    using T = decltype(element);
    const T* dy = a.elements_of<T>(0, count);
    const T* x = a.elements_of<T>(1, count);
    mish_grad(dy, x, count, a.elements_of<T>(3, count));
  });
}

// swish(x, count, y)
void swish_call(Arguments& a) {
  const int64_t count = a.size(1);
  in_format_of(a, 0, [&](auto element) {
    using T = decltype(element);
    const T* x = a.elements_of<T>(0, count);
    swish(x, count, a.elements_of<T>(2, count));
  });
}

// swishGrad(dy, x, count, dx)
void swish_grad_call(Arguments& a) {
  const int64_t count = a.size(2);
  in_format_of(a, 1, [&](auto element) {
    using T = decltype(element);
    const T* dy = a.elements_of<T>(0, count);
    const T* x = a.elements_of<T>(1, count);
    swish_grad(dy, x, count, a.elements_of<T>(3, count));
  });
}

GeluForm gelu_form_of(const Arguments& a, size_t index) {
  const int64_t number = a.size(index);
  if (number > static_cast<int64_t>(GeluForm::kTanh)) throw BadArgument("there is no such form of GELU");
  return static_cast<GeluForm>(number);
}

// gelu(x, count, form, y)
void gelu_call(Arguments& a) {
  const int64_t count = a.size(1);
  gelu(a.floats(0, count), count, gelu_form_of(a, 2), a.floats(3, count));
}

// geluGrad(dy, x, count, form, dx)
void gelu_grad_call(Arguments& a) {
  const int64_t count = a.size(2);
  gelu_grad(a.floats(0, count), a.floats(1, count), count, gelu_form_of(a, 3), a.floats(4, count));
}

// dropout(x, count, key, threshold, scale, y)
void dropout_call(Arguments& a) {
  const int64_t count = a.size(1);
  dropout(a.floats(0, count), count, static_cast<uint32_t>(a.integer(2)), static_cast<uint32_t>(a.integer(3)),
          a.real(4), a.floats(5, count));
}

// fill(y, count, value)
void fill_call(Arguments& a) { fill(a.floats(0, a.size(1)), a.size(1), a.real(2)); }

// addAll(arrays, count, y)
void add_all_call(Arguments& a) {
  const int64_t count = a.size(1);
  in_format_of(a, 2, [&](auto element) {
    using T = decltype(element);
    std::vector<int64_t> lengths;
    const auto arrays = a.arrays_of<T>(0, 1, &lengths);
    for (const int64_t length : lengths) {
      if (length < count) throw BadArgument("argument 0: an array is too short");
    }
    add_all(arrays.data(), static_cast<int64_t>(arrays.size()), count, a.elements_of<T>(2, count));
  });
}

// select(condition, a, b, count, y)
void select_call(Arguments& a) {
  const int64_t count = a.size(3);
  select(a.bytes(0, count), static_cast<uint32_t*>(a.elements(1, count, 4)),
         static_cast<uint32_t*>(a.elements(2, count, 4)), count, static_cast<uint32_t*>(a.elements(4, count, 4)));
}

void int_to_float_call(Arguments& a) { cast_int_to_float(a.ints(0, a.size(1)), a.size(1), a.floats(2, a.size(1))); }
void byte_to_float_call(Arguments& a) { cast_byte_to_float(a.bytes(0, a.size(1)), a.size(1), a.floats(2, a.size(1))); }
void float_to_int_call(Arguments& a) { cast_float_to_int(a.floats(0, a.size(1)), a.size(1), a.ints(2, a.size(1))); }
void float_to_bool_call(Arguments& a) { cast_float_to_bool(a.floats(0, a.size(1)), a.size(1), a.bytes(2, a.size(1))); }

}  // namespace

void register_elementwise(Registrar& registrar) {
  registrar.add<unary_call>("unary");
  registrar.add<binary_call>("binary");
  registrar.add<compare_floats_call>("compareFloats");
  registrar.add<compare_ints_call>("compareInts");
  registrar.add<leaky_relu_grad_call>("leakyReluGrad");
  registrar.add<mish_call>("mish");
  registrar.add<mish_grad_call>("mishGrad");
  registrar.add<swish_call>("swish");
  registrar.add<swish_grad_call>("swishGrad");
  registrar.add<gelu_call>("gelu");
  registrar.add<gelu_grad_call>("geluGrad");
  registrar.add<dropout_call>("dropout");
  registrar.add<fill_call>("fill");
  registrar.add<add_all_call>("addAll");
  registrar.add<select_call>("select");
  registrar.add<int_to_float_call>("intToFloat");
  registrar.add<byte_to_float_call>("byteToFloat");
  registrar.add<float_to_int_call>("floatToInt");
  registrar.add<float_to_bool_call>("floatToBool");
}

}  // namespace tricklab
