// oneDNN as a provider: a shared library of its own, loaded where oneDNN is there.
#if defined(TRICKLAB_ONEDNN)

#include <cstdlib>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "provider/library.h"
#include "provider/onednn_api.h"

// oneDNN's threads are OpenMP's in most builds; in others this is not there.
extern "C" void omp_set_num_threads(int count) __attribute__((weak));

namespace tricklab {
namespace onednn {
namespace {

using Tag = dnnl::memory::format_tag;

enum class Kind { kForward, kBackwardData, kBackwardWeights, kMatMul };

// One tensor of a primitive: as it lies in our memory, and as the primitive wants it.
struct Tensor {
  int argument;
  Description ours;
  Description theirs;
  bool output;
  dnnl::reorder reorder;  // where the two differ
  bool converts() const { return !(ours == theirs); }
};

// A primitive that is ready to run.
struct Prepared {
  dnnl::primitive primitive;
  std::vector<Tensor> tensors;
  Description scratchpad;
};

// Memory that grows only; the contents go when it does.
class Buffer {
 public:
  ~Buffer() { std::free(data_); }
  void* reserve(size_t bytes) {
    if (bytes > bytes_) {
      std::free(data_);
      bytes_ = 0;
      data_ = std::aligned_alloc(64, (bytes + 63) / 64 * 64);
      if (data_ == nullptr) throw std::bad_alloc();
      bytes_ = bytes;
    }
    return data_;
  }

 private:
  void* data_ = nullptr;
  size_t bytes_ = 0;
};

Description plain(const Dims& dims, Tag tag) { return Description(dims, dnnl::memory::data_type::f32, tag); }

// Serves no ReLU: oneDNN's turns what is not a number into zero.
class OneDnn final : public Provider {
 public:
  explicit OneDnn(int (*threads)()) : threads_(threads), engine_(dnnl::engine::kind::cpu, 0), stream_(engine_) {}

  const char* name() const override { return "onednn"; }

  // In bf16 our kernels are faster.
  bool supports(Precision precision) const override { return precision == Precision::kFloat32; }

  bool conv2d(const Conv2dShape& shape, Precision /*precision*/, ConstNumbers x, const float* filter,
              const Epilogue& epilogue, Numbers out) override {
    if (!serves(shape) || epilogue.relu) return false;
    const bool bias = epilogue.bias != nullptr;
    const auto key = key_of(Kind::kForward, shape, bias);
    return run(key, [&] { return prepare_forward(shape, bias); }, {x.floats(), filter, out.floats(), epilogue.bias});
  }

  bool conv2d_input_gradient(const Conv2dShape& shape, Precision /*precision*/, ConstNumbers dy, const float* filter,
                             Numbers dx) override {
    if (!serves(shape)) return false;
    const auto key = key_of(Kind::kBackwardData, shape, false);
    return run(key, [&] { return prepare_backward_data(shape); }, {dy.floats(), filter, dx.floats()});
  }

  bool conv2d_filter_gradient(const Conv2dShape& shape, Precision /*precision*/, ConstNumbers x, ConstNumbers dy,
                              float* dfilter) override {
    if (!serves(shape)) return false;
    const auto key = key_of(Kind::kBackwardWeights, shape, false);
    return run(key, [&] { return prepare_backward_weights(shape); }, {x.floats(), dy.floats(), dfilter});
  }

  bool matmul(const MatMulShape& shape, Precision /*precision*/, const float* a, const float* b, const Epilogue& epilogue,
              float* c) override {
    if (shape.batch * shape.rows * shape.columns * shape.depth == 0 || epilogue.relu) return false;
    const bool bias = epilogue.bias != nullptr;
    std::string key = std::to_string(static_cast<int>(Kind::kMatMul));
    for (const int64_t size : {shape.batch, shape.rows, shape.columns, shape.depth, shape.a_step, shape.b_step,
                               int64_t{shape.transpose_a}, int64_t{shape.transpose_b}, int64_t{bias}}) {
      key += ',' + std::to_string(size);
    }
    return run(key, [&] { return prepare_matmul(shape, bias); }, {a, b, c, epilogue.bias});
  }

 private:
  static bool serves(const Conv2dShape& shape) {
    return shape.out_size() > 0 && shape.filter_size() > 0 && shape.in_size() > 0 && shape.groups == 1;
  }

  static std::string key_of(Kind kind, const Conv2dShape& s, bool bias) {
    std::string key = std::to_string(static_cast<int>(kind));
    for (const int64_t size :
         {s.batch, s.in_height, s.in_width, s.in_channels, s.out_height, s.out_width, s.out_channels, s.filter_height,
          s.filter_width, s.stride_height, s.stride_width, s.dilation_height, s.dilation_width, s.pad_top, s.pad_left,
          s.groups, int64_t{bias}}) {
      key += ',' + std::to_string(size);
    }
    return key;
  }

  static Window window_of(const Conv2dShape& s) {
    const int64_t height = (s.filter_height - 1) * s.dilation_height + 1;
    const int64_t width = (s.filter_width - 1) * s.dilation_width + 1;
    return {{s.stride_height, s.stride_width},
            {s.dilation_height - 1, s.dilation_width - 1},
            {s.pad_top, s.pad_left},
            {(s.out_height - 1) * s.stride_height + height - s.in_height - s.pad_top,
             (s.out_width - 1) * s.stride_width + width - s.in_width - s.pad_left}};
  }

  struct Sides {
    Dims x, filter, out;
    Tag filter_tag;
  };

  static Sides sides_of(const Conv2dShape& s) {
    Sides sides;
    sides.x = {s.batch, s.in_channels, s.in_height, s.in_width};
    sides.out = {s.batch, s.out_channels, s.out_height, s.out_width};
    if (s.groups == 1) {
      sides.filter = {s.out_channels, s.in_channels, s.filter_height, s.filter_width};
      sides.filter_tag = Tag::hwio;
    } else {
      sides.filter = {s.groups, s.out_channels / s.groups, s.in_channels / s.groups, s.filter_height, s.filter_width};
      sides.filter_tag = Tag::hwigo;
    }
    return sides;
  }

  static dnnl::primitive_attr attributes() {
    dnnl::primitive_attr result;
    result.set_scratchpad_mode(dnnl::scratchpad_mode::user);
    return result;
  }

  Forward forward_of(const Conv2dShape& shape, bool bias) const {
    const Sides sides = sides_of(shape);
    const Description of_bias = plain({shape.out_channels}, Tag::x);
    return describe_forward(engine_, plain(sides.x, Tag::nhwc), plain(sides.filter, Tag::any),
                            bias ? &of_bias : nullptr, plain(sides.out, Tag::nhwc), window_of(shape),
                            attributes());
  }

  Prepared prepare_forward(const Conv2dShape& shape, bool bias) const {
    const Sides sides = sides_of(shape);
    const Forward description = forward_of(shape, bias);
    Prepared prepared;
    prepared.primitive = dnnl::convolution_forward(description);
    prepared.scratchpad = description.scratchpad_desc();
    add(prepared, DNNL_ARG_SRC, plain(sides.x, Tag::nhwc), description.src_desc(), false);
    add(prepared, DNNL_ARG_WEIGHTS, plain(sides.filter, sides.filter_tag), description.weights_desc(), false);
    add(prepared, DNNL_ARG_DST, plain(sides.out, Tag::nhwc), description.dst_desc(), true);
    if (bias) add(prepared, DNNL_ARG_BIAS, plain({shape.out_channels}, Tag::x), description.bias_desc(), false);
    return prepared;
  }

  Prepared prepare_backward_data(const Conv2dShape& shape) const {
    const Sides sides = sides_of(shape);
    const BackwardData description = describe_backward_data(
        engine_, plain(sides.x, Tag::nhwc), plain(sides.filter, Tag::any), plain(sides.out, Tag::nhwc),
        window_of(shape), attributes(), hint(shape));
    Prepared prepared;
    prepared.primitive = dnnl::convolution_backward_data(description);
    prepared.scratchpad = description.scratchpad_desc();
    add(prepared, DNNL_ARG_DIFF_DST, plain(sides.out, Tag::nhwc), description.diff_dst_desc(), false);
    add(prepared, DNNL_ARG_WEIGHTS, plain(sides.filter, sides.filter_tag), description.weights_desc(), false);
    add(prepared, DNNL_ARG_DIFF_SRC, plain(sides.x, Tag::nhwc), description.diff_src_desc(), true);
    return prepared;
  }

  Prepared prepare_backward_weights(const Conv2dShape& shape) const {
    const Sides sides = sides_of(shape);
    const BackwardWeights description = describe_backward_weights(
        engine_, plain(sides.x, Tag::nhwc), plain(sides.filter, Tag::any), plain(sides.out, Tag::nhwc),
        window_of(shape), attributes(), hint(shape));
    Prepared prepared;
    prepared.primitive = dnnl::convolution_backward_weights(description);
    prepared.scratchpad = description.scratchpad_desc();
    add(prepared, DNNL_ARG_SRC, plain(sides.x, Tag::nhwc), description.src_desc(), false);
    add(prepared, DNNL_ARG_DIFF_DST, plain(sides.out, Tag::nhwc), description.diff_dst_desc(), false);
    add(prepared, DNNL_ARG_DIFF_WEIGHTS, plain(sides.filter, sides.filter_tag), description.diff_weights_desc(), true);
    return prepared;
  }

  // Gradients want the forward pass that they belong to: with all tensors of one type.
  Forward hint(const Conv2dShape& shape) const {
    const Sides sides = sides_of(shape);
    return describe_forward(engine_, plain(sides.x, Tag::nhwc), plain(sides.filter, Tag::any), nullptr,
                            plain(sides.out, Tag::nhwc), window_of(shape), {});
  }

  Prepared prepare_matmul(const MatMulShape& shape, bool bias) const {
    const int64_t a_batch = shape.a_step == 0 ? 1 : shape.batch;
    const int64_t b_batch = shape.b_step == 0 ? 1 : shape.batch;
    const Dims a{a_batch, shape.rows, shape.depth}, b{b_batch, shape.depth, shape.columns};
    const Dims c{shape.batch, shape.rows, shape.columns};
    const Tag a_tag = shape.transpose_a ? Tag::acb : Tag::abc;
    const Tag b_tag = shape.transpose_b ? Tag::acb : Tag::abc;
    const Description of_bias = plain({1, 1, shape.columns}, Tag::abc);
    const MatMul description =
        describe_matmul(engine_, plain(a, a_tag), plain(b, b_tag), bias ? &of_bias : nullptr,
                        plain(c, Tag::abc), attributes());
    Prepared prepared;
    prepared.primitive = dnnl::matmul(description);
    prepared.scratchpad = description.scratchpad_desc();
    add(prepared, DNNL_ARG_SRC, plain(a, a_tag), description.src_desc(), false);
    add(prepared, DNNL_ARG_WEIGHTS, plain(b, b_tag), description.weights_desc(), false);
    add(prepared, DNNL_ARG_DST, plain(c, Tag::abc), description.dst_desc(), true);
    if (bias) add(prepared, DNNL_ARG_BIAS, of_bias, description.bias_desc(), false);
    return prepared;
  }

  void add(Prepared& prepared, int argument, const Description& ours, const Description& theirs, bool output) const {
    Tensor tensor{argument, ours, theirs, output, {}};
    if (tensor.converts()) {
      const auto& from = output ? theirs : ours;
      const auto& to = output ? ours : theirs;
      tensor.reorder = dnnl::reorder(dnnl::reorder::primitive_desc(engine_, from, engine_, to));
    }
    prepared.tensors.push_back(tensor);
  }

  template <typename Prepare>
  bool run(const std::string& key, Prepare prepare, const std::vector<const float*>& pointers) {
    try {
      use_threads();
      auto found = prepared_.find(key);
      if (found == prepared_.end()) {
        std::unique_ptr<Prepared> made;
        // Shapes that oneDNN refuses are remembered as such.
        try {
          made = std::make_unique<Prepared>(prepare());
        } catch (const dnnl::error&) {
        }
        found = prepared_.emplace(key, std::move(made)).first;
      }
      if (found->second == nullptr) return false;
      execute(*found->second, pointers);
      return true;
    } catch (const dnnl::error& error) {
      if (error.status == dnnl_out_of_memory) throw std::bad_alloc();
      return false;
    }
  }

  void execute(const Prepared& prepared, const std::vector<const float*>& pointers) {
    std::unordered_map<int, Memory> arguments;
    const Tensor* converted = nullptr;
    Memory outside, inside;
    for (size_t i = 0; i < prepared.tensors.size(); ++i) {
      const Tensor& tensor = prepared.tensors[i];
      Memory ours(tensor.ours, engine_, const_cast<float*>(pointers[i]));
      if (!tensor.converts()) {
        arguments.emplace(tensor.argument, ours);
        continue;
      }
      Memory theirs(tensor.theirs, engine_, buffers_[i].reserve(tensor.theirs.get_size()));
      if (tensor.output) {
        converted = &tensor;
        outside = ours;
        inside = theirs;
      } else {
        tensor.reorder.execute(stream_, ours, theirs);
      }
      arguments.emplace(tensor.argument, theirs);
    }
    const size_t scratch = prepared.scratchpad.get_size();
    if (scratch > 0) {
      arguments.emplace(DNNL_ARG_SCRATCHPAD, Memory(prepared.scratchpad, engine_, buffers_[4].reserve(scratch)));
    }
    prepared.primitive.execute(stream_, arguments);
    if (converted != nullptr) converted->reorder.execute(stream_, inside, outside);
    stream_.wait();
  }

  void use_threads() {
    const int count = threads_();
    if (omp_set_num_threads != nullptr) omp_set_num_threads(count);
    // Primitives are cut for a number of threads.
    if (count != prepared_for_) prepared_.clear();
    prepared_for_ = count;
  }

  int (*threads_)();
  int prepared_for_ = 0;
  dnnl::engine engine_;
  dnnl::stream stream_;
  std::unordered_map<std::string, std::unique_ptr<Prepared>> prepared_;
  Buffer buffers_[5];
};

}  // namespace
}  // namespace onednn
}  // namespace tricklab

extern "C" __attribute__((visibility("default"))) tricklab::Provider* tricklab_provider(int (*threads)()) {
  try {
    static tricklab::onednn::OneDnn provider(threads);
    return &provider;
  } catch (...) {
    return nullptr;
  }
}

#endif
