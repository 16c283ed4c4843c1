#include "provider/library.h"

#include <dlfcn.h>

#include <cstdlib>
#include <string>

#include "base/threads.h"

namespace tricklab {
namespace {

// The folder that this code was loaded from.
std::string own_folder() {
  Dl_info info;
  if (dladdr(reinterpret_cast<void*>(&own_folder), &info) == 0 || info.dli_fname == nullptr) return ".";
  const std::string file = info.dli_fname;
  const size_t slash = file.rfind('/');
  return slash == std::string::npos ? "." : file.substr(0, slash);
}

Provider* load() {
  // oneDNN's threads come from OpenMP, whose waiting threads would spin on the cores that our own kernels need next.
  setenv("OMP_WAIT_POLICY", "passive", 0);
  void* library = dlopen((own_folder() + "/onednn.provider").c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) return nullptr;
  const auto entry = reinterpret_cast<ProviderEntry>(dlsym(library, "tricklab_provider"));
  return entry == nullptr ? nullptr : entry(&thread_count);
}

}  // namespace

Provider* onednn_provider() {
  static Provider* provider = load();
  return provider;
}

}  // namespace tricklab
