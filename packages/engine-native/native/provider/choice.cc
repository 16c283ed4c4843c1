#include "provider/choice.h"

#include <initializer_list>
#include <stdexcept>

#include "provider/library.h"
#include "provider/stored.h"

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
  static Choice choice = Choice::kAuto;
  return choice;
}

// Where our kernels come first, by measurements with --bench of test/native/conv_test.cc on AVX-512: in float32 oneDNN's
// forward pass and input gradient are up to a third faster on large maps. On small maps we leave out the taps that only
// meet padding; few channels we lay out in planes.
bool ours_first(const Conv2dShape& shape) {
  constexpr int64_t kSmallMap = 36;
  constexpr int64_t kThin = 8;
  const bool thin = shape.in_channels == 1 ? shape.out_channels <= 2 * kThin
                                           : shape.in_channels <= kThin && shape.out_channels <= kThin;
  return thin || shape.out_height * shape.out_width < kSmallMap;
}

// Offers a call to the providers, the preferred one first. False where none serves it in this precision.
template <typename Call>
bool offer(bool portable_first, Precision precision, Call call) {
  if (!precision_available(precision)) throw std::invalid_argument("precision not available here");
  Provider* const portable = &portable_provider();
  Provider* const other = current() == Choice::kPortable ? nullptr : onednn_provider();
  const bool first = other == nullptr || (portable_first && current() == Choice::kAuto);
  for (Provider* provider : {first ? portable : other, first ? other : portable}) {
    if (provider != nullptr && provider->supports(precision) && call(*provider, precision)) return true;
  }
  return false;
}

// Whether providers take images that are stored so.
bool takes(Precision precision, ConstNumbers first, ConstNumbers second) {
  return precision == Precision::kBfloat16 || (first.floats() != nullptr && second.floats() != nullptr);
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
  return portable_provider().supports(precision);
}

// What no provider serves in few digits is right in many.

void run_conv2d(const Conv2dShape& shape, Precision precision, ConstNumbers x, const float* filter,
                const Epilogue& epilogue, Numbers out) {
  const auto call = [&](Provider& provider, Precision with) {
    return provider.conv2d(shape, with, x, filter, epilogue, out);
  };
  if (takes(precision, x, out) && offer(ours_first(shape), precision, call)) return;
  const float* from = as_floats(x, shape.in_size(), ScratchUse::kOperand);
  write_floats(out, shape.out_size(), [&](float* to) {
    portable_provider().conv2d(shape, Precision::kFloat32, from, filter, epilogue, to);
  });
}

void run_conv2d_input_gradient(const Conv2dShape& shape, Precision precision, ConstNumbers dy, const float* filter,
                               Numbers dx) {
  const auto call = [&](Provider& provider, Precision with) {
    return provider.conv2d_input_gradient(shape, with, dy, filter, dx);
  };
  if (takes(precision, dy, dx) && offer(ours_first(shape), precision, call)) return;
  const float* from = as_floats(dy, shape.out_size(), ScratchUse::kOperand);
  write_floats(dx, shape.in_size(), [&](float* to) {
    portable_provider().conv2d_input_gradient(shape, Precision::kFloat32, from, filter, to);
  });
}

void run_conv2d_filter_gradient(const Conv2dShape& shape, Precision precision, ConstNumbers x, ConstNumbers dy,
                                float* dfilter) {
  // oneDNN's threads wait for each other by spinning here, which takes seconds where other programs run as well; and on
  // small maps it is many times slower.
  const auto call = [&](Provider& provider, Precision with) {
    return provider.conv2d_filter_gradient(shape, with, x, dy, dfilter);
  };
  if (takes(precision, x, dy) && offer(true, precision, call)) return;
  const float* from = as_floats(x, shape.in_size(), ScratchUse::kOperand);
  const float* by = as_floats(dy, shape.out_size(), ScratchUse::kOtherOperand);
  portable_provider().conv2d_filter_gradient(shape, Precision::kFloat32, from, by, dfilter);
}

void run_matmul(const MatMulShape& shape, Precision precision, const float* a, const float* b,
                const Epilogue& epilogue, float* c) {
  const auto call = [&](Provider& provider, Precision with) { return provider.matmul(shape, with, a, b, epilogue, c); };
  if (!offer(false, precision, call)) call(portable_provider(), Precision::kFloat32);
}

}  // namespace tricklab
