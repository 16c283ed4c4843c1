#include "bf16/units.h"

#if defined(TRICKLAB_AMX)
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace tricklab {

bool bf16_available() {
#if defined(TRICKLAB_AMX)
  static const bool available = [] {
    constexpr int kRequestPermission = 0x1023;
    constexpr int kTileData = 18;
    return syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
  }();
  return available;
#elif defined(TRICKLAB_BF16)
  return true;
#else
  return false;
#endif
}

}  // namespace tricklab
