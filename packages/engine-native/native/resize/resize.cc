#include "resize/resize.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/numeric.h"
#include "base/threads.h"

namespace tricklab {
namespace {

// Rows or columns that a place lies between, and how far it is towards the second.
struct Between {
  int64_t low, high;
  float part;
};

double ratio(int64_t in, int64_t out, bool align_corners) {
  const bool corners = align_corners && out > 1;
  return static_cast<double>(corners ? in - 1 : in) / static_cast<double>(corners ? out - 1 : out);
}

std::vector<Between> places(int64_t in, int64_t out, bool align_corners, bool half_pixel_centers) {
  const double scale = ratio(in, out, align_corners);
  std::vector<Between> result(static_cast<size_t>(out));
  for (int64_t i = 0; i < out; ++i) {
    const double at = half_pixel_centers ? scale * (static_cast<double>(i) + 0.5) - 0.5 : scale * static_cast<double>(i);
    const int64_t low = std::min(in - 1, std::max<int64_t>(0, static_cast<int64_t>(std::floor(at))));
    const int64_t high = std::max<int64_t>(0, std::min(in - 1, static_cast<int64_t>(std::ceil(at))));
    result[static_cast<size_t>(i)] = {low, high, static_cast<float>(at - static_cast<double>(low))};
  }
  return result;
}

// JavaScript's rounding: halves go up.
int64_t round_up_half(double value) { return static_cast<int64_t>(std::floor(value + 0.5)); }

template <class Body>
void each_row(int64_t rows, int64_t row_size, const Body& body) {
  parallel_for(rows, std::max<int64_t>(1, kGrain / std::max<int64_t>(1, row_size)), [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) body(row);
  });
}

void mix(const float* __restrict top_left, const float* __restrict top_right, const float* __restrict bottom_left,
         const float* __restrict bottom_right, float across, float down, int64_t c, float* __restrict out) {
  for (int64_t k = 0; k < c; ++k) {
    const float top = top_left[k] + (top_right[k] - top_left[k]) * across;
    const float bottom = bottom_left[k] + (bottom_right[k] - bottom_left[k]) * across;
    out[k] = top + (bottom - top) * down;
  }
}

}  // namespace

void resize_bilinear(const ResizeShape& s, const float* x, float* y) {
  const auto rows = places(s.h, s.out_h, s.align_corners, s.half_pixel_centers);
  const auto columns = places(s.w, s.out_w, s.align_corners, s.half_pixel_centers);
  each_row(s.batch * s.out_h, s.out_w * s.c, [&](int64_t row) {
    const Between& r = rows[static_cast<size_t>(row % s.out_h)];
    const float* top = x + (row / s.out_h * s.h + r.low) * s.w * s.c;
    const float* bottom = x + (row / s.out_h * s.h + r.high) * s.w * s.c;
    float* out = y + row * s.out_w * s.c;
    for (int64_t j = 0; j < s.out_w; ++j) {
      const Between& q = columns[static_cast<size_t>(j)];
      mix(top + q.low * s.c, top + q.high * s.c, bottom + q.low * s.c, bottom + q.high * s.c, q.part, r.part, s.c,
          out + j * s.c);
    }
  });
}

void resize_bilinear_grad(const ResizeShape& s, const float* dy, float* dx) {
  const auto rows = places(s.h, s.out_h, s.align_corners, s.half_pixel_centers);
  const auto columns = places(s.w, s.out_w, s.align_corners, s.half_pixel_centers);
  // Rows of dy overlap in dx, so that an image belongs to one thread.
  parallel_for(s.batch, 1, [&](int64_t begin, int64_t end) {
    std::fill(dx + begin * s.h * s.w * s.c, dx + end * s.h * s.w * s.c, 0.0f);
    for (int64_t n = begin; n < end; ++n) {
      for (int64_t i = 0; i < s.out_h; ++i) {
        const Between& r = rows[static_cast<size_t>(i)];
        float* top = dx + (n * s.h + r.low) * s.w * s.c;
        float* bottom = dx + (n * s.h + r.high) * s.w * s.c;
        for (int64_t j = 0; j < s.out_w; ++j) {
          const Between& q = columns[static_cast<size_t>(j)];
          const float* g = dy + ((n * s.out_h + i) * s.out_w + j) * s.c;
          // The four targets may be one and the same pixel.
          for (int64_t k = 0; k < s.c; ++k) {
            const float down = g[k] * r.part, up = g[k] - down;
            top[q.low * s.c + k] += up * (1.0f - q.part);
            top[q.high * s.c + k] += up * q.part;
            bottom[q.low * s.c + k] += down * (1.0f - q.part);
            bottom[q.high * s.c + k] += down * q.part;
          }
        }
      }
    }
  });
}

void resize_nearest(const ResizeShape& s, const float* x, float* y) {
  const auto nearest = [&](int64_t i, int64_t in, int64_t out) {
    const double at = ratio(in, out, s.align_corners) * (static_cast<double>(i) + (s.half_pixel_centers ? 0.5 : 0));
    const int64_t place = s.align_corners ? round_up_half(at) : static_cast<int64_t>(std::floor(at));
    return std::max<int64_t>(0, std::min(in - 1, place));
  };
  std::vector<int64_t> columns(static_cast<size_t>(s.out_w));
  for (int64_t j = 0; j < s.out_w; ++j) columns[static_cast<size_t>(j)] = nearest(j, s.w, s.out_w);
  each_row(s.batch * s.out_h, s.out_w * s.c, [&](int64_t row) {
    const float* from = x + (row / s.out_h * s.h + nearest(row % s.out_h, s.h, s.out_h)) * s.w * s.c;
    float* out = y + row * s.out_w * s.c;
    for (int64_t j = 0; j < s.out_w; ++j) std::copy_n(from + columns[static_cast<size_t>(j)] * s.c, s.c, out + j * s.c);
  });
}

void crop_and_resize(const float* x, int64_t batch, int64_t h, int64_t w, int64_t c, const float* boxes,
                     const int32_t* box_image, int64_t count, int64_t crop_h, int64_t crop_w, bool bilinear,
                     float outside, float* y) {
  const auto place = [](double from, double to, int64_t i, int64_t crop, int64_t size) {
    const double last = static_cast<double>(size - 1);
    if (crop <= 1) return 0.5 * (from + to) * last;
    return from * last + static_cast<double>(i) * ((to - from) * last / static_cast<double>(crop - 1));
  };
  each_row(count * crop_h, crop_w * c, [&](int64_t row) {
    const int64_t box = row / crop_h;
    const float* corners = boxes + box * 4;
    float* out = y + row * crop_w * c;
    if (box_image[box] < 0 || box_image[box] >= batch) {
      std::fill_n(out, crop_w * c, 0.0f);
      return;
    }
    const float* image = x + box_image[box] * h * w * c;
    const double at_y = place(corners[0], corners[2], row % crop_h, crop_h, h);
    // Written so that NaN is outside.
    if (!(at_y >= 0 && at_y <= static_cast<double>(h - 1))) {
      std::fill_n(out, crop_w * c, outside);
      return;
    }
    const float* top = image + static_cast<int64_t>(std::floor(at_y)) * w * c;
    const float* bottom = image + static_cast<int64_t>(std::ceil(at_y)) * w * c;
    const float* closest = image + std::min(h - 1, round_up_half(at_y)) * w * c;
    const float down = static_cast<float>(at_y - std::floor(at_y));
    for (int64_t j = 0; j < crop_w; ++j, out += c) {
      const double at_x = place(corners[1], corners[3], j, crop_w, w);
      if (!(at_x >= 0 && at_x <= static_cast<double>(w - 1))) {
        std::fill_n(out, c, outside);
        continue;
      }
      if (!bilinear) {
        std::copy_n(closest + std::min(w - 1, round_up_half(at_x)) * c, c, out);
        continue;
      }
      const int64_t left = static_cast<int64_t>(std::floor(at_x)) * c, right = static_cast<int64_t>(std::ceil(at_x)) * c;
      mix(top + left, top + right, bottom + left, bottom + right, static_cast<float>(at_x - std::floor(at_x)), down, c,
          out);
    }
  });
}

namespace {

double clamp_to(double at, int64_t size) { return std::max(0.0, std::min(at, static_cast<double>(size - 1))); }

// Where outside the image a place is read: TF.js's rules, to the letter.
double map_place(double at, int64_t size, FillMode mode) {
  const double length = static_cast<double>(size);
  switch (mode) {
    case FillMode::kConstant:
      return at;
    case FillMode::kNearest:
      return clamp_to(at, size);
    case FillMode::kReflect: {
      const double period = 2 * length;
      if (at < 0) {
        if (size <= 1) return 0;
        if (at < period) at = period * std::trunc(-at / period) + at;
        at = at < -length ? at + period : -at - 1;
      } else if (at > length - 1) {
        if (size <= 1) return 0;
        at -= period * std::trunc(at / period);
        if (at >= length) at = period - at - 1;
      }
      return clamp_to(at, size);
    }
    case FillMode::kWrap: {
      if (at < 0) {
        if (size <= 1) return 0;
        at += length * (std::trunc(-at / (length - 1)) + 1);
      } else if (at > length - 1) {
        if (size <= 1) return 0;
        at -= length * std::trunc(at / (length - 1));
      }
      return clamp_to(at, size);
    }
  }
  return at;
}

}  // namespace

void transform_images(const float* x, int64_t batch, int64_t h, int64_t w, int64_t c, const float* transforms,
                      bool shared, int64_t out_h, int64_t out_w, bool bilinear, FillMode mode, float outside,
                      float* y) {
  each_row(batch * out_h, out_w * c, [&](int64_t row) {
    const int64_t n = row / out_h;
    const float* t = transforms + (shared ? 0 : n * 8);
    const float* image = x + n * h * w * c;
    float* out = y + row * out_w * c;
    const double oy = static_cast<double>(row % out_h);
    const std::vector<float> nothing(static_cast<size_t>(c), outside);
    const auto pixel = [&](double at_y, double at_x) {
      const bool inside = at_y >= 0 && at_y < static_cast<double>(h) && at_x >= 0 && at_x < static_cast<double>(w);
      return inside ? image + (static_cast<int64_t>(at_y) * w + static_cast<int64_t>(at_x)) * c : nothing.data();
    };
    for (int64_t j = 0; j < out_w; ++j, out += c) {
      const double ox = static_cast<double>(j);
      const double projection = t[6] * ox + t[7] * oy + 1;
      if (projection == 0) {
        std::fill_n(out, c, outside);
        continue;
      }
      const double at_x = map_place((t[0] * ox + t[1] * oy + t[2]) / projection, w, mode);
      const double at_y = map_place((t[3] * ox + t[4] * oy + t[5]) / projection, h, mode);
      if (!bilinear) {
        std::copy_n(pixel(std::floor(at_y + 0.5), std::floor(at_x + 0.5)), c, out);
        continue;
      }
      const double low_y = std::floor(at_y), low_x = std::floor(at_x);
      const float right = static_cast<float>(at_x - low_x), left = static_cast<float>(low_x + 1 - at_x);
      const float down = static_cast<float>(at_y - low_y), up = static_cast<float>(low_y + 1 - at_y);
      const float* top_left = pixel(low_y, low_x);
      const float* top_right = pixel(low_y, low_x + 1);
      const float* bottom_left = pixel(low_y + 1, low_x);
      const float* bottom_right = pixel(low_y + 1, low_x + 1);
      for (int64_t k = 0; k < c; ++k) {
        const float top = left * top_left[k] + right * top_right[k];
        const float bottom = left * bottom_left[k] + right * bottom_right[k];
        out[k] = up * top + down * bottom;
      }
    }
  });
}

}  // namespace tricklab
