// Conversion between the formats in which tensors are stored.
#include "base/bfloat16.h"

#include "binding/registrar.h"

namespace tricklab {
namespace {

// widen(halves, count, floats)
void widen_call(Arguments& a) {
  const int64_t count = a.size(1);
  widen(a.elements_of<Bfloat16>(0, count), count, a.floats(2, count));
}

// narrow(floats, count, halves)
void narrow_call(Arguments& a) {
  const int64_t count = a.size(1);
  narrow(a.floats(0, count), count, a.elements_of<Bfloat16>(2, count));
}

}  // namespace

void register_storage(Registrar& registrar) {
  registrar.add<widen_call>("widen");
  registrar.add<narrow_call>("narrow");
}

}  // namespace tricklab
