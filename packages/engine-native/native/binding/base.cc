// Memory and threads.
#include "base/memory.h"

#include "base/threads.h"
#include "binding/registrar.h"

namespace tricklab {
namespace {

// Bookkeeping of one ArrayBuffer over native memory. The memory goes when `release` is called or, failing that, when
// the garbage collector finds the ArrayBuffer; the record itself always with the ArrayBuffer.
struct Block {
  void* memory;
  int64_t bytes;
};

void finalize(napi_env, void* /*data*/, void* hint) {
  Block* block = static_cast<Block*>(hint);
  release_memory(block->memory, block->bytes);
  delete block;
}

// allocate(bytes, handle: Float64Array(1)) → ArrayBuffer, or undefined where there is no memory.
// The handle is what `release` wants.
napi_value allocate(Arguments& arguments) {
  const int64_t bytes = arguments.size(0);
  double* handle = arguments.doubles(1, 1);
  void* memory = allocate_memory(bytes);
  if (memory == nullptr) return nullptr;
  Block* block = new Block{memory, bytes};
  napi_value buffer;
  if (napi_create_external_arraybuffer(arguments.env(), memory, static_cast<size_t>(bytes), finalize, block, &buffer) !=
      napi_ok) {
    release_memory(memory, bytes);
    delete block;
    return nullptr;
  }
  *handle = static_cast<double>(reinterpret_cast<uintptr_t>(block));
  return buffer;
}

// release(ArrayBuffer, handle): detaches the buffer, so that no view of it can reach the memory, and frees that.
void release(Arguments& arguments) {
  Block* block = reinterpret_cast<Block*>(static_cast<uintptr_t>(arguments.number(1)));
  void* data = nullptr;
  size_t bytes = 0;
  if (napi_get_arraybuffer_info(arguments.env(), arguments.value(0), &data, &bytes) != napi_ok || data == nullptr) {
    throw BadArgument("argument 0: expected an ArrayBuffer that is not released");
  }
  // Taken out first: detaching may run the finalizer at once.
  void* memory = block->memory;
  if (memory != data) throw BadArgument("argument 1: expected the handle of this ArrayBuffer");
  const int64_t size = block->bytes;
  block->memory = nullptr;
  if (napi_detach_arraybuffer(arguments.env(), arguments.value(0)) != napi_ok) {
    block->memory = memory;
    throw BadArgument("argument 0: this ArrayBuffer cannot be detached");
  }
  release_memory(memory, size);
}

napi_value allocated(Arguments& arguments) {
  napi_value result;
  napi_create_double(arguments.env(), static_cast<double>(allocated_bytes()), &result);
  return result;
}

napi_value threads(Arguments& arguments) {
  if (!arguments.missing(0)) set_thread_count(static_cast<int>(arguments.size(0)));
  napi_value result;
  napi_create_int32(arguments.env(), thread_count(), &result);
  return result;
}

#if defined(TRICKLAB_ASAN)
// readBeyond(array): reads one element too many, so that a run can make sure that the sanitizer would see it.
napi_value read_beyond(Arguments& arguments) {
  const int64_t length = arguments.length(0);
  const volatile float* values = arguments.floats(0, length);
  napi_value result;
  napi_create_double(arguments.env(), static_cast<double>(values[length]), &result);
  return result;
}
#endif

}  // namespace

void register_base(Registrar& registrar) {
  registrar.add<allocate>("allocate");
  registrar.add<release>("release");
  registrar.add<allocated>("allocated");
  registrar.add<threads>("threads");
#if defined(TRICKLAB_ASAN)
  registrar.add<read_beyond>("readBeyond");
#endif
}

}  // namespace tricklab
