#include "conv/convolution.h"

#include <algorithm>
#include <vector>

#include "base/loops.h"
#include "base/numeric.h"
#include "base/threads.h"
#include "conv/filter_product.h"
#include "conv/parts.h"
#include "conv/planar.h"
#include "conv/product.h"
#include "gemm/scratch.h"

namespace tricklab {
namespace {

int64_t in_group(const Conv2dShape& shape) { return shape.in_channels / shape.groups; }
int64_t out_group(const Conv2dShape& shape) { return shape.out_channels / shape.groups; }

int64_t source_of(const int32_t* sources, int64_t group) { return sources == nullptr ? group : sources[group]; }

// The input, or dy, of one group.
Image input_of(const Conv2dShape& shape, const float* x, int64_t group) {
  const int64_t channels = in_group(shape);
  return {x + group * channels, shape.batch, shape.in_height, shape.in_width, channels, shape.in_channels};
}

Image output_of(const Conv2dShape& shape, const float* dy, int64_t group) {
  const int64_t channels = out_group(shape);
  return {dy + group * channels, shape.batch, shape.out_height, shape.out_width, channels, shape.out_channels};
}

int64_t in_pixels(const Conv2dShape& shape) { return shape.batch * shape.in_height * shape.in_width; }

// to[pixel, c] += from[pixel, c], or = 0 without `from`; pixels of `to` are `stride` floats apart.
void add_channels(const float* from, int64_t pixels, int64_t channels, float* to, int64_t stride) {
  parallel_for(pixels, 1 + kGrain / channels, [=](int64_t begin, int64_t end) {
    for (int64_t pixel = begin; pixel < end; ++pixel) {
      float* __restrict row = to + pixel * stride;
      if (from == nullptr) {
        std::fill_n(row, channels, 0.0f);
        continue;
      }
      const float* __restrict values = from + pixel * channels;
      TRICKLAB_INDEPENDENT
      for (int64_t c = 0; c < channels; ++c) row[c] += values[c];
    }
  });
}

}  // namespace

void conv2d(const Conv2dShape& shape, const float* x, const float* filter, const Epilogue& epilogue, float* out,
            const int32_t* sources) {
  if (shape.out_size() == 0) return;
  const int64_t columns = out_group(shape);
  const int64_t tap_step = in_group(shape) * shape.out_channels;
  const auto whole = forward_parts(shape);
  std::vector<PlanarGroup> groups;
  for (int64_t g = 0; g < shape.groups; ++g) {
    groups.push_back({input_of(shape, x, source_of(sources, g)),
                      {filter + g * columns, shape.out_channels, 1},
                      {out + g * columns, shape.out_height, shape.out_width, columns, shape.out_channels},
                      {epilogue.bias == nullptr ? nullptr : epilogue.bias + g * columns, epilogue.relu}});
  }
  if (planar_pays(groups[0].image, whole, columns, shape.groups)) {
    planar_product(groups, whole, tap_step);
    return;
  }
  const auto parts = without_padding(whole, groups[0].image);
  for (const auto& group : groups) patch_product(group.image, parts, group.filter, tap_step, group.target, group.epilogue);
}

void conv2d_input_gradient(const Conv2dShape& shape, const float* dy, const float* filter, float* dx,
                           const int32_t* sources) {
  if (shape.in_size() == 0) return;
  const int64_t columns = in_group(shape);
  const int64_t tap_step = columns * shape.out_channels;
  const auto whole = input_gradient_parts(shape);
  // Whether a group of dx has been given something, so that what comes later is added.
  std::vector<bool> given(static_cast<size_t>(shape.groups), false);
  std::vector<PlanarGroup> groups;
  for (int64_t g = 0; g < shape.groups; ++g) {
    const int64_t source = source_of(sources, g);
    const bool add = given[static_cast<size_t>(source)];
    given[static_cast<size_t>(source)] = true;
    // Row co and column ci of a tap's matrix: the filter read across.
    groups.push_back({output_of(shape, dy, g),
                      {filter + g * out_group(shape), 1, shape.out_channels},
                      {dx + source * columns, shape.in_height, shape.in_width, columns, shape.in_channels},
                      {},
                      add});
  }
  for (int64_t source = 0; source < shape.groups; ++source) {
    if (given[static_cast<size_t>(source)]) continue;
    add_channels(nullptr, in_pixels(shape), columns, dx + source * columns, shape.in_channels);
  }
  if (planar_pays(groups[0].image, whole, columns, shape.groups)) {
    planar_product(groups, whole, tap_step);
    return;
  }
  const auto parts = without_padding(whole, groups[0].image);
  for (const auto& group : groups) {
    if (!group.add) {
      patch_product(group.image, parts, group.filter, tap_step, group.target, {});
      continue;
    }
    float* const apart = scratch(ScratchUse::kPlain, in_pixels(shape) * columns);
    patch_product(group.image, parts, group.filter, tap_step,
                  {apart, shape.in_height, shape.in_width, columns, columns}, {});
    add_channels(apart, in_pixels(shape), columns, group.target.data, shape.in_channels);
  }
}

void conv2d_filter_gradient(const Conv2dShape& shape, const float* x, const float* dy, float* dfilter,
                            const int32_t* sources) {
  if (shape.filter_size() == 0) return;
  const int64_t columns = out_group(shape);
  const auto whole = forward_parts(shape);
  std::vector<PlanarFilterGroup> groups;
  for (int64_t g = 0; g < shape.groups; ++g) {
    groups.push_back({input_of(shape, x, source_of(sources, g)),
                      {dy + g * columns, shape.out_height, shape.out_width, columns, shape.out_channels},
                      dfilter + g * columns});
  }
  if (planar_pays(groups[0].image, whole, columns, shape.groups)) {
    planar_filter_product(groups, whole[0], shape.out_channels);
    return;
  }
  const auto parts = without_padding(whole, groups[0].image);
  const int64_t taps = shape.filter_height * shape.filter_width;
  for (const auto& group : groups) {
    filter_product(group.image, parts, group.source, taps, group.out, shape.out_channels);
  }
}

}  // namespace tricklab
