// Pools over windows of [batch, h, w, channels], whose elements are floats or bf16.
#pragma once

#include <cstdint>

namespace tricklab {

struct PoolShape {
  int64_t batch, h, w, c;
  int64_t window_h, window_w, stride_h, stride_w, dilation_h, dilation_w;
  // Rows above and columns left of the image.
  int64_t top, left;
  int64_t out_h, out_w;
};

// Largest element of each window; NaN is passed over.
template <class T>
void max_pool(const PoolShape& shape, const T* x, T* y);
// dy goes to the first largest element of its window, in row order.
template <class T>
void max_pool_grad(const PoolShape& shape, const T* dy, const T* x, T* dx);
// Mean of each window's elements inside the image.
template <class T>
void avg_pool(const PoolShape& shape, const T* x, T* y);
// An equal share of dy goes to every element that was counted.
template <class T>
void avg_pool_grad(const PoolShape& shape, const T* dy, T* dx);

}  // namespace tricklab
