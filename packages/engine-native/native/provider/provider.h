// What runs convolutions and matrix products. One provider is ours and always there; others wrap a library, or a device.
#pragma once

#include "provider/shapes.h"

namespace tricklab {

// Pointers are to float32 values in memory of the provider's device; they do not overlap. Functions return false, having
// written nothing, where the provider does not serve a case; the portable provider serves all in float32.
class Provider {
 public:
  virtual ~Provider() = default;

  virtual const char* name() const = 0;

  // Whether this machine gains from a precision: float32 always, others where the processor has instructions for them.
  virtual bool supports(Precision precision) const = 0;

  virtual bool conv2d(const Conv2dShape& shape, Precision precision, const float* x, const float* filter,
                      const Epilogue& epilogue, float* out) = 0;
  virtual bool conv2d_input_gradient(const Conv2dShape& shape, Precision precision, const float* dy,
                                     const float* filter, float* dx) = 0;
  virtual bool conv2d_filter_gradient(const Conv2dShape& shape, Precision precision, const float* x, const float* dy,
                                      float* dfilter) = 0;
  virtual bool matmul(const MatMulShape& shape, Precision precision, const float* a, const float* b,
                      const Epilogue& epilogue, float* c) = 0;
};

Provider& portable_provider();

}  // namespace tricklab
