// Reductions and softmax.
#include "reduce/reduce.h"

#include "binding/registrar.h"
#include "loss/softmax.h"

namespace tricklab {
namespace {

// reduce(op, x, outer, length, inner, out)
void reduce_call(Arguments& a) {
  const int64_t outer = a.size(2), length = a.size(3), inner = a.size(4);
  reduce(static_cast<Reduction>(a.integer(0)), a.floats(1, outer * length * inner), outer, length, inner,
         a.floats(5, outer * inner));
}

// reduceBool(all, x, outer, length, inner, out)
void reduce_bool_call(Arguments& a) {
  const int64_t outer = a.size(2), length = a.size(3), inner = a.size(4);
  reduce_bool(a.flag(0), a.bytes(1, outer * length * inner), outer, length, inner, a.bytes(5, outer * inner));
}

// argReduce(largest, x, outer, length, inner, out)
void arg_reduce_call(Arguments& a) {
  const int64_t outer = a.size(2), length = a.size(3), inner = a.size(4);
  if (length == 0) throw BadArgument("argument 3: there is no largest of no elements");
  arg_reduce(a.flag(0), a.floats(1, outer * length * inner), outer, length, inner, a.ints(5, outer * inner));
}

// softmax(x, rows, classes, y)
void softmax_call(Arguments& a) {
  const int64_t rows = a.size(1), classes = a.size(2);
  softmax(a.floats(0, rows * classes), rows, classes, a.floats(3, rows * classes));
}

// softmaxCrossEntropy(logits, targets, rows, classes, losses, residual)
void cross_entropy_call(Arguments& a) {
  const int64_t rows = a.size(2), classes = a.size(3), count = rows * classes;
  softmax_cross_entropy(a.floats(0, count), a.floats(1, count), rows, classes, a.floats(4, rows), a.floats(5, count));
}

}  // namespace

void register_reduce(Registrar& registrar) {
  registrar.add<reduce_call>("reduce");
  registrar.add<reduce_bool_call>("reduceBool");
  registrar.add<arg_reduce_call>("argReduce");
  registrar.add<softmax_call>("softmax");
  registrar.add<cross_entropy_call>("softmaxCrossEntropy");
}

}  // namespace tricklab
