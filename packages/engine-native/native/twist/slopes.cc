#include "twist/slopes.h"

#include <algorithm>
#include <type_traits>

#include "base/loops.h"
#include "base/memory.h"
#include "base/numeric.h"
#include "base/threads.h"

namespace tricklab {
namespace {

// Both Sobel filters are products: Dx of [1 2 1] down and [−1 0 1] to the right, Dy of [1 0 −1] down and [1 2 1] to the
// right. So every output row has two lines of the image's width, the results of the filters down, with a pixel of zeros
// at either end that spares the filters to the right their borders.
Workspace workspace;

struct Lines {
  float* smooth;  // [1 2 1] down
  float* slope;   // [1 0 −1] down
};

int64_t line_length(const SlopesShape& shape) { return (shape.width + 2) * shape.channels; }

// The lines of the calling thread, out of `all`, which was reserved before the threads began.
Lines lines_of(const SlopesShape& shape, float* all) {
  float* own = all + 2 * line_length(shape) * thread_index();
  std::fill_n(own, 2 * line_length(shape), 0.0f);
  return {own, own + line_length(shape)};
}

// Where a pixel lies on the output: from −1 to 1 − 2/size.
float place(int64_t at, int64_t size) { return 2.0f * static_cast<float>(at) / static_cast<float>(size) - 1.0f; }

// The filters down, around a row of `length` floats; a neighbour that is not there is 0.
template <bool kAbove, bool kBelow>
void filter_down(const float* __restrict row, int64_t length, float* __restrict smooth, float* __restrict slope) {
  TRICKLAB_INDEPENDENT
  for (int64_t k = 0; k < length; ++k) {
    const float above = kAbove ? row[k - length] : 0.0f;
    const float below = kBelow ? row[k + length] : 0.0f;
    smooth[k] = above + 2.0f * row[k] + below;
    slope[k] = above - below;
  }
}

// Their adjoint: adds to the row and its neighbours.
template <bool kAbove, bool kBelow>
void spread_down(const float* __restrict smooth, const float* __restrict slope, int64_t length, float* __restrict row) {
  TRICKLAB_INDEPENDENT
  for (int64_t k = 0; k < length; ++k) {
    if (kAbove) row[k - length] += smooth[k] + slope[k];
    row[k] += 2.0f * smooth[k];
    if (kBelow) row[k + length] += smooth[k] - slope[k];
  }
}

// Calls visit<above, below> as the row at `at` of `height` has neighbours.
template <typename Visit>
void with_neighbours(int64_t at, int64_t height, Visit visit) {
  const bool above = at > 0, below = at + 1 < height;
  if (above && below) return visit(std::true_type{}, std::true_type{});
  if (above) return visit(std::true_type{}, std::false_type{});
  if (below) return visit(std::false_type{}, std::true_type{});
  visit(std::false_type{}, std::false_type{});
}

}  // namespace

void twisted_slopes(const SlopesShape& shape, const float* x, float* z) {
  const int64_t channels = shape.channels, stride = shape.stride;
  const int64_t rows = shape.out_height(), columns = shape.out_width();
  const int64_t length = shape.width * channels, out_length = columns * 2 * channels;
  float* all = workspace.floats(2 * line_length(shape) * thread_count());
  parallel_for(shape.batch * rows, 1 + kGrain / (1 + out_length), [&](int64_t begin, int64_t end) {
    const Lines lines = lines_of(shape, all);
    for (int64_t out = begin; out < end; ++out) {
      const int64_t i = out % rows, at = stride * i;
      const float* row = x + (out / rows * shape.height + at) * length;
      with_neighbours(at, shape.height, [&](auto above, auto below) {
        filter_down<above, below>(row, length, lines.smooth + channels, lines.slope + channels);
      });
      const float y_place = place(i, rows);
      for (int64_t j = 0; j < columns; ++j) {
        const float x_place = place(j, columns);
        const float* __restrict smooth = lines.smooth + stride * j * channels;
        const float* __restrict slope = lines.slope + stride * j * channels;
        float* __restrict to = z + out * out_length + j * 2 * channels;
        TRICKLAB_INDEPENDENT
        for (int64_t c = 0; c < channels; ++c) {
          const float p = smooth[2 * channels + c] - smooth[c];
          const float q = slope[c] + 2.0f * slope[channels + c] + slope[2 * channels + c];
          to[2 * c] = p * x_place - q * y_place;
          to[2 * c + 1] = q * x_place + p * y_place;
        }
      }
    }
  });
}

void twisted_slopes_gradient(const SlopesShape& shape, const float* dz, float* dx) {
  const int64_t channels = shape.channels, stride = shape.stride;
  const int64_t rows = shape.out_height(), columns = shape.out_width();
  const int64_t length = shape.width * channels, out_length = columns * 2 * channels;
  float* all = workspace.floats(2 * line_length(shape) * thread_count());
  // Rows of an image add to each other's neighbours, so a thread has whole images.
  parallel_for(shape.batch, 1, [&](int64_t begin, int64_t end) {
    const Lines lines = lines_of(shape, all);
    std::fill_n(dx + begin * shape.height * length, (end - begin) * shape.height * length, 0.0f);
    for (int64_t out = begin * rows; out < end * rows; ++out) {
      const int64_t i = out % rows, at = stride * i;
      const float y_place = place(i, rows);
      std::fill_n(lines.smooth, line_length(shape), 0.0f);
      std::fill_n(lines.slope, line_length(shape), 0.0f);
      for (int64_t j = 0; j < columns; ++j) {
        const float x_place = place(j, columns);
        float* __restrict smooth = lines.smooth + stride * j * channels;
        float* __restrict slope = lines.slope + stride * j * channels;
        const float* __restrict from = dz + out * out_length + j * 2 * channels;
        TRICKLAB_INDEPENDENT
        for (int64_t c = 0; c < channels; ++c) {
          const float real = from[2 * c], imaginary = from[2 * c + 1];
          const float dp = real * x_place + imaginary * y_place;
          const float dq = imaginary * x_place - real * y_place;
          smooth[c] -= dp;
          smooth[2 * channels + c] += dp;
          slope[c] += dq;
          slope[channels + c] += 2.0f * dq;
          slope[2 * channels + c] += dq;
        }
      }
      float* row = dx + (out / rows * shape.height + at) * length;
      with_neighbours(at, shape.height, [&](auto above, auto below) {
        spread_down<above, below>(lines.smooth + channels, lines.slope + channels, length, row);
      });
    }
  });
}

}  // namespace tricklab
