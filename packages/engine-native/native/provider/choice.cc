#include "provider/choice.h"

#include <cstdlib>
#include <initializer_list>
#include <stdexcept>

#include "provider/library.h"

namespace tricklab {
namespace {

enum class Choice { kAuto, kPortable, kOnednn };

bool parse(const std::string& name, Choice& choice) {
  if (name == "auto") {
    choice = Choice::kAuto;
  } else if (name == "portable") {
    choice = Choice::kPortable;
  } else if (name == "onednn" && onednn_provider() != nullptr) {
    choice = Choice::kOnednn;
  } else {
    return false;
  }
  return true;
}

Choice& current() {
  static Choice choice = [] {
    Choice first = Choice::kAuto;
    const char* wanted = std::getenv("TRICKLAB_NATIVE_PROVIDER");
    if (wanted != nullptr) parse(wanted, first);
    return first;
  }();
  return choice;
}

// Offers a call to the providers, the preferred one first. A precision that no provider has must not come this far.
template <typename Call>
void offer(bool portable_first, Precision precision, Call call) {
  Provider* const portable = &portable_provider();
  Provider* const other = current() == Choice::kPortable ? nullptr : onednn_provider();
  const bool first = other == nullptr || (portable_first && current() == Choice::kAuto);
  for (Provider* provider : {first ? portable : other, first ? other : portable}) {
    if (provider != nullptr && provider->supports(precision) && call(*provider)) return;
  }
  // What a provider does not serve in few digits is right in many.
  if (!precision_available(precision) || !call(*portable)) throw std::invalid_argument("precision not available here");
}

}  // namespace

bool choose_provider(const std::string& name) { return parse(name, current()); }

const char* chosen_provider() {
  switch (current()) {
    case Choice::kPortable:
      return "portable";
    case Choice::kOnednn:
      return "onednn";
    default:
      return "auto";
  }
}

std::string available_providers() { return onednn_provider() == nullptr ? "portable" : "onednn portable"; }

bool precision_available(Precision precision) {
  if (portable_provider().supports(precision)) return true;
  return current() != Choice::kPortable && onednn_provider() != nullptr && onednn_provider()->supports(precision);
}

void run_conv2d(const Conv2dShape& shape, Precision precision, const float* x, const float* filter,
                const Epilogue& epilogue, float* out) {
  offer(true, precision, [&](Provider& provider) {
    return provider.conv2d(shape, precision, x, filter, epilogue, out);
  });
}

void run_conv2d_input_gradient(const Conv2dShape& shape, Precision precision, const float* dy, const float* filter,
                               float* dx) {
  offer(true, precision, [&](Provider& provider) {
    return provider.conv2d_input_gradient(shape, precision, dy, filter, dx);
  });
}

void run_conv2d_filter_gradient(const Conv2dShape& shape, Precision precision, const float* x, const float* dy,
                                float* dfilter) {
  offer(true, precision, [&](Provider& provider) {
    return provider.conv2d_filter_gradient(shape, precision, x, dy, dfilter);
  });
}

void run_matmul(const MatMulShape& shape, Precision precision, const float* a, const float* b,
                const Epilogue& epilogue, float* c) {
  offer(true, precision, [&](Provider& provider) { return provider.matmul(shape, precision, a, b, epilogue, c); });
}

}  // namespace tricklab
