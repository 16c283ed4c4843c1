#include "binding/arguments.h"

#include <cmath>
#include <string>

namespace tricklab {
namespace {

const char* name_of(napi_typedarray_type type) {
  switch (type) {
    case napi_float32_array:
      return "Float32Array";
    case napi_int32_array:
      return "Int32Array";
    case napi_uint8_array:
      return "Uint8Array";
    case napi_uint16_array:
      return "Uint16Array";
    case napi_float64_array:
      return "Float64Array";
    default:
      return "typed array";
  }
}

int64_t size_of(napi_typedarray_type type) {
  switch (type) {
    case napi_float32_array:
    case napi_int32_array:
    case napi_uint32_array:
      return 4;
    case napi_uint8_array:
    case napi_int8_array:
    case napi_uint8_clamped_array:
      return 1;
    case napi_int16_array:
    case napi_uint16_array:
      return 2;
    default:
      return 8;
  }
}

[[noreturn]] void too_short(size_t index, const char* type, int64_t least, size_t length) {
  throw BadArgument("argument " + std::to_string(index) + ": expected a " + type + " of at least " +
                    std::to_string(least) + " elements, received " + std::to_string(length));
}

}  // namespace

void Arguments::refuse(size_t index, const char* expected) {
  throw BadArgument("argument " + std::to_string(index) + ": expected " + expected);
}

void* Arguments::array(napi_value value, size_t index, napi_typedarray_type wanted, int64_t least) const {
  napi_typedarray_type type;
  size_t length = 0;
  void* data = nullptr;
  if (value == nullptr ||
      napi_get_typedarray_info(env_, value, &type, &length, &data, nullptr, nullptr) != napi_ok || type != wanted) {
    throw BadArgument("argument " + std::to_string(index) + ": expected a " + name_of(wanted));
  }
  if (least < 0 || length < static_cast<size_t>(least)) too_short(index, name_of(wanted), least, length);
  return data;
}

void* Arguments::elements(size_t index, int64_t least, int64_t size) const {
  napi_typedarray_type type;
  size_t length = 0;
  void* data = nullptr;
  if (index >= count_ ||
      napi_get_typedarray_info(env_, values_[index], &type, &length, &data, nullptr, nullptr) != napi_ok ||
      size_of(type) != size) {
    throw BadArgument("argument " + std::to_string(index) + ": expected a typed array of " + std::to_string(size) +
                      "-byte elements");
  }
  if (least < 0 || length < static_cast<size_t>(least)) too_short(index, "typed array", least, length);
  return data;
}

std::vector<void*> Arguments::arrays(size_t index, napi_typedarray_type wanted, size_t least,
                                     std::vector<int64_t>* lengths) const {
  uint32_t count = 0;
  if (index >= count_ || napi_get_array_length(env_, values_[index], &count) != napi_ok) refuse(index, "an array");
  if (count < least) too_short(index, "array", static_cast<int64_t>(least), count);
  std::vector<void*> arrays(count);
  if (lengths != nullptr) lengths->resize(count);
  for (uint32_t i = 0; i < count; ++i) {
    napi_handle_scope scope;
    napi_open_handle_scope(env_, &scope);
    napi_value element = nullptr;
    napi_typedarray_type type;
    size_t length = 0;
    const bool good = napi_get_element(env_, values_[index], i, &element) == napi_ok &&
                      napi_get_typedarray_info(env_, element, &type, &length, &arrays[i], nullptr, nullptr) == napi_ok &&
                      type == wanted;
    napi_close_handle_scope(env_, scope);
    if (!good) refuse(index, (std::string("an array of ") + name_of(wanted) + "s").c_str());
    if (lengths != nullptr) (*lengths)[i] = static_cast<int64_t>(length);
  }
  return arrays;
}

bool Arguments::stores_halves(size_t index) const {
  napi_typedarray_type type;
  return index < count_ &&
         napi_get_typedarray_info(env_, values_[index], &type, nullptr, nullptr, nullptr, nullptr) == napi_ok &&
         type == napi_uint16_array;
}

int64_t Arguments::length(size_t index) const {
  size_t length = 0;
  if (index >= count_ ||
      napi_get_typedarray_info(env_, values_[index], nullptr, &length, nullptr, nullptr, nullptr) != napi_ok) {
    refuse(index, "a typed array");
  }
  return static_cast<int64_t>(length);
}

bool Arguments::missing(size_t index) const {
  if (index >= count_) return true;
  napi_valuetype type;
  return napi_typeof(env_, values_[index], &type) != napi_ok || type == napi_undefined || type == napi_null;
}

int64_t Arguments::integer(size_t index) const {
  const double result = number(index);
  if (!(std::fabs(result) <= 9007199254740991.0) || result != std::floor(result)) refuse(index, "a whole number");
  return static_cast<int64_t>(result);
}

int64_t Arguments::size(size_t index) const {
  const int64_t result = integer(index);
  if (result < 0) refuse(index, "a whole number from 0 up");
  return result;
}

}  // namespace tricklab
