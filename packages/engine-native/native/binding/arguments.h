// Arguments of a call from JavaScript, checked while they are read.
#pragma once

#include <node_api.h>

#include <cstdint>
#include <stdexcept>
#include <type_traits>
#include <vector>

#include "base/bfloat16.h"

namespace tricklab {

// Becomes a JavaScript TypeError.
class BadArgument : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

class Arguments {
 public:
  static constexpr size_t kMost = 40;

  Arguments(napi_env env, napi_callback_info info) : env_(env), count_(kMost) {
    if (napi_get_cb_info(env, info, &count_, values_, nullptr, nullptr) != napi_ok) throw BadArgument("no arguments");
  }

  napi_env env() const { return env_; }
  size_t count() const { return count_; }
  napi_value value(size_t index) const { return index < count_ ? values_[index] : nullptr; }

  // Typed arrays of at least `least` elements. The pointer holds until the call returns.
  float* floats(size_t index, int64_t least) const {
    return static_cast<float*>(array(value(index), index, napi_float32_array, least));
  }
  int32_t* ints(size_t index, int64_t least) const {
    return static_cast<int32_t*>(array(value(index), index, napi_int32_array, least));
  }
  uint8_t* bytes(size_t index, int64_t least) const {
    return static_cast<uint8_t*>(array(value(index), index, napi_uint8_array, least));
  }
  // Floats, or bf16 in a Uint16Array.
  Numbers numbers(size_t index, int64_t least) const {
    if (stores_halves(index)) return elements_of<Bfloat16>(index, least);
    return floats(index, least);
  }
  bool stores_halves(size_t index) const;
  // As `floats`, in the format that a kernel was chosen for.
  template <class T>
  T* elements_of(size_t index, int64_t least) const {
    if constexpr (std::is_same_v<T, Bfloat16>) {
      return static_cast<Bfloat16*>(array(value(index), index, napi_uint16_array, least));
    } else {
      return floats(index, least);
    }
  }
  double* doubles(size_t index, int64_t least) const {
    return static_cast<double*>(array(value(index), index, napi_float64_array, least));
  }
  // As `floats`, or nullptr for undefined and null.
  float* optional_floats(size_t index, int64_t least) const {
    return missing(index) ? nullptr : floats(index, least);
  }
  // A typed array of elements of `size` bytes, whatever their type.
  void* elements(size_t index, int64_t least, int64_t size) const;
  // A JavaScript array of at least `least` arrays of one format; their lengths are put into `lengths` when that is not null.
  template <class T>
  std::vector<T*> arrays_of(size_t index, size_t least, std::vector<int64_t>* lengths) const {
    constexpr auto type = std::is_same_v<T, Bfloat16> ? napi_uint16_array : napi_float32_array;
    std::vector<T*> result;
    for (void* one : arrays(index, type, least, lengths)) result.push_back(static_cast<T*>(one));
    return result;
  }

  int64_t length(size_t index) const;
  bool missing(size_t index) const;

  double number(size_t index) const {
    double result = 0;
    if (index >= count_ || napi_get_value_double(env_, values_[index], &result) != napi_ok) refuse(index, "a number");
    return result;
  }
  float real(size_t index) const { return static_cast<float>(number(index)); }
  // A whole number, negative ones included.
  int64_t integer(size_t index) const;
  // A whole number that is not negative: a size.
  int64_t size(size_t index) const;
  bool flag(size_t index) const { return number(index) != 0; }

 private:
  std::vector<void*> arrays(size_t index, napi_typedarray_type wanted, size_t least, std::vector<int64_t>* lengths) const;
  void* array(napi_value value, size_t index, napi_typedarray_type wanted, int64_t least) const;
  [[noreturn]] static void refuse(size_t index, const char* expected);

  napi_env env_;
  size_t count_;
  napi_value values_[kMost];
};

// Calls run(an element) in the format of the array at `index`.
template <class Run>
void in_format_of(const Arguments& arguments, size_t index, Run run) {
  if (arguments.stores_halves(index)) {
    run(Bfloat16{});
  } else {
    run(float{});
  }
}

}  // namespace tricklab
