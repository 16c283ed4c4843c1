#include "base/threads.h"

#include <algorithm>
#include <atomic>
#include <memory>
#include <new>
#include <thread>
#include <vector>

#include "base/waiting.h"

namespace tricklab {
namespace {

thread_local int current_index = 0;
thread_local bool inside_body = false;

class Pool {
 public:
  explicit Pool(int count) : count_(count) {
    for (int index = 1; index < count; ++index) workers_.emplace_back([this, index] { work(index); });
  }

  ~Pool() {
    stopping_ = true;
    round_.set(round_.now() + 1);
    for (auto& worker : workers_) worker.join();
  }

  int count() const { return count_; }

  void run(int64_t n, int64_t grain, int parts, const std::function<void(int64_t, int64_t)>& body) {
    body_ = &body;
    n_ = n;
    grain_ = grain;
    parts_ = parts;
    pending_.store(count_ - 1, std::memory_order_relaxed);
    const uint32_t before = done_.now();
    round_.set(round_.now() + 1);
    part(0);
    done_.after(before);
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
    for (uint32_t seen = 0;;) {
      seen = round_.after(seen);
      if (stopping_) return;
      part(index);
      // The last one tells; what all have written is seen by who is told.
      if (pending_.fetch_sub(1, std::memory_order_acq_rel) == 1) done_.set(seen);
    }
  }

  const int count_;
  std::vector<std::thread> workers_;
  // Counts the calls of `run`; workers wait for the next one.
  Awaited round_;
  // The last round that every worker has finished.
  Awaited done_;
  std::atomic<int> pending_{0};
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
