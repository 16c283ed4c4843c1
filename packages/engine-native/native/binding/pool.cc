// Pools.
#include "pool/pool.h"

#include "binding/registrar.h"

namespace tricklab {
namespace {

// The numbers of PoolShape, in its order.
PoolShape shape_of(const Arguments& a, size_t index) {
  const int32_t* n = a.ints(index, 14);
  const PoolShape s{n[0], n[1], n[2], n[3], n[4], n[5], n[6], n[7], n[8], n[9], n[10], n[11], n[12], n[13]};
  for (int i = 0; i < 14; ++i) {
    // Strides and dilations are what the windows are counted by.
    if (n[i] < (i >= 4 && i < 10 ? 1 : i == 10 || i == 11 ? INT32_MIN : 0)) throw BadArgument("a pool of this shape");
  }
  return s;
}

int64_t image_of(const PoolShape& s) { return s.batch * s.h * s.w * s.c; }
int64_t pooled_of(const PoolShape& s) { return s.batch * s.out_h * s.out_w * s.c; }

// maxPool(shape, x, y)
void max_pool_call(Arguments& a) {
  const PoolShape s = shape_of(a, 0);
  in_format_of(a, 1, [&](auto element) {
    using T = decltype(element);
    const T* x = a.elements_of<T>(1, image_of(s));
    max_pool(s, x, a.elements_of<T>(2, pooled_of(s)));
  });
}

// avgPool(shape, x, y)
void avg_pool_call(Arguments& a) {
  const PoolShape s = shape_of(a, 0);
  in_format_of(a, 1, [&](auto element) {
    using T = decltype(element);
    const T* x = a.elements_of<T>(1, image_of(s));
    avg_pool(s, x, a.elements_of<T>(2, pooled_of(s)));
  });
}

// maxPoolGrad(shape, dy, x, dx)
void max_pool_grad_call(Arguments& a) {
  const PoolShape s = shape_of(a, 0);
  in_format_of(a, 2, [&](auto element) {
    using T = decltype(element);
    const T* dy = a.elements_of<T>(1, pooled_of(s));
    const T* x = a.elements_of<T>(2, image_of(s));
    max_pool_grad(s, dy, x, a.elements_of<T>(3, image_of(s)));
  });
}

// avgPoolGrad(shape, dy, dx)
void avg_pool_grad_call(Arguments& a) {
  const PoolShape s = shape_of(a, 0);
  in_format_of(a, 1, [&](auto element) {
    using T = decltype(element);
    const T* dy = a.elements_of<T>(1, pooled_of(s));
    avg_pool_grad(s, dy, a.elements_of<T>(2, image_of(s)));
  });
}

}  // namespace

void register_pool(Registrar& registrar) {
  registrar.add<max_pool_call>("maxPool");
  registrar.add<avg_pool_call>("avgPool");
  registrar.add<max_pool_grad_call>("maxPoolGrad");
  registrar.add<avg_pool_grad_call>("avgPoolGrad");
}

}  // namespace tricklab
