#include "base/waiting.h"

#include <chrono>

#if defined(__linux__)
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <climits>
#endif

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace tricklab {
namespace {

// Kernels follow each other within microseconds, and waking a thread costs about as much as it looks for here; a thread
// that looks for longer takes time from whoever it waits for, where cores are shared.
constexpr auto kLook = std::chrono::microseconds(50);

// Looks between two looks at the clock.
constexpr int kLooks = 32;

inline void relax() {
#if defined(__x86_64__)
  _mm_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

}  // namespace

void Awaited::set(uint32_t value) {
#if !defined(__linux__)
  // The lock makes sure that no thread goes to sleep between its last look and the notification.
  std::lock_guard<std::mutex> lock(mutex_);
#endif
  value_.store(value, std::memory_order_seq_cst);
  if (sleepers_.load(std::memory_order_seq_cst) > 0) wake();
}

uint32_t Awaited::after(uint32_t seen) {
  const auto end = std::chrono::steady_clock::now() + kLook;
  do {
    for (int look = 0; look < kLooks; ++look) {
      const uint32_t value = now();
      if (value != seen) return value;
      relax();
    }
  } while (std::chrono::steady_clock::now() < end);
  sleep(seen);
  return now();
}

#if defined(__linux__)

static_assert(sizeof(std::atomic<uint32_t>) == sizeof(uint32_t), "a futex is 32 bits");

void Awaited::sleep(uint32_t seen) {
  // Whoever sets the number sees this count, or this thread sees the new number: both are sequentially consistent, and
  // the system looks again before it lets the thread sleep.
  sleepers_.fetch_add(1, std::memory_order_seq_cst);
  while (value_.load(std::memory_order_seq_cst) == seen) {
    syscall(SYS_futex, &value_, FUTEX_WAIT_PRIVATE, seen, nullptr, nullptr, 0);
  }
  sleepers_.fetch_sub(1, std::memory_order_seq_cst);
}

void Awaited::wake() { syscall(SYS_futex, &value_, FUTEX_WAKE_PRIVATE, INT_MAX, nullptr, nullptr, 0); }

#else

void Awaited::sleep(uint32_t seen) {
  std::unique_lock<std::mutex> lock(mutex_);
  sleepers_.fetch_add(1, std::memory_order_seq_cst);
  changed_.wait(lock, [&] { return value_.load(std::memory_order_seq_cst) != seen; });
  sleepers_.fetch_sub(1, std::memory_order_seq_cst);
}

void Awaited::wake() { changed_.notify_all(); }

#endif

}  // namespace tricklab
