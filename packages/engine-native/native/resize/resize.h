// Resampling of [batch, h, w, channels].
#pragma once

#include <cstdint>

namespace tricklab {

struct ResizeShape {
  int64_t batch, h, w, c, out_h, out_w;
  bool align_corners, half_pixel_centers;
};

void resize_bilinear(const ResizeShape& shape, const float* x, float* y);
// Gradient of resize_bilinear: of half_pixel_centers, too.
void resize_bilinear_grad(const ResizeShape& shape, const float* dy, float* dx);
void resize_nearest(const ResizeShape& shape, const float* x, float* y);

// Boxes [y1, x1, y2, x2] in fractions of the image, each taken from image box_image[i] and resampled to
// [crop_h, crop_w]. Places outside the image get `outside`; boxes of images that do not exist stay 0.
void crop_and_resize(const float* x, int64_t batch, int64_t h, int64_t w, int64_t c, const float* boxes,
                     const int32_t* box_image, int64_t count, int64_t crop_h, int64_t crop_w, bool bilinear,
                     float outside, float* y);

// How places outside the image are read. The order is that of src/kernels/resize.ts.
enum class FillMode : int32_t { kConstant, kReflect, kWrap, kNearest };

// y[oy, ox] = x at the place to which each image's eight numbers project (ox, oy); `shared`: one transform for all.
void transform_images(const float* x, int64_t batch, int64_t h, int64_t w, int64_t c, const float* transforms,
                      bool shared, int64_t out_h, int64_t out_w, bool bilinear, FillMode mode, float outside,
                      float* y);

}  // namespace tricklab
