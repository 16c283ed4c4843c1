// Linear maps of images that work along rows and columns separately: blur pooling and its adjoint.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace tricklab {

// A map of one axis that reads a few elements for each one it writes: a matrix [size', size] by rows.
class AxisMap {
 public:
  struct Term {
    int64_t from;
    float share;
  };

  // Taps at stride·i + a − before; what lies outside [0, size) is mirrored without repeating the border, or 0.
  static AxisMap filter(const float* taps, int64_t count, int64_t stride, int64_t before, bool mirrored, int64_t size,
                        int64_t out_size);
  AxisMap transposed() const;

  // Elements read and written.
  int64_t size() const { return size_; }
  int64_t out_size() const { return static_cast<int64_t>(begins_.size()) - 1; }
  // Terms of one written element, by what they read.
  const Term* begin(int64_t out) const { return terms_.data() + begins_[static_cast<size_t>(out)]; }
  const Term* end(int64_t out) const { return terms_.data() + begins_[static_cast<size_t>(out) + 1]; }

 private:
  AxisMap(int64_t size, const std::vector<std::vector<Term>>& rows);

  int64_t size_;
  std::vector<Term> terms_;
  std::vector<int64_t> begins_;
};

// y[n] = rows · x[n] · columnsᵀ for each channel; x is [batch, rows.size(), columns.size(), channels]. Elements are floats
// or bf16.
template <class T>
void map_separably(const AxisMap& rows, const AxisMap& columns, int64_t batch, int64_t channels, const T* x, T* y);

}  // namespace tricklab
