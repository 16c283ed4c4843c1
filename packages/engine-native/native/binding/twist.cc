// Twisted slopes.
#include "binding/registrar.h"
#include "twist/slopes.h"

namespace tricklab {
namespace {

// sizes: [batch, h, w, channels, stride]
SlopesShape slopes_of(const Arguments& a, size_t at) {
  const int32_t* n = a.ints(at, 5);
  for (int i = 0; i < 5; ++i) {
    if (n[i] < (i == 4 ? 1 : 0)) throw BadArgument("slopes of this shape");
  }
  return {n[0], n[1], n[2], n[3], n[4]};
}

// twistedSlopes(sizes, x, z)
void twisted_slopes_call(Arguments& a) {
  const SlopesShape shape = slopes_of(a, 0);
  twisted_slopes(shape, a.floats(1, shape.in_size()), a.floats(2, shape.out_size()));
}

// twistedSlopesGrad(sizes, dz, dx)
void twisted_slopes_gradient_call(Arguments& a) {
  const SlopesShape shape = slopes_of(a, 0);
  twisted_slopes_gradient(shape, a.floats(1, shape.out_size()), a.floats(2, shape.in_size()));
}

}  // namespace

void register_twist(Registrar& registrar) {
  registrar.add<twisted_slopes_call>("twistedSlopes");
  registrar.add<twisted_slopes_gradient_call>("twistedSlopesGrad");
}

}  // namespace tricklab
