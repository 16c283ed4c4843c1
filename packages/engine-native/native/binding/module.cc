// The addon's entry: every topic puts its functions on `exports`.
#include "binding/registrar.h"

namespace tricklab {

std::mutex& call_mutex() {
  static std::mutex mutex;
  return mutex;
}

void Registrar::set(const char* name, napi_callback callback) {
  napi_value function;
  if (napi_create_function(env_, name, NAPI_AUTO_LENGTH, callback, nullptr, &function) == napi_ok) {
    napi_set_named_property(env_, exports_, name, function);
  }
}

// Absent while its files are being written.
__attribute__((weak)) void register_conv(Registrar& registrar);

}  // namespace tricklab

extern "C" __attribute__((visibility("default"))) napi_value napi_register_module_v1(napi_env env, napi_value exports) {
  tricklab::Registrar registrar(env, exports);
  tricklab::register_base(registrar);
  tricklab::register_blur(registrar);
  tricklab::register_elementwise(registrar);
  tricklab::register_layout(registrar);
  tricklab::register_norm(registrar);
  tricklab::register_optimizer(registrar);
  tricklab::register_pool(registrar);
  tricklab::register_reduce(registrar);
  tricklab::register_resize(registrar);
  tricklab::register_storage(registrar);
  tricklab::register_twist(registrar);
  if (tricklab::register_conv != nullptr) tricklab::register_conv(registrar);
  return exports;
}

extern "C" __attribute__((visibility("default"))) int32_t node_api_module_get_api_version_v1() { return NAPI_VERSION; }
