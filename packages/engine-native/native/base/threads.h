// Threads for all kernels: one pool, static partition.
#pragma once

#include <cstdint>
#include <functional>

namespace tricklab {

// Number of threads that work, the calling one included. Changing it is not allowed while a kernel runs.
int thread_count();
void set_thread_count(int count);

// Splits [0, n) into one contiguous range a thread and calls body(begin, end) on each; returns when all are done.
// The split depends on n, grain and the number of threads alone, so results are the same from run to run. Ranges are
// multiples of `grain` long (but for the last), and fewer threads are used when there are fewer grains. A call from
// inside a body runs serially. Of exceptions, `body` may throw std::bad_alloc, which goes on to the caller.
void parallel_for(int64_t n, int64_t grain, const std::function<void(int64_t begin, int64_t end)>& body);

// Index of the calling thread in the running parallel_for: 0 … thread_count() − 1, for per-thread workspace.
int thread_index();

}  // namespace tricklab
