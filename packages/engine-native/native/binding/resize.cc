// Resampling.
#include "resize/resize.h"

#include "binding/registrar.h"

namespace tricklab {
namespace {

// (batch, h, w, c, outH, outW, alignCorners, halfPixelCenters) from argument 0 on.
ResizeShape shape_of(const Arguments& a) {
  const ResizeShape s{a.size(0), a.size(1), a.size(2), a.size(3), a.size(4), a.size(5), a.flag(6), a.flag(7)};
  if (s.h == 0 || s.w == 0) throw BadArgument("an image without pixels cannot be resized");
  return s;
}
int64_t image_of(const ResizeShape& s) { return s.batch * s.h * s.w * s.c; }
int64_t resized_of(const ResizeShape& s) { return s.batch * s.out_h * s.out_w * s.c; }

// resizeBilinear(…shape, x, y)
void bilinear_call(Arguments& a) {
  const ResizeShape s = shape_of(a);
  resize_bilinear(s, a.floats(8, image_of(s)), a.floats(9, resized_of(s)));
}

// resizeBilinearGrad(…shape, dy, dx)
void bilinear_grad_call(Arguments& a) {
  const ResizeShape s = shape_of(a);
  resize_bilinear_grad(s, a.floats(8, resized_of(s)), a.floats(9, image_of(s)));
}

// resizeNearest(…shape, x, y)
void nearest_call(Arguments& a) {
  const ResizeShape s = shape_of(a);
  resize_nearest(s, a.floats(8, image_of(s)), a.floats(9, resized_of(s)));
}

// cropAndResize(x, batch, h, w, c, boxes, boxImage, count, cropH, cropW, bilinear, outside, y)
void crop_call(Arguments& a) {
  const int64_t batch = a.size(1), h = a.size(2), w = a.size(3), c = a.size(4);
  const int64_t count = a.size(7), crop_h = a.size(8), crop_w = a.size(9);
  if (h == 0 || w == 0) throw BadArgument("an image without pixels cannot be resized");
  crop_and_resize(a.floats(0, batch * h * w * c), batch, h, w, c, a.floats(5, count * 4), a.ints(6, count), count,
                  crop_h, crop_w, a.flag(10), a.real(11), a.floats(12, count * crop_h * crop_w * c));
}

// transform(x, batch, h, w, c, transforms, shared, outH, outW, bilinear, mode, outside, y)
void transform_call(Arguments& a) {
  const int64_t batch = a.size(1), h = a.size(2), w = a.size(3), c = a.size(4);
  const bool shared = a.flag(6);
  const int64_t out_h = a.size(7), out_w = a.size(8);
  transform_images(a.floats(0, batch * h * w * c), batch, h, w, c, a.floats(5, shared ? 8 : 8 * batch), shared, out_h,
                   out_w, a.flag(9), static_cast<FillMode>(a.integer(10)), a.real(11),
                   a.floats(12, batch * out_h * out_w * c));
}

}  // namespace

void register_resize(Registrar& registrar) {
  registrar.add<bilinear_call>("resizeBilinear");
  registrar.add<bilinear_grad_call>("resizeBilinearGrad");
  registrar.add<nearest_call>("resizeNearest");
  registrar.add<crop_call>("cropAndResize");
  registrar.add<transform_call>("transform");
}

}  // namespace tricklab
