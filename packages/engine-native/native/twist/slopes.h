// Sobel slopes of images, turned and scaled by the position of the pixel: TwistedSlopes and its adjoint.
#pragma once

#include <cstdint>

namespace tricklab {

struct SlopesShape {
  int64_t batch, height, width, channels, stride;

  int64_t out_height() const { return height == 0 ? 0 : (height - 1) / stride + 1; }
  int64_t out_width() const { return width == 0 ? 0 : (width - 1) / stride + 1; }
  int64_t in_size() const { return batch * height * width * channels; }
  int64_t out_size() const { return batch * out_height() * out_width() * 2 * channels; }
};

// z = (Dx∗x + i·Dy∗x) · (X + i·Y) of every channel, real and imaginary parts side by side: [n, h', w', 2·channels].
void twisted_slopes(const SlopesShape& shape, const float* x, float* z);

// dx = the adjoint of twisted_slopes on dz.
void twisted_slopes_gradient(const SlopesShape& shape, const float* dz, float* dx);

}  // namespace tricklab
