// What runs convolutions and matrix products. One provider is ours and always there; others wrap a library, or a device.
#pragma once

#include "provider/shapes.h"

namespace tricklab {

// Tensors lie in memory of the provider's device and do not overlap; with Precision::kBfloat16 images may be stored as
// bf16. Functions return false, having written nothing, where the provider does not serve a case; the portable provider
// serves all in float32.
class Provider {
 public:
  virtual ~Provider() = default;

  virtual const char* name() const = 0;

  // Whether this machine gains from a precision: float32 always, others where the processor has instructions for them.
  virtual bool supports(Precision precision) const = 0;

  virtual bool conv2d(const Conv2dShape& shape, Precision precision, ConstNumbers x, const float* filter,
                      const Epilogue& epilogue, Numbers out) = 0;
  virtual bool conv2d_input_gradient(const Conv2dShape& shape, Precision precision, ConstNumbers dy,
                                     const float* filter, Numbers dx) = 0;
  virtual bool conv2d_filter_gradient(const Conv2dShape& shape, Precision precision, ConstNumbers x, ConstNumbers dy,
                                      float* dfilter) = 0;
  virtual bool matmul(const MatMulShape& shape, Precision precision, const float* a, const float* b,
                      const Epilogue& epilogue, float* c) = 0;
};

Provider& portable_provider();

}  // namespace tricklab
