// Convolutions and matrix products.
#include <string>

#include "binding/registrar.h"
#include "conv/convolution.h"
#include "depthwise/depthwise.h"
#include "provider/choice.h"
#include "provider/stored.h"

namespace tricklab {
namespace {

// The sizes of a convolution come as one Int32Array, in the order of Conv2dShape.
Conv2dShape conv2d_shape(const Arguments& arguments, size_t index) {
  const int32_t* sizes = arguments.ints(index, 16);
  for (int i = 0; i < 16; ++i) {
    // Strides, dilations and groups divide; pads may be negative, as input gradients of TF.js allow.
    const bool at_least_one = (i >= 9 && i < 13) || i == 15;
    if (sizes[i] < (at_least_one ? 1 : 0) && i != 13 && i != 14) throw BadArgument("sizes of a convolution");
  }
  const Conv2dShape shape{sizes[0], sizes[1],  sizes[2],  sizes[3],  sizes[4],  sizes[5],  sizes[6],  sizes[7],
                          sizes[8], sizes[9], sizes[10], sizes[11], sizes[12], sizes[13], sizes[14], sizes[15]};
  if (shape.in_channels % shape.groups != 0 || shape.out_channels % shape.groups != 0) {
    throw BadArgument("groups of a convolution");
  }
  return shape;
}

Conv2dShape depthwise_shape(const Arguments& arguments, size_t index) {
  const Conv2dShape shape = conv2d_shape(arguments, index);
  if (shape.groups != shape.in_channels) throw BadArgument("groups of a depthwise convolution");
  return shape;
}

int64_t depthwise_filter_size(const Conv2dShape& shape) {
  return shape.filter_height * shape.filter_width * shape.out_channels;
}

Precision precision_at(const Arguments& arguments, size_t index) {
  return arguments.flag(index) ? Precision::kBfloat16 : Precision::kFloat32;
}

// conv2d(sizes, bfloat16, x, filter, bias?, relu, out)
void conv2d_call(Arguments& arguments) {
  const Conv2dShape shape = conv2d_shape(arguments, 0);
  const Epilogue epilogue{arguments.optional_floats(4, shape.out_channels), arguments.flag(5)};
  run_conv2d(shape, precision_at(arguments, 1), arguments.numbers(2, shape.in_size()),
             arguments.floats(3, shape.filter_size()), epilogue, arguments.numbers(6, shape.out_size()));
}

// conv2dInputGradient(sizes, bfloat16, dy, filter, dx)
void conv2d_input_gradient_call(Arguments& arguments) {
  const Conv2dShape shape = conv2d_shape(arguments, 0);
  run_conv2d_input_gradient(shape, precision_at(arguments, 1), arguments.numbers(2, shape.out_size()),
                            arguments.floats(3, shape.filter_size()), arguments.numbers(4, shape.in_size()));
}

// conv2dFilterGradient(sizes, bfloat16, x, dy, dfilter)
void conv2d_filter_gradient_call(Arguments& arguments) {
  const Conv2dShape shape = conv2d_shape(arguments, 0);
  run_conv2d_filter_gradient(shape, precision_at(arguments, 1), arguments.numbers(2, shape.in_size()),
                             arguments.numbers(3, shape.out_size()), arguments.floats(4, shape.filter_size()));
}

// An image as floats; one of the two that a call may read.
const float* image_at(const Arguments& arguments, size_t index, int64_t size, bool second = false) {
  return as_floats(arguments.numbers(index, size), size, second ? ScratchUse::kOtherOperand : ScratchUse::kOperand);
}

// Calls write(floats) for the image that is written.
template <typename Write>
void write_image(const Arguments& arguments, size_t index, int64_t size, Write write) {
  write_floats(arguments.numbers(index, size), size, write);
}

// The input group of each output group.
const int32_t* sources_of(const Arguments& arguments, size_t index, const Conv2dShape& shape) {
  const int32_t* sources = arguments.ints(index, shape.groups);
  for (int64_t g = 0; g < shape.groups; ++g) {
    if (sources[g] < 0 || sources[g] >= shape.groups) throw BadArgument("the source of a group");
  }
  return sources;
}

// groupedConv2d(sizes, sources, x, filter, out)
void grouped_conv2d_call(Arguments& arguments) {
  const Conv2dShape shape = conv2d_shape(arguments, 0);
  const int32_t* sources = sources_of(arguments, 1, shape);
  const float* x = image_at(arguments, 2, shape.in_size());
  const float* filter = arguments.floats(3, shape.filter_size());
  write_image(arguments, 4, shape.out_size(), [&](float* out) { conv2d(shape, x, filter, {}, out, sources); });
}

// groupedConv2dInputGradient(sizes, sources, dy, filter, dx)
void grouped_conv2d_input_gradient_call(Arguments& arguments) {
  const Conv2dShape shape = conv2d_shape(arguments, 0);
  const int32_t* sources = sources_of(arguments, 1, shape);
  const float* dy = image_at(arguments, 2, shape.out_size());
  const float* filter = arguments.floats(3, shape.filter_size());
  write_image(arguments, 4, shape.in_size(), [&](float* dx) { conv2d_input_gradient(shape, dy, filter, dx, sources); });
}

// groupedConv2dFilterGradient(sizes, sources, x, dy, dfilter)
void grouped_conv2d_filter_gradient_call(Arguments& arguments) {
  const Conv2dShape shape = conv2d_shape(arguments, 0);
  const int32_t* sources = sources_of(arguments, 1, shape);
  conv2d_filter_gradient(shape, image_at(arguments, 2, shape.in_size()), image_at(arguments, 3, shape.out_size(), true),
                         arguments.floats(4, shape.filter_size()), sources);
}

// depthwise(sizes, x, filter, bias?, relu, out)
void depthwise_call(Arguments& arguments) {
  const Conv2dShape shape = depthwise_shape(arguments, 0);
  const Epilogue epilogue{arguments.optional_floats(3, shape.out_channels), arguments.flag(4)};
  const float* x = image_at(arguments, 1, shape.in_size());
  const float* filter = arguments.floats(2, depthwise_filter_size(shape));
  write_image(arguments, 5, shape.out_size(), [&](float* out) { depthwise(shape, x, filter, epilogue, out); });
}

// depthwiseInputGradient(sizes, dy, filter, dx)
void depthwise_input_gradient_call(Arguments& arguments) {
  const Conv2dShape shape = depthwise_shape(arguments, 0);
  const float* dy = image_at(arguments, 1, shape.out_size());
  const float* filter = arguments.floats(2, depthwise_filter_size(shape));
  write_image(arguments, 3, shape.in_size(), [&](float* dx) { depthwise_input_gradient(shape, dy, filter, dx); });
}

// depthwiseFilterGradient(sizes, x, dy, dfilter)
void depthwise_filter_gradient_call(Arguments& arguments) {
  const Conv2dShape shape = depthwise_shape(arguments, 0);
  depthwise_filter_gradient(shape, image_at(arguments, 1, shape.in_size()), image_at(arguments, 2, shape.out_size(), true),
                            arguments.floats(3, depthwise_filter_size(shape)));
}

// matmul(batch, rows, columns, depth, transposeA, transposeB, aStep, bStep, bfloat16, a, b, bias?, relu, c)
void matmul_call(Arguments& arguments) {
  const MatMulShape shape{arguments.size(0),      arguments.size(1), arguments.size(2), arguments.size(3),
                          arguments.flag(4), arguments.flag(5), arguments.size(6), arguments.size(7)};
  // One matrix for the whole batch, or one for each of it.
  const auto least = [&](int64_t step, int64_t size) { return shape.batch == 0 ? 0 : (shape.batch - 1) * step + size; };
  const Epilogue epilogue{arguments.optional_floats(11, shape.columns), arguments.flag(12)};
  run_matmul(shape, precision_at(arguments, 8), arguments.floats(9, least(shape.a_step, shape.rows * shape.depth)),
             arguments.floats(10, least(shape.b_step, shape.depth * shape.columns)), epilogue,
             arguments.floats(13, shape.batch * shape.rows * shape.columns));
}

napi_value string_of(napi_env env, const std::string& text) {
  napi_value result;
  napi_create_string_utf8(env, text.c_str(), text.size(), &result);
  return result;
}

// provider(name?) → the choice, or undefined where there is no provider of that name
napi_value provider_call(Arguments& arguments) {
  if (!arguments.missing(0)) {
    char name[32];
    size_t length = 0;
    if (napi_get_value_string_utf8(arguments.env(), arguments.value(0), name, sizeof(name), &length) != napi_ok) {
      throw BadArgument("argument 0: expected the name of a provider");
    }
    if (!choose_provider(std::string(name, length))) return nullptr;
  }
  return string_of(arguments.env(), chosen_provider());
}

// providers() → names separated by blanks
napi_value providers_call(Arguments& arguments) { return string_of(arguments.env(), available_providers()); }

// hasBfloat16() → whether this machine gains from it
napi_value has_bfloat16_call(Arguments& arguments) {
  napi_value result;
  napi_get_boolean(arguments.env(), precision_available(Precision::kBfloat16), &result);
  return result;
}

}  // namespace

void register_conv(Registrar& registrar) {
  registrar.add<conv2d_call>("conv2d");
  registrar.add<conv2d_input_gradient_call>("conv2dInputGradient");
  registrar.add<conv2d_filter_gradient_call>("conv2dFilterGradient");
  registrar.add<grouped_conv2d_call>("groupedConv2d");
  registrar.add<grouped_conv2d_input_gradient_call>("groupedConv2dInputGradient");
  registrar.add<grouped_conv2d_filter_gradient_call>("groupedConv2dFilterGradient");
  registrar.add<depthwise_call>("depthwise");
  registrar.add<depthwise_input_gradient_call>("depthwiseInputGradient");
  registrar.add<depthwise_filter_gradient_call>("depthwiseFilterGradient");
  registrar.add<matmul_call>("matmul");
  registrar.add<provider_call>("provider");
  registrar.add<providers_call>("providers");
  registrar.add<has_bfloat16_call>("hasBfloat16");
}

}  // namespace tricklab
