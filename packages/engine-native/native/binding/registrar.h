// Puts C++ functions on the object that JavaScript sees. A function is `void f(Arguments&)` or `napi_value f(Arguments&)`.
#pragma once

#include <exception>
#include <mutex>
#include <new>
#include <type_traits>

#include "binding/arguments.h"

namespace tricklab {

// Held by every call: worker threads of Node share the kernels' threads and workspaces.
std::mutex& call_mutex();

template <auto Function>
napi_value call(napi_env env, napi_callback_info info) {
  try {
    Arguments arguments(env, info);
    std::lock_guard<std::mutex> lock(call_mutex());
    if constexpr (std::is_void_v<decltype(Function(arguments))>) {
      Function(arguments);
      return nullptr;
    } else {
      return Function(arguments);
    }
  } catch (const std::bad_alloc&) {
    napi_throw_range_error(env, "E_OUT_OF_MEMORY", "no memory for a kernel's workspace");
  } catch (const std::exception& error) {
    napi_throw_type_error(env, "E_NATIVE_ARGUMENT", error.what());
  }
  return nullptr;
}

class Registrar {
 public:
  Registrar(napi_env env, napi_value exports) : env_(env), exports_(exports) {}

  template <auto Function>
  void add(const char* name) {
    set(name, &call<Function>);
  }

 private:
  void set(const char* name, napi_callback callback);

  napi_env env_;
  napi_value exports_;
};

// One a topic; called by module.cc.
void register_base(Registrar& registrar);
void register_blur(Registrar& registrar);
void register_elementwise(Registrar& registrar);
void register_layout(Registrar& registrar);
void register_norm(Registrar& registrar);
void register_optimizer(Registrar& registrar);
void register_pool(Registrar& registrar);
void register_reduce(Registrar& registrar);
void register_resize(Registrar& registrar);
void register_storage(Registrar& registrar);
void register_twist(Registrar& registrar);
void register_conv(Registrar& registrar);

}  // namespace tricklab
