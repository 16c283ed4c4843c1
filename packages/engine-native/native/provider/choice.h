// Which provider runs a call.
#pragma once

#include <string>

#include "provider/provider.h"

namespace tricklab {

// "auto" takes the faster one for each shape; "portable" and "onednn" take one for everything that it serves. False,
// and no change, where there is no such provider here.
bool choose_provider(const std::string& name);

// The choice: "auto", "portable" or "onednn".
const char* chosen_provider();

// Names of the providers that are there, the floor last, separated by blanks.
std::string available_providers();

// Whether any provider gains from the precision here.
bool precision_available(Precision precision);

// Runs on the chosen provider, or on the portable one where that does not serve the case.
void run_conv2d(const Conv2dShape& shape, Precision precision, ConstNumbers x, const float* filter,
                const Epilogue& epilogue, Numbers out);
void run_conv2d_input_gradient(const Conv2dShape& shape, Precision precision, ConstNumbers dy, const float* filter,
                               Numbers dx);
void run_conv2d_filter_gradient(const Conv2dShape& shape, Precision precision, ConstNumbers x, ConstNumbers dy,
                                float* dfilter);
void run_matmul(const MatMulShape& shape, Precision precision, const float* a, const float* b,
                const Epilogue& epilogue, float* c);

}  // namespace tricklab
