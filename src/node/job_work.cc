// The effects of a task: what is started, on which threads, and which event comes back.
#include <chrono>
//
#include <boost/asio/post.hpp>

#include "base/errors.h"
#include "base/log.h"
#include "base/overloaded.h"
#include "crypto/random.h"
#include "node/group_model.h"
#include "node/job_task.h"

namespace accord::node {

namespace asio = boost::asio;

namespace {

// Work on so few parameters is done before another thread would have woken.
constexpr std::uint64_t kQuickParameters = 16'384;

struct Encoding {
  Result<EncodedUpdate> update;
  Digest commitment;  // zero: none was asked for
};

}  // namespace

template <class Work, class Then>
void JobTask::DoLocal(bool local, Work work, Then then) {
  const bool quick = local && facts_.layout->size <= kQuickParameters;
  if (!quick) return Do(std::move(work), std::move(then));
  // In a turn of its own: the driver is not re-entered.
  asio::post(services_.io, [self = shared_from_this(), work = std::move(work),
                            then = std::move(then)]() mutable { then(*self, work()); });
}

template <class Work, class Then>
auto JobTask::Finishing(Work work, Then then) {
  return [self = shared_from_this(), work = std::move(work), then = std::move(then)]() mutable {
    auto result = work();
    asio::post(self->services_.io, [self, then = std::move(then), result = std::move(result)]() mutable {
      then(*self, std::move(result));
    });
  };
}

template <class Work, class Then>
void JobTask::Do(Work work, Then then) {
  asio::post(services_.work, Finishing(std::move(work), std::move(then)));
}

template <class Work, class Then>
void JobTask::DoInSlot(Work work, Then then) {
  services_.training.Post(facts_.spec->priority, Finishing(std::move(work), std::move(then)));
}

void JobTask::Run(const std::vector<task::Effect>& effects) {
  for (const task::Effect& effect : effects) {
    std::visit(
        overloaded{[&](const task::StartTraining& e) { StartTraining(e.round); },
                   [&](const task::StopTraining&) {
                     after_ahead_.reset();
                     training_stop_.request_stop();
                     work_stop_.request_stop();
                     making_stop_.request_stop();
                     kept_ = {};
                   },
                   [&](const task::Encode& e) { Encode(e); }, [&](const task::Send& e) { Send(e); },
                   [&](const task::Check& e) { Check(e); }, [&](const task::EraseFiles&) { EraseFiles(); },
                   [&](const task::SayTrained& e) {
                     services_.send(rpc::Trained{id_, e.round});
                   },
                   [&](const task::SayDeclined& e) { SayDeclined(e); },
                   [&](const task::SayVerified& e) { SayVerified(e); },
                   [&](const task::SayRefused& e) { SayRefused(e); },
                   [&](const task::SayPrepared&) { TakeUpAgain(); },
                   [&](const task::SayAnswer& e) { SayAnswer(e); }},
        effect);
  }
  ForgetOldAttempt();
}

// ---------------------------------------------------------------- the model of a round

// Whether the model is here; what the last check came to becomes the model when the coordinator starts from
// it.
bool JobTask::HasModel(const Digest& hash) {
  if (weights_ && weights_hash_ == hash) return true;
  if (!next_ || next_hash_ != hash) return false;
  weights_ = std::move(next_);
  weights_hash_ = next_hash_;
  next_ = nullptr;
  return true;
}

Result<Weights> JobTask::Model(const task::Assignment& round, std::stop_token stop) const {
  const auto client = services_.client();
  return FindModel(facts_, round, client.get(), stop);
}

// ---------------------------------------------------------------- p1

// Within what is reserved for the job, and counted against it, also when it fails or is stopped.
Status JobTask::Counted(const std::function<Status()>& train) const {
  if (services_.may_train) ACCORD_RETURN_IF_ERROR(services_.may_train(id_));
  const auto begun = std::chrono::steady_clock::now();
  Status status = train();
  if (services_.has_trained) services_.has_trained(id_, std::chrono::steady_clock::now() - begun);
  return status;
}

void JobTask::StartTraining(const task::Assignment& round) {
  if (!trainer_) return;                          // taken up again once prepared
  if (ahead_) return void(after_ahead_ = round);  // one at a time
  training_stop_ = std::stop_source();
  kept_ = {};
  const Weights known = HasModel(round.model_hash) ? weights_ : nullptr;
  TrainTask task{.facts = facts_,
                 .round = round,
                 .weights = known,
                 .trainer = trainer_.get(),
                 .deltas = delta_files_.get(),
                 .checkpoint = RoundFiles(round.round),
                 .state = KeptFiles(),
                 .progress = progress_,
                 .stop = training_stop_.get_token()};
  struct Outcome {
    Result<task::Delta> delta;
    Weights weights;
    KeptDelta kept;
    std::chrono::nanoseconds took{0};
    std::optional<std::uint64_t> energy_j = {};
  };
  progress_->round = round.round.value;
  progress_->steps_done = progress_->steps_total = 0;
  progress_->waiting = true;
  DoInSlot(
      [self = shared_from_this(), task = std::move(task), trainer = trainer_]() mutable -> Outcome {
        task.progress->waiting = false;
        if (task.stop.stop_requested())
          return {Fail(errors::kTaskStopped, "stopped before it began"), nullptr, {}, {}};
        if (!task.weights) {
          Result<Weights> found = self->Model(task.round, task.stop);
          if (!found.ok()) return {found.status(), nullptr, {}, {}};
          task.weights = *std::move(found);
        }
        const auto begun = std::chrono::steady_clock::now();
        EnergyMeter energy(self->services_.config.governance.powercap);
        task.energy = &energy;
        KeptDelta kept;
        Result<task::Delta> delta = task::Delta();
        const Status trained = self->Counted([&] {
          delta = TrainRound(task, &kept);
          return delta.status();
        });
        if (!trained.ok()) delta = trained;
        const auto took = std::chrono::steady_clock::now() - begun;
        // Steps that were taken ahead of the round (job_ahead.cc) are not in it: a part is not told.
        const bool whole = task.facts.spec->streaming.delay == 0;
        return {std::move(delta), task.weights, std::move(kept), took,
                whole ? energy.Joules() : std::nullopt};
      },
      [round, stop = training_stop_.get_token()](JobTask& self, Outcome outcome) {
        if (outcome.weights) {
          self.weights_ = outcome.weights;
          self.weights_hash_ = round.model_hash;
        }
        if (outcome.delta.ok()) {
          if (!stop.stop_requested()) self.kept_ = std::move(outcome.kept);
          if (self.Signs(round))
            self.NoteTrained(round.round, self.progress_->steps_done, outcome.took, outcome.energy_j);
          self.StartAhead(round.round, stop);
          self.Handle(task::TrainDone{round.round, *outcome.delta});
          if (const auto later = std::exchange(self.offer_later_, {})) self.OnOffer(*later);
          return;
        }
        if (outcome.delta.status().error() == errors::kTaskStopped.id)
          return self.EraseIfOver();  // whoever stopped it knows
        LogError("train.failed", {{"job", self.name()}, {"why", Describe(outcome.delta.status())}});
        self.Handle(task::TrainFailed{round.round, outcome.delta.status().error()});
      });
}

// A job with groups: the model is made here before the machine hears that there is one.
void JobTask::MakeModel(const rpc::Train& message) {
  if (making_ == message.model_hash) return;  // told again meanwhile
  const auto refuse = [round = message.round](JobTask& self, const Status& why) {
    LogWarn("model.refused",
            {{"job", self.name()}, {"round", std::to_string(round.value)}, {"why", Describe(why)}});
    self.services_.send(rpc::Declined{self.id_, round, Coarse(why)});
  };
  const Result<Digest> base = CheckGroupProofs(message);
  if (!base.ok()) return refuse(*this, base.status());
  const Result<MaskedTerms> terms = Terms();
  if (!terms.ok()) return refuse(*this, terms.status());
  making_stop_.request_stop();
  making_stop_ = std::stop_source();
  making_ = message.model_hash;
  GroupModelTask task{.terms = *terms,
                      .round = message.round,
                      .model_hash = message.model_hash,
                      .sums = message.groups,
                      .base = HasModel(*base) ? weights_ : nullptr,
                      .client = services_.client(),
                      .stop = making_stop_.get_token(),
                      .judge = JudgeHere(),
                      .fetch = {}};
  task.fetch = [client = task.client, stop = task.stop](const Digest& hash, std::uint64_t words) {
    return FetchSum(client.get(), hash, words, stop);
  };
  Do([task = std::move(task)] { return MakeGroupModel(task); },
     [refuse,
      told = task::TrainTold{{message.round, message.purpose, message.model_hash, facts_.spec->secure},
                             {message.round.value - 1},
                             {}}](JobTask& self, Result<Weights> made) {
       if (self.making_ != told.round.model_hash) return;  // another one is being made
       self.making_ = {};
       if (!made.ok() && made.status().error() == errors::kNetCancelled.id) return;  // who stopped it knows
       if (!made.ok()) return refuse(self, made.status());
       self.next_ = *made;
       self.next_hash_ = told.round.model_hash;
       self.Handle(told);
     });
}

// ---------------------------------------------------------------- p4

void JobTask::Encode(const task::Encode& effect) {
  if (!trainer_) return;
  const RoundId round = effect.round.round;
  const AttemptId attempt = effect.update.attempt;
  work_stop_.request_stop();  // an older attempt's upload is not wanted any more
  work_stop_ = std::stop_source();
  receipt_.clear();
  const KeptDelta kept = std::exchange(kept_, {});  // gone when it was encoded
  EncodeTask task{.facts = facts_,
                  .round = effect.round,
                  .delta = effect.delta,
                  .cohort = static_cast<std::uint32_t>(effect.update.cohort.size()),
                  .deltas = delta_files_.get(),
                  .values = kept.file == effect.delta.file ? kept.values : nullptr,
                  .spools = &services_.spools,
                  .masking = {},
                  .stop = work_stop_.get_token()};
  if (masked()) {
    if (SecureAttempt* secure = Secure(round, attempt)) task.masking = secure->StartMasking();
    if (!task.masking) return;  // the attempt ended meanwhile; nothing of this job leaves without masks
  }
  charter::UpdateCommitment::Salt salt{};
  if (Signs(effect.round)) {
    crypto::RandomBytes(salt);
    task.commitment = std::make_shared<charter::UpdateCommitment>(Digest{id_.bytes}, round.value, salt);
  }
  DoLocal(
      true,
      [task = std::move(task)]() mutable -> Encoding {
        const auto commitment = task.commitment;
        Result<EncodedUpdate> update = EncodeUpdate(std::move(task));
        const Digest hash = commitment && update.ok() ? commitment->Finish() : Digest();
        return {std::move(update), hash};
      },
      [told = effect.round, attempt, salt](JobTask& self, Encoding done) {
        if (done.update.ok() && self.Signs(told)) {
          if (const Status made = self.MakeReceipt(told, done.commitment, salt, done.update->words * 8);
              !made.ok())
            done.update = made;
        }
        self.Encoded(told.round, attempt, std::move(done.update));
      });
}

void JobTask::Encoded(RoundId round, AttemptId attempt, Result<EncodedUpdate> update) {
  if (!update.ok()) {
    if (update.status().error() == errors::kNetCancelled.id) return;
    LogError("encode.failed", {{"job", name()}, {"why", Describe(update.status())}});
    if (SecureAttempt* secure = Secure(round, attempt)) {
      const secagg::Refusal refusal = secagg::Refuse(update.status());
      abort_ = {round, attempt, refusal.status.error(), secure->Abort(refusal)};
    }
    if (update.status().error() == errors::kTaskNoDelta.id) return Handle(task::DeltaLost{round, attempt});
    return Handle(task::Failed{round, attempt, update.status().error()});
  }
  if (!InAttempt(round, attempt)) return;  // a newer attempt has begun
  update_ = *std::move(update);
  update_round_ = round;
  update_attempt_ = attempt;
  task::EncodeDone done{round, attempt, update_.words, update_.root, {}};
  if (masked()) {
    done.end = SealUpdate(round, attempt);
    if (!done.end) return;
  }
  Handle(done);
}

void JobTask::Send(const task::Send& effect) {
  const RoundId round = effect.round.round;
  const AttemptId attempt = effect.update.attempt;
  const bool here = update_.spool && update_round_ == round && update_attempt_ == attempt;
  if (!here) return;
  SendReceipt(round, attempt);
  if (update_.words * 8 <= rpc::kMaxInlineBytes) return SendWhole(round, attempt);
  const auto client = services_.client();
  if (!client) return;
  work_stop_.request_stop();
  work_stop_ = std::stop_source();
  SendTask task{.key = {id_, round, attempt},
                .update = update_,
                .client = client,
                .progress = progress_,
                .stop = work_stop_.get_token()};
  Do([task = std::move(task)] { return SendUpdate(task); },
     [round, attempt](JobTask& self, const Status& sent) { self.Uploaded(round, attempt, sent); });
}

void JobTask::Uploaded(RoundId round, AttemptId attempt, const Status& sent) {
  if (sent.error() == errors::kNetCancelled.id) return;
  if (!sent.ok()) LogWarn("upload.refused", {{"job", name()}, {"why", Describe(sent)}});
  if (const SecureAttempt* secure = Secure(round, attempt); secure != nullptr && sent.ok()) {
    if (const auto end = secure->end()) services_.send(rpc::Masked{id_, round, attempt, *end});
  }
  Handle(task::SendDone{round, attempt});
}

// A small update, in one message. A lost one is told to collect again, as every word.
void JobTask::SendWhole(RoundId round, AttemptId attempt) {
  const Result<ByteView> words = update_.spool->Tile(0, update_.words * 8);
  if (!words.ok()) return Handle(task::Failed{round, attempt, words.status().error()});
  rpc::Update message{id_, round, attempt, Bytes(words->begin(), words->end()), update_.root, {}};
  if (masked()) {
    const SecureAttempt* secure = Secure(round, attempt);
    if (secure != nullptr) message.end = secure->end();
    if (!message.end) return;  // the attempt ended meanwhile
  }
  services_.send(std::move(message));
  progress_->bytes_total = progress_->bytes_sent = words->size();
  asio::post(services_.io, [self = shared_from_this(), round, attempt] {
    self->Handle(task::SendDone{round, attempt});
  });
}

// ---------------------------------------------------------------- p7

void JobTask::Check(const task::Check& effect) {
  if (!trainer_) return;
  const Weights known = HasModel(effect.round.model_hash) ? weights_ : nullptr;
  CheckTask task{.facts = facts_,
                 .round = effect.round,
                 .offer = effect.offer,
                 .sum = sum_hash_ == effect.offer.sum ? std::move(sum_) : Bytes{},
                 .weights = known,
                 .client = services_.client(),
                 .stop = work_stop_.get_token(),
                 .opened = {}};
  task.offer.cohort = effect.update.cohort;
  sum_.clear();
  const RoundId round = effect.round.round;
  const AttemptId attempt = effect.offer.attempt;
  const std::shared_ptr<SecureAttempt> secure = Secure(round, attempt) != nullptr ? secure_ : nullptr;
  if (masked()) {
    if (!secure || !effect.offer.opened) return;  // the attempt ended meanwhile
    task.opened = [secure, opened = *effect.offer.opened](std::span<const std::uint64_t> words) -> Status {
      const secagg::Verdict bad = secure->OnResult({.u3_hash = opened.u3_hash,
                                                    .nwords = words.size(),
                                                    .z_root = opened.z_root,
                                                    .tau = opened.tau,
                                                    .words = words});
      return bad ? bad->status : Status();
    };
  }
  const bool local = task.weights && !task.sum.empty();  // else it fetches, which may take minutes
  DoLocal(
      local,
      [self = shared_from_this(), task = std::move(task)]() mutable -> Result<CheckedModel> {
        if (!task.weights) {
          ACCORD_ASSIGN_OR_RETURN(task.weights, self->Model(task.round, task.stop));
        }
        return CheckSum(task);
      },
      [round, attempt, secure, told = effect.round, survivors = effect.offer.survivors](
          JobTask& self, Result<CheckedModel> checked) {
        if (!checked.ok()) return self.CheckFailed(round, attempt, checked.status());
        if (!self.InAttempt(round, attempt)) return;
        self.next_ = checked->weights;
        self.next_hash_ = checked->model_hash;
        self.NoteMade(told, survivors, checked->model_hash);
        task::CheckDone done{round, attempt, checked->model_hash, {}};
        if (secure) done.proof = secure->Proof(checked->model_hash);
        self.Handle(done);
      });
}

}  // namespace accord::node
