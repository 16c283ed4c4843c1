// Max pools with square windows of two or three pixels that move by one: neighbours share most of what they look at, so
// that rows and columns of a window are searched one after the other. Same results as the general pool.
#pragma once

#include "pool/pool.h"

namespace tricklab {

// Whether a pool is one of those.
bool slides(const PoolShape& shape);

template <class T>
void sliding_max_pool(const PoolShape& shape, const T* x, T* y);
template <class T>
void sliding_max_pool_grad(const PoolShape& shape, const T* dy, const T* x, T* dx);

}  // namespace tricklab
