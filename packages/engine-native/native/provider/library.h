// Providers in a shared library of their own, which need not be there.
#pragma once

#include "provider/provider.h"

namespace tricklab {

// The oneDNN provider of the file beside the addon; nullptr where that or oneDNN itself does not load.
Provider* onednn_provider();

// What such a library exports as `tricklab_provider`. `threads` gives the number of threads to use.
using ProviderEntry = Provider* (*)(int (*threads)());

}  // namespace tricklab
