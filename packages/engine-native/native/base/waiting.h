// A number that threads wait for: they look for a short while, then sleep, so that other programs get the processor.
#pragma once

#include <atomic>
#include <cstdint>

#if !defined(__linux__)
#include <condition_variable>
#include <mutex>
#endif

namespace tricklab {

class Awaited {
 public:
  uint32_t now() const { return value_.load(std::memory_order_acquire); }

  // Sets the number and wakes every thread that sleeps for it. What was written before is seen by who waited.
  void set(uint32_t value);

  // Returns as soon as the number is another than `seen`, and what it is then.
  uint32_t after(uint32_t seen);

 private:
  void sleep(uint32_t seen);
  void wake();

  std::atomic<uint32_t> value_{0};
  std::atomic<uint32_t> sleepers_{0};
#if !defined(__linux__)
  std::mutex mutex_;
  std::condition_variable changed_;
#endif
};

}  // namespace tricklab
