#include "base/memory.h"

#include <atomic>
#include <cstdlib>
#include <new>

#if defined(__linux__) || defined(__APPLE__)
#include <sys/mman.h>
#endif

namespace tricklab {
namespace {

std::atomic<int64_t> allocated{0};

// From here on a block gets pages of its own, which go back to the system at once when it is released.
#if defined(TRICKLAB_ASAN)
// Never: the sanitizer watches the borders of what it allocated itself.
constexpr int64_t kPages = INT64_MAX;
#else
constexpr int64_t kPages = int64_t{1} << 20;
#endif
constexpr int64_t kHugePage = int64_t{2} << 20;
// A multiple of every page size in use: 4 KiB on most systems, 16 or 64 on some arm ones.
constexpr int64_t kPage = int64_t{64} << 10;

int64_t round_up(int64_t bytes, int64_t unit) { return (bytes + unit - 1) / unit * unit; }

// Whole pages; from the size of a huge page on they begin where one can lie.
void* map_pages(int64_t bytes) {
  const int64_t spare = bytes >= kHugePage ? kHugePage : 0;
  void* mapped =
      mmap(nullptr, static_cast<size_t>(bytes + spare), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapped == MAP_FAILED) return nullptr;
  if (spare == 0) return mapped;
  char* const start = static_cast<char*>(mapped);
  const int64_t place = static_cast<int64_t>(reinterpret_cast<uintptr_t>(mapped));
  const int64_t before = round_up(place, kHugePage) - place;
  const int64_t end = round_up(before + bytes, kPage);
  if (before > 0) munmap(start, static_cast<size_t>(before));
  if (end < bytes + spare) munmap(start + end, static_cast<size_t>(bytes + spare - end));
#if defined(MADV_HUGEPAGE)
  // Advice only; it may be refused.
  madvise(start + before, static_cast<size_t>(bytes), MADV_HUGEPAGE);
#endif
  return start + before;
}

}  // namespace

void* allocate_memory(int64_t bytes) {
  if (bytes < 0) return nullptr;
  void* memory = nullptr;
  if (bytes < kPages) {
#if defined(TRICKLAB_ASAN)
    const int64_t room = bytes > 0 ? bytes : 1;
#else
    const int64_t room = round_up(bytes + 1, 64);
#endif
    if (posix_memalign(&memory, 64, static_cast<size_t>(room)) != 0) return nullptr;
  } else {
    memory = map_pages(bytes);
    if (memory == nullptr) return nullptr;
  }
  allocated.fetch_add(bytes, std::memory_order_relaxed);
  return memory;
}

void release_memory(void* memory, int64_t bytes) {
  if (memory == nullptr) return;
  allocated.fetch_sub(bytes, std::memory_order_relaxed);
  if (bytes < kPages) {
    std::free(memory);
  } else {
    munmap(memory, static_cast<size_t>(bytes));
  }
}

int64_t allocated_bytes() { return allocated.load(std::memory_order_relaxed); }

Workspace::~Workspace() { release_memory(memory_, bytes_); }

void* Workspace::reserve(int64_t bytes) {
  if (bytes > bytes_) {
    release_memory(memory_, bytes_);
    bytes_ = 0;
    memory_ = allocate_memory(bytes);
    if (memory_ == nullptr) throw std::bad_alloc();
    bytes_ = bytes;
  }
  return memory_;
}

}  // namespace tricklab
