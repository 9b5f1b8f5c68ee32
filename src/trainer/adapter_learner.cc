#include "trainer/adapter_learner.h"

#include <ATen/ATen.h>

#include <utility>
#include <vector>

#include "base/check.h"
#include "model/init.h"
#include "trainer/part.h"

namespace accord::trainer {
namespace {

at::Tensor Matrix(const at::Tensor& flat, std::uint64_t offset, std::uint64_t rows, std::uint64_t columns) {
  return flat.narrow(0, static_cast<std::int64_t>(offset), static_cast<std::int64_t>(rows * columns))
      .view({static_cast<std::int64_t>(rows), static_cast<std::int64_t>(columns)});
}

// `values` where `like` lives.
at::Tensor On(const at::Tensor& like, std::span<const float> values) {
  const at::Tensor host = at::from_blob(const_cast<float*>(values.data()),  // it is only read
                                        {static_cast<std::int64_t>(values.size())}, at::kFloat);
  return at::empty_like(host, like.options()).copy_(host);
}

class AdapterLearner final : public Learner {
 public:
  AdapterLearner(std::unique_ptr<Learner> inner, const AdapterParts& parts)
      : inner_(std::move(inner)), part_(parts.adapter.layout, parts.trained), scale_(parts.adapter.scale) {
    const at::NoGradGuard no_grad;
    const model::Adapter& adapter = parts.adapter;
    const at::Tensor& whole = inner_->weights();
    whole.copy_(On(whole, parts.base));
    std::vector<float> start(adapter.layout.size);
    model::InitialWeights(adapter.layout, parts.seed, start);
    all_ = On(whole, start);
    dall_ = at::zeros_like(all_);
    weights_ = at::zeros({static_cast<std::int64_t>(parts.trained.size)}, whole.options());
    gradients_ = at::zeros_like(weights_);
    for (const model::AdaptedMatrix& m : adapter.matrices) {
      const at::Tensor w = Matrix(whole, m.w, m.out, m.in);
      pairs_.push_back({.base = w.clone(),
                        .w = w,
                        .dw = Matrix(inner_->gradients(), m.w, m.out, m.in),
                        .a = Matrix(all_, m.a, adapter.rank, m.in),
                        .b = Matrix(all_, m.b, m.out, adapter.rank),
                        .da = Matrix(dall_, m.a, adapter.rank, m.in),
                        .db = Matrix(dall_, m.b, m.out, adapter.rank)});
    }
  }

  const at::Tensor& weights() const override { return weights_; }
  const at::Tensor& gradients() const override { return gradients_; }
  std::uint64_t examples() const override { return inner_->examples(); }

  Status AddGradient(std::span<const std::uint64_t> rows, double share) override {
    Merge();
    {
      const at::NoGradGuard no_grad;
      inner_->gradients().zero_();
    }
    ACCORD_RETURN_IF_ERROR(inner_->AddGradient(rows, share));
    const at::NoGradGuard no_grad;
    for (Pair& pair : pairs_) {
      at::mm_out(pair.db, pair.dw, pair.a.t()).mul_(scale_);
      at::mm_out(pair.da, pair.b.t(), pair.dw).mul_(scale_);
    }
    at::Tensor trained = at::empty_like(gradients_);
    part_.Gather(dall_, trained);
    gradients_.add_(trained);
    return {};
  }

  Result<EvalOutcome> Evaluate(const std::stop_token& stop) override {
    Merge();
    return inner_->Evaluate(stop);
  }

  Result<std::uint32_t> DataCrc() override { return inner_->DataCrc(); }

 private:
  struct Pair {
    at::Tensor base, w, dw;   // [out, in]; w and dw are views of the inner learner's
    at::Tensor a, b, da, db;  // views of all_ and dall_
  };

  void Merge() {
    const at::NoGradGuard no_grad;
    part_.Spread(weights_, all_);
    for (Pair& pair : pairs_) at::addmm_out(pair.w, pair.base, pair.b, pair.a, 1.0, scale_);
  }

  std::unique_ptr<Learner> inner_;
  Part part_;
  double scale_;
  at::Tensor weights_, gradients_;  // of what is trained
  at::Tensor all_, dall_;           // of A and B
  std::vector<Pair> pairs_;
};

}  // namespace

std::unique_ptr<Learner> MakeAdapterLearner(std::unique_ptr<Learner> inner, const AdapterParts& parts) {
  ACCORD_CHECK(parts.base.size() == static_cast<std::size_t>(inner->weights().numel()));
  return std::make_unique<AdapterLearner>(std::move(inner), parts);
}

}  // namespace accord::trainer
