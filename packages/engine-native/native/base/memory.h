// Memory of tensors: aligned, and on huge pages where it is large.
#pragma once

#include <cstdint>

namespace tricklab {

// Bytes at a multiple of 64; nullptr where there is no memory. `bytes` must be given to release_memory again.
void* allocate_memory(int64_t bytes);
void release_memory(void* memory, int64_t bytes);

// Bytes allocated and not released.
int64_t allocated_bytes();

// A block of tensor memory that grows only: workspace of a kernel, kept from call to call.
class Workspace {
 public:
  ~Workspace();
  // At least `bytes` bytes; what was there is lost. Throws std::bad_alloc.
  void* reserve(int64_t bytes);
  float* floats(int64_t count) { return static_cast<float*>(reserve(count * 4)); }
  double* doubles(int64_t count) { return static_cast<double*>(reserve(count * 8)); }

 private:
  void* memory_ = nullptr;
  int64_t bytes_ = 0;
};

}  // namespace tricklab
