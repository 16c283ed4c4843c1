// Our own kernels as a provider.
#include "bf16/units.h"
#include "bf16/convolution.h"
#include "conv/convolution.h"
#include "gemm/matmul.h"
#include "provider/provider.h"

namespace tricklab {
namespace {

class Portable final : public Provider {
 public:
  const char* name() const override { return "portable"; }

  bool supports(Precision precision) const override { return precision == Precision::kFloat32 || bf16_available(); }

  bool conv2d(const Conv2dShape& shape, Precision precision, ConstNumbers x, const float* filter,
              const Epilogue& epilogue, Numbers out) override {
    if (precision == Precision::kBfloat16) return conv2d_bfloat16(shape, x, filter, epilogue, out);
    tricklab::conv2d(shape, x.floats(), filter, epilogue, out.floats());
    return true;
  }

  bool conv2d_input_gradient(const Conv2dShape& shape, Precision precision, ConstNumbers dy, const float* filter,
                             Numbers dx) override {
    if (precision == Precision::kBfloat16) return conv2d_input_gradient_bfloat16(shape, dy, filter, dx);
    tricklab::conv2d_input_gradient(shape, dy.floats(), filter, dx.floats());
    return true;
  }

  bool conv2d_filter_gradient(const Conv2dShape& shape, Precision precision, ConstNumbers x, ConstNumbers dy,
                              float* dfilter) override {
    if (precision == Precision::kBfloat16) return conv2d_filter_gradient_bfloat16(shape, x, dy, dfilter);
    tricklab::conv2d_filter_gradient(shape, x.floats(), dy.floats(), dfilter);
    return true;
  }

  bool matmul(const MatMulShape& shape, Precision precision, const float* a, const float* b, const Epilogue& epilogue,
              float* c) override {
    if (precision == Precision::kBfloat16) return matmul_bfloat16(shape, a, b, epilogue, c);
    tricklab::matmul(shape, a, b, epilogue, c);
    return true;
  }
};

}  // namespace

Provider& portable_provider() {
  static Portable provider;
  return provider;
}

}  // namespace tricklab
