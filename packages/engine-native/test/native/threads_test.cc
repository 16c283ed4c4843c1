// The pool of threads: what a body may rely on. Built and run by test/native.test.ts.
#include "base/threads.h"

#include <atomic>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <new>
#include <thread>
#include <vector>

using namespace tricklab;

namespace {

int failures = 0;

void check(bool holds, const char* what) {
  if (holds) return;
  std::printf("failed: %s\n", what);
  ++failures;
}

void every_element_once() {
  for (int threads : {1, 2, 3, 8}) {
    set_thread_count(threads);
    for (int64_t n : {1, 2, 7, 64, 1000}) {
      std::vector<int> seen(static_cast<size_t>(n), 0);
      parallel_for(n, 3, [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i) ++seen[static_cast<size_t>(i)];
      });
      for (int count : seen) check(count == 1, "every element is in one range");
    }
  }
}

// A workspace that a thread does not get must be an error of the call, not the end of the process.
void no_memory_in_any_thread() {
  set_thread_count(3);
  for (int failing = 0; failing < 3; ++failing) {
    std::atomic<int> done{0};
    bool thrown = false;
    try {
      parallel_for(3, 1, [&](int64_t begin, int64_t) {
        if (begin == failing) throw std::bad_alloc();
        ++done;
      });
    } catch (const std::bad_alloc&) {
      thrown = true;
    }
    check(thrown, "a thread's want of memory reaches the caller");
    check(done == 2, "the other ranges are done by then");
    std::atomic<int> after{0};
    parallel_for(3, 1, [&](int64_t begin, int64_t end) {
      after += static_cast<int>(end - begin);
      // Inside a body nothing is parallel.
      parallel_for(4, 1, [&](int64_t from, int64_t to) { check(from == 0 && to == 4, "a call inside runs serially"); });
    });
    check(after == 3, "and the pool works on");
  }
}

// Threads that wait for one that is slow, or for work, leave the processor to others.
void waiting_is_quiet() {
  set_thread_count(3);
  const auto pause = std::chrono::milliseconds(300);
  for (int slow = 0; slow < 3; ++slow) {
    const std::clock_t before = std::clock();
    parallel_for(3, 1, [&](int64_t begin, int64_t) {
      if (begin == slow) std::this_thread::sleep_for(pause);
    });
    std::this_thread::sleep_for(pause);
    const double seconds = static_cast<double>(std::clock() - before) / CLOCKS_PER_SEC;
    check(seconds < 0.03, "waiting takes no processor time to speak of");
  }
}

// Whatever the threads happen to be doing when work comes or ends: looking, falling asleep, asleep.
void no_call_is_missed() {
  set_thread_count(4);
  int64_t sum = 0;
  for (int call = 0; call < 20000; ++call) {
    std::atomic<int64_t> count{0};
    parallel_for(4, 1, [&](int64_t begin, int64_t end) {
      if (call % 97 == begin) std::this_thread::sleep_for(std::chrono::microseconds(10 * (call % 13)));
      count += end - begin;
    });
    if (call % 61 == 0) std::this_thread::sleep_for(std::chrono::microseconds(45 + call % 11));
    sum += count;
  }
  check(sum == 4 * 20000, "every call is done by every thread");
}

}  // namespace

int main() {
  waiting_is_quiet();
  no_call_is_missed();
  every_element_once();
  no_memory_in_any_thread();
  std::printf("threads checked, %d failures\n", failures);
  return failures == 0 ? 0 : 1;
}
