#include "conv/convolution.h"

#include <algorithm>

#include "conv/filter_product.h"
#include "conv/parts.h"
#include "conv/planar.h"
#include "conv/product.h"

namespace tricklab {
namespace {

int64_t in_group(const Conv2dShape& shape) { return shape.in_channels / shape.groups; }
int64_t out_group(const Conv2dShape& shape) { return shape.out_channels / shape.groups; }

// The input, or dy, of one group.
Image input_of(const Conv2dShape& shape, const float* x, int64_t group) {
  const int64_t channels = in_group(shape);
  return {x + group * channels, shape.batch, shape.in_height, shape.in_width, channels, shape.in_channels};
}

Image output_of(const Conv2dShape& shape, const float* dy, int64_t group) {
  const int64_t channels = out_group(shape);
  return {dy + group * channels, shape.batch, shape.out_height, shape.out_width, channels, shape.out_channels};
}

}  // namespace

void conv2d(const Conv2dShape& shape, const float* x, const float* filter, const Epilogue& epilogue, float* out) {
  if (shape.out_size() == 0) return;
  const int64_t columns = out_group(shape);
  const auto whole = forward_parts(shape);
  const bool planar = planar_pays(input_of(shape, x, 0), whole, columns);
  const auto parts = planar ? whole : without_padding(whole, input_of(shape, x, 0));
  const auto product = planar ? planar_product : patch_product;
  for (int64_t g = 0; g < shape.groups; ++g) {
    const float* bias = epilogue.bias == nullptr ? nullptr : epilogue.bias + g * columns;
    const Target target{out + g * columns, shape.out_height, shape.out_width, columns, shape.out_channels};
    const MatrixView matrix{filter + g * columns, shape.out_channels, 1};
    const int64_t tap_step = in_group(shape) * shape.out_channels;
    product(input_of(shape, x, g), parts, matrix, tap_step, target, {bias, epilogue.relu});
  }
}

void conv2d_input_gradient(const Conv2dShape& shape, const float* dy, const float* filter, float* dx) {
  if (shape.in_size() == 0) return;
  const int64_t columns = in_group(shape);
  const auto whole = input_gradient_parts(shape);
  const bool planar = planar_pays(output_of(shape, dy, 0), whole, columns);
  const auto parts = planar ? whole : without_padding(whole, output_of(shape, dy, 0));
  const auto product = planar ? planar_product : patch_product;
  for (int64_t g = 0; g < shape.groups; ++g) {
    const Target target{dx + g * columns, shape.in_height, shape.in_width, columns, shape.in_channels};
    // Row co and column ci of a tap's matrix: the filter read across.
    const MatrixView matrix{filter + g * out_group(shape), 1, shape.out_channels};
    const int64_t tap_step = columns * shape.out_channels;
    product(output_of(shape, dy, g), parts, matrix, tap_step, target, {});
  }
}

void conv2d_filter_gradient(const Conv2dShape& shape, const float* x, const float* dy, float* dfilter) {
  if (shape.filter_size() == 0) return;
  const int64_t columns = out_group(shape);
  const auto whole = forward_parts(shape);
  const bool planar = planar_pays(input_of(shape, x, 0), whole, columns);
  const auto parts = planar ? whole : without_padding(whole, input_of(shape, x, 0));
  const int64_t taps = shape.filter_height * shape.filter_width;
  for (int64_t g = 0; g < shape.groups; ++g) {
    const Source source{dy + g * columns, shape.out_height, shape.out_width, columns, shape.out_channels};
    if (planar) {
      planar_filter_product(input_of(shape, x, g), parts[0], source, dfilter + g * columns, shape.out_channels);
    } else {
      filter_product(input_of(shape, x, g), parts, source, taps, dfilter + g * columns, shape.out_channels);
    }
  }
}

}  // namespace tricklab
