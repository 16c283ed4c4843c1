// Blur pooling.
#include "binding/registrar.h"
#include "blur/separable.h"

namespace tricklab {
namespace {

struct Blur {
  int64_t batch, channels;
  AxisMap rows, columns;
};

// sizes: [batch, h, w, channels, h', w', stride, before, mirrored]
Blur blur_of(const Arguments& a, size_t sizes_at, size_t taps_at) {
  const int32_t* n = a.ints(sizes_at, 9);
  for (int i = 0; i < 9; ++i) {
    if (n[i] < (i == 6 ? 1 : 0)) throw BadArgument("a blur of this shape");
  }
  const int64_t count = a.length(taps_at);
  const float* taps = a.floats(taps_at, count);
  const bool mirrored = n[8] != 0;
  for (const int64_t axis : {0, 1}) {
    // What the mirror gives back lies inside only as long as the filter reaches less far than the image.
    const int64_t size = n[1 + axis], last = (n[4 + axis] - 1) * int64_t{n[6]} + count - 1 - n[7];
    if (mirrored && n[4 + axis] > 0 && (n[7] >= size || last > 2 * (size - 1))) throw BadArgument("a border this wide");
  }
  const auto map = [&](int64_t size, int64_t out) {
    return AxisMap::filter(taps, count, n[6], n[7], mirrored, size, out);
  };
  return {n[0], n[3], map(n[1], n[4]), map(n[2], n[5])};
}

int64_t image_of(const Blur& blur) { return blur.batch * blur.rows.size() * blur.columns.size() * blur.channels; }
int64_t blurred_of(const Blur& blur) {
  return blur.batch * blur.rows.out_size() * blur.columns.out_size() * blur.channels;
}

// blurPool(sizes, taps, x, y)
void blur_pool_call(Arguments& a) {
  const Blur blur = blur_of(a, 0, 1);
  in_format_of(a, 2, [&](auto element) {
    using T = decltype(element);
    const T* x = a.elements_of<T>(2, image_of(blur));
    map_separably(blur.rows, blur.columns, blur.batch, blur.channels, x, a.elements_of<T>(3, blurred_of(blur)));
  });
}

// blurPoolGrad(sizes, taps, dy, dx)
void blur_pool_grad_call(Arguments& a) {
  const Blur blur = blur_of(a, 0, 1);
  in_format_of(a, 2, [&](auto element) {
    using T = decltype(element);
    const T* dy = a.elements_of<T>(2, blurred_of(blur));
    map_separably(blur.rows.transposed(), blur.columns.transposed(), blur.batch, blur.channels, dy,
                  a.elements_of<T>(3, image_of(blur)));
  });
}

}  // namespace

void register_blur(Registrar& registrar) {
  registrar.add<blur_pool_call>("blurPool");
  registrar.add<blur_pool_grad_call>("blurPoolGrad");
}

}  // namespace tricklab
