// Says of the loop that follows that its iterations do not depend on each other, where the compiler cannot see it.
#pragma once

#if defined(__clang__)
#define TRICKLAB_INDEPENDENT _Pragma("clang loop vectorize(assume_safety)")
#else
#define TRICKLAB_INDEPENDENT _Pragma("GCC ivdep")
#endif
