// Numbers with eight bits of mantissa: the upper halves of floats. Tensors may be stored so; arithmetic is in float.
#pragma once

#include <cstdint>

#include "base/numeric.h"

namespace tricklab {

using Bfloat16 = uint16_t;

// What a stored element stands for.
inline float widened(Bfloat16 value) { return from_bits(static_cast<int32_t>(static_cast<uint32_t>(value) << 16)); }
inline float widened(float value) { return value; }

// Stores a float: rounded to the nearest, to the even one of two; what is not a number stays so.
inline void put(float value, Bfloat16& to) {
  const uint32_t bits = static_cast<uint32_t>(to_bits(value));
  const uint32_t rounded = bits + 0x7fffu + ((bits >> 16) & 1u);
  to = static_cast<Bfloat16>((value == value ? rounded : bits | 0x400000u) >> 16);
}
inline void put(float value, float& to) { to = value; }

void widen(const Bfloat16* from, int64_t count, float* to);
void narrow(const float* from, int64_t count, Bfloat16* to);

// How the elements of a tensor are stored.
enum class Format { kFloat32, kBfloat16 };

// Elements in either format, to be read.
class ConstNumbers {
 public:
  ConstNumbers(const float* data) : data_(data), format_(Format::kFloat32) {}
  ConstNumbers(const Bfloat16* data) : data_(data), format_(Format::kBfloat16) {}

  Format format() const { return format_; }
  const void* data() const { return data_; }
  const float* floats() const { return format_ == Format::kFloat32 ? static_cast<const float*>(data_) : nullptr; }
  const Bfloat16* halves() const { return format_ == Format::kBfloat16 ? static_cast<const Bfloat16*>(data_) : nullptr; }

 private:
  const void* data_;
  Format format_;
};

// Elements in either format, to be written.
class Numbers {
 public:
  Numbers(float* data) : data_(data), format_(Format::kFloat32) {}
  Numbers(Bfloat16* data) : data_(data), format_(Format::kBfloat16) {}

  operator ConstNumbers() const { return format_ == Format::kFloat32 ? ConstNumbers(floats()) : ConstNumbers(halves()); }

  Format format() const { return format_; }
  void* data() const { return data_; }
  float* floats() const { return format_ == Format::kFloat32 ? static_cast<float*>(data_) : nullptr; }
  Bfloat16* halves() const { return format_ == Format::kBfloat16 ? static_cast<Bfloat16*>(data_) : nullptr; }

 private:
  void* data_;
  Format format_;
};

}  // namespace tricklab
