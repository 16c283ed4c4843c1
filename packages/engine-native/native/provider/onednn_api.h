// The two interfaces of oneDNN: versions before 3 describe an operation first, later ones make the primitive description
// at once.
#pragma once

#include <oneapi/dnnl/dnnl.hpp>

namespace tricklab {
namespace onednn {

using Memory = dnnl::memory;
using Description = dnnl::memory::desc;
using Dims = dnnl::memory::dims;

// What a convolution needs beside its tensors.
struct Window {
  Dims strides, dilations, padding_before, padding_after;
};

constexpr auto kForward = dnnl::prop_kind::forward_training;
constexpr auto kDirect = dnnl::algorithm::convolution_direct;

using Forward = dnnl::convolution_forward::primitive_desc;
using BackwardData = dnnl::convolution_backward_data::primitive_desc;
using BackwardWeights = dnnl::convolution_backward_weights::primitive_desc;
using MatMul = dnnl::matmul::primitive_desc;

#if DNNL_VERSION_MAJOR >= 3

inline Forward describe_forward(const dnnl::engine& engine, const Description& x, const Description& filter,
                                const Description* bias, const Description& out, const Window& w,
                                const dnnl::primitive_attr& attributes) {
  if (bias == nullptr) {
    return Forward(engine, kForward, kDirect, x, filter, out, w.strides, w.dilations, w.padding_before,
                   w.padding_after, attributes);
  }
  return Forward(engine, kForward, kDirect, x, filter, *bias, out, w.strides, w.dilations, w.padding_before,
                 w.padding_after, attributes);
}

inline BackwardData describe_backward_data(const dnnl::engine& engine, const Description& dx,
                                           const Description& filter, const Description& dy, const Window& w,
                                           const dnnl::primitive_attr& attributes, const Forward& forward) {
  return BackwardData(engine, kDirect, dx, filter, dy, w.strides, w.dilations, w.padding_before, w.padding_after,
                      forward, attributes);
}

inline BackwardWeights describe_backward_weights(const dnnl::engine& engine, const Description& x,
                                                 const Description& dfilter, const Description& dy, const Window& w,
                                                 const dnnl::primitive_attr& attributes, const Forward& forward) {
  return BackwardWeights(engine, kDirect, x, dfilter, dy, w.strides, w.dilations, w.padding_before, w.padding_after,
                         forward, attributes);
}

inline MatMul describe_matmul(const dnnl::engine& engine, const Description& a, const Description& b,
                              const Description* bias, const Description& c, const dnnl::primitive_attr& attributes) {
  return bias == nullptr ? MatMul(engine, a, b, c, attributes) : MatMul(engine, a, b, *bias, c, attributes);
}

#else

inline Forward describe_forward(const dnnl::engine& engine, const Description& x, const Description& filter,
                                const Description* bias, const Description& out, const Window& w,
                                const dnnl::primitive_attr& attributes) {
  using Operation = dnnl::convolution_forward::desc;
  if (bias == nullptr) {
    return Forward(Operation(kForward, kDirect, x, filter, out, w.strides, w.dilations, w.padding_before,
                             w.padding_after),
                   attributes, engine);
  }
  return Forward(Operation(kForward, kDirect, x, filter, *bias, out, w.strides, w.dilations, w.padding_before,
                           w.padding_after),
                 attributes, engine);
}

inline BackwardData describe_backward_data(const dnnl::engine& engine, const Description& dx,
                                           const Description& filter, const Description& dy, const Window& w,
                                           const dnnl::primitive_attr& attributes, const Forward& forward) {
  const dnnl::convolution_backward_data::desc operation(kDirect, dx, filter, dy, w.strides, w.dilations,
                                                        w.padding_before, w.padding_after);
  return BackwardData(operation, attributes, engine, forward);
}

inline BackwardWeights describe_backward_weights(const dnnl::engine& engine, const Description& x,
                                                 const Description& dfilter, const Description& dy, const Window& w,
                                                 const dnnl::primitive_attr& attributes, const Forward& forward) {
  const dnnl::convolution_backward_weights::desc operation(kDirect, x, dfilter, dy, w.strides, w.dilations,
                                                           w.padding_before, w.padding_after);
  return BackwardWeights(operation, attributes, engine, forward);
}

inline MatMul describe_matmul(const dnnl::engine& engine, const Description& a, const Description& b,
                              const Description* bias, const Description& c, const dnnl::primitive_attr& attributes) {
  using Operation = dnnl::matmul::desc;
  return MatMul(bias == nullptr ? Operation(a, b, c) : Operation(a, b, *bias, c), attributes, engine);
}

#endif

}  // namespace onednn
}  // namespace tricklab
