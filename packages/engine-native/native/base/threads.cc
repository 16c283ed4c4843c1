#include "base/threads.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <new>
#include <thread>
#include <vector>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace tricklab {
namespace {

thread_local int current_index = 0;
thread_local bool inside_body = false;

// Rounds of polling before a waiting thread goes to sleep: kernels follow each other within microseconds, and waking a
// sleeping thread costs more than a small kernel.
constexpr int kSpins = 4000;

inline void relax() {
#if defined(__x86_64__)
  _mm_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

class Pool {
 public:
  explicit Pool(int count) : count_(count) {
    for (int index = 1; index < count; ++index) workers_.emplace_back([this, index] { work(index); });
  }

  ~Pool() {
    {
      std::lock_guard<std::mutex> lock(mutex_);
      stopping_ = true;
      generation_.fetch_add(1, std::memory_order_release);
    }
    wake_.notify_all();
    for (auto& worker : workers_) worker.join();
  }

  int count() const { return count_; }

  void run(int64_t n, int64_t grain, int parts, const std::function<void(int64_t, int64_t)>& body) {
    body_ = &body;
    n_ = n;
    grain_ = grain;
    parts_ = parts;
    pending_.store(count_ - 1, std::memory_order_relaxed);
    {
      // The lock makes sure that no worker goes to sleep between its last look and the notification.
      std::lock_guard<std::mutex> lock(mutex_);
      generation_.fetch_add(1, std::memory_order_release);
    }
    if (sleeping_.load(std::memory_order_acquire) > 0) wake_.notify_all();
    part(0);
    for (int spins = 0; pending_.load(std::memory_order_acquire) > 0; ++spins) {
      if (spins < kSpins) {
        relax();
      } else {
        std::this_thread::yield();
      }
    }
    body_ = nullptr;
    if (no_memory_.exchange(false, std::memory_order_relaxed)) throw std::bad_alloc();
  }

 private:
  void part(int index) {
    if (index >= parts_) return;
    const int64_t grains = (n_ + grain_ - 1) / grain_;
    const int64_t begin = grains * index / parts_ * grain_;
    const int64_t end = std::min(n_, grains * (index + 1) / parts_ * grain_);
    if (begin >= end) return;
    inside_body = true;
    try {
      (*body_)(begin, end);
    } catch (const std::bad_alloc&) {
      no_memory_.store(true, std::memory_order_relaxed);
    }
    inside_body = false;
  }

  void work(int index) {
    current_index = index;
    uint64_t seen = 0;
    for (;;) {
      for (int spins = 0; generation_.load(std::memory_order_acquire) == seen && spins < kSpins; ++spins) relax();
      if (generation_.load(std::memory_order_acquire) == seen) {
        std::unique_lock<std::mutex> lock(mutex_);
        sleeping_.fetch_add(1, std::memory_order_release);
        wake_.wait(lock, [&] { return generation_.load(std::memory_order_acquire) != seen; });
        sleeping_.fetch_sub(1, std::memory_order_release);
      }
      seen = generation_.load(std::memory_order_acquire);
      if (stopping_) return;
      part(index);
      pending_.fetch_sub(1, std::memory_order_release);
    }
  }

  const int count_;
  std::vector<std::thread> workers_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::atomic<uint64_t> generation_{0};
  std::atomic<int> pending_{0};
  std::atomic<int> sleeping_{0};
  std::atomic<bool> no_memory_{false};
  bool stopping_ = false;
  const std::function<void(int64_t, int64_t)>* body_ = nullptr;
  int64_t n_ = 0;
  int64_t grain_ = 1;
  int parts_ = 1;
};

std::unique_ptr<Pool> pool;
int wanted = 0;

Pool& the_pool() {
  if (wanted == 0) wanted = std::max(1u, std::thread::hardware_concurrency());
  if (!pool || pool->count() != wanted) pool = std::make_unique<Pool>(wanted);
  return *pool;
}

}  // namespace

int thread_count() {
  if (wanted == 0) wanted = std::max(1u, std::thread::hardware_concurrency());
  return wanted;
}

void set_thread_count(int count) { wanted = std::max(1, count); }

int thread_index() { return current_index; }

void parallel_for(int64_t n, int64_t grain, const std::function<void(int64_t, int64_t)>& body) {
  if (n <= 0) return;
  grain = std::max<int64_t>(1, grain);
  const int64_t grains = (n + grain - 1) / grain;
  const int parts = static_cast<int>(std::min<int64_t>(thread_count(), grains));
  if (parts == 1 || inside_body) {
    body(0, n);
    return;
  }
  the_pool().run(n, grain, parts, body);
}

}  // namespace tricklab
