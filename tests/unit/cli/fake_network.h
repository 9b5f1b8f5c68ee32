// A coordinator in memory for the commands: answers are set by the test, requests are remembered. And a
// federation whose CA signs what it is asked to.
#pragma once

#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "base/check.h"
#include "base/errors.h"
#include "cli/run.h"
#include "crypto/sha256.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/cli/views.h"

namespace accord::cli {

struct FakeClock final : Clock {
  TimePoint now = kNow;
  [[nodiscard]] TimePoint Now() const override { return now; }
};

struct FakeCoordinator {
  Status validation;                              // what it says of any job file that is sent to be checked
  std::deque<Status> failures;                    // each call takes one first; ok and none mean "answer"
  rpc::JobView job = RunningJob();                // of every call that gives a job
  std::deque<std::vector<rpc::JobView>> watches;  // one for each WatchJob; then the stream breaks
  std::deque<std::vector<rpc::LogLineView>>
      logs;                   // one for each JobLogs that follows; all but the last break
  std::vector<Bytes> tokens;  // of SubmitJob
  std::string plan, reason, ref;
  std::string plan_text = "plan";  // of GetPlan
  std::string invited;
  std::string suspended;
  Bytes blob;                                     // of every hash
  std::map<std::string, Bytes> resources;         // of the log
  std::vector<std::pair<Bytes, Bytes>> appended;  // entries with their plans
  std::map<Digest, Bytes> other_blobs;            // but these
  std::optional<Digest> no_blob;                  // and not this one
  std::function<void()> on_no_blob;               // when that one was asked for
  std::size_t blob_breaks_after = SIZE_MAX;       // bytes of one call
  std::vector<std::uint64_t> blob_offsets;
  int connects = 0, renewals = 0, enrolments = 0;
  std::function<void()> on_watch;  // before a stream ends
  bool holds_watch = false;        // a stream stays open until the caller stops it

  [[nodiscard]] Status Next() {
    if (failures.empty()) return {};
    const Status status = failures.front();
    failures.pop_front();
    return status;
  }
};

// A CA, and certificates of it that are valid for an hour from `clock` on.
class FakeCa {
 public:
  explicit FakeCa(const Clock& clock)
      : clock_(clock),
        key_(crypto::P256Key::Generate()),
        ca_(*crypto::MakeCa(key_, "demo.accord", Life(24))) {}

  [[nodiscard]] Digest Fingerprint() const { return ca_.info().fingerprint; }
  [[nodiscard]] rpc::Enrolled Issue(const crypto::SpiffeId& identity, const std::string& csr) const {
    const auto leaf = crypto::IssueLeaf(key_, ca_, csr, {.identity = identity}, Life(1));
    ACCORD_CHECK(leaf.ok());
    return {.certificate_pem = leaf->pem(), .ca_pem = ca_.pem(), .spiffe_id = identity.Format()};
  }

 private:
  [[nodiscard]] crypto::Validity Life(int hours) const {
    return {.not_before = clock_.Now(), .not_after = clock_.Now() + Millis(3'600'000LL * hours)};
  }

  const Clock& clock_;
  crypto::P256Key key_;
  crypto::Certificate ca_;
};

class FakeBackend final : public Backend {
 public:
  FakeBackend(FakeCoordinator& coordinator, FakeCa& ca, Context context)
      : c_(coordinator), ca_(ca), context_(std::move(context)) {}

  Result<rpc::JobView> SubmitJob(ByteView plan, ByteView token) override {
    c_.plan = std::string(AsText(plan));
    c_.tokens.emplace_back(token.begin(), token.end());
    return Answer(c_.job);
  }
  Result<rpc::ValidationView> ValidateJob(ByteView) override {
    ACCORD_RETURN_IF_ERROR(c_.validation);
    return Answer(rpc::ValidationView{.name = "digits", .parameters = 1'000});
  }
  Result<rpc::JobView> GetJob(const std::string& ref) override { return Ref(ref); }
  Result<rpc::PlanView> GetPlan(const std::string& ref) override {
    c_.ref = ref;
    return Answer(rpc::PlanView{{c_.plan_text.begin(), c_.plan_text.end()}});
  }
  Result<std::vector<rpc::JobView>> ListJobs() override { return Answer(std::vector<rpc::JobView>{c_.job}); }
  Result<rpc::JobView> CancelJob(const std::string& ref, const std::string& reason) override {
    c_.reason = reason;
    return Ref(ref);
  }
  Result<rpc::JobView> PauseJob(const std::string& ref) override { return Ref(ref); }
  Result<rpc::JobView> ResumeJob(const std::string& ref, bool) override { return Ref(ref); }
  Status WatchJob(const std::string& ref, const std::function<bool(const rpc::JobView&)>& each,
                  const Limits& limits) override {
    c_.ref = ref;
    ACCORD_RETURN_IF_ERROR(c_.Next());
    if (c_.watches.empty()) return Fail(errors::kNetUnreachable, "gone");
    const std::vector<rpc::JobView> views = c_.watches.front();
    c_.watches.pop_front();
    for (const rpc::JobView& view : views) {
      if (!each(view)) return {};
    }
    if (c_.on_watch) c_.on_watch();
    if (c_.holds_watch) {
      std::mutex mutex;
      std::unique_lock lock(mutex);
      std::condition_variable_any().wait(lock, limits.stop, [] { return false; });
      return Fail(errors::kNetCancelled, "Stopped.");
    }
    return Fail(errors::kNetUnreachable, "The connection broke.");
  }
  Status JobLogs(const std::string& ref, bool follow,
                 const std::function<bool(const rpc::LogLineView&)>& each, const Limits&) override {
    c_.ref = ref;
    ACCORD_RETURN_IF_ERROR(c_.Next());
    if (follow && !c_.logs.empty()) {
      const std::vector<rpc::LogLineView> lines = c_.logs.front();
      c_.logs.pop_front();
      for (const rpc::LogLineView& line : lines) each(line);
      if (!c_.logs.empty()) return Fail(errors::kNetUnreachable, "The connection broke.");
      c_.job = FinishedJob();
      return {};
    }
    each({kNow, {1}, "ke", "node.trained", "240 steps"});
    return {};
  }
  Result<rpc::InviteView> Invite(const std::string& name, const std::string& role, Millis) override {
    c_.invited = role + "/" + name;
    return Answer(
        rpc::InviteView{"accord1_AQ", "spiffe://demo.accord/" + c_.invited, kNow + Millis(3'600'000)});
  }
  Result<std::vector<rpc::MemberView>> ListMembers() override { return Answer(Members()); }
  Result<rpc::MemberView> SuspendMember(const std::string& spiffe_id, bool suspended) override {
    c_.suspended = (suspended ? "-" : "+") + spiffe_id;
    return Answer(Members()[suspended ? 1 : 0]);
  }
  Result<rpc::RegistryView> GetRegistry() override { return Answer(SomeRegistry()); }
  Result<rpc::Appended> Append(ByteView entry, ByteView plan) override {
    c_.appended.emplace_back(Bytes(entry.begin(), entry.end()), Bytes(plan.begin(), plan.end()));
    return Answer(rpc::Appended{c_.appended.size() - 1, crypto::Sha256::Of(entry)});
  }
  Result<Bytes> GetResource(const std::string& path) override {
    ACCORD_RETURN_IF_ERROR(c_.Next());
    const auto found = c_.resources.find(path);
    if (found != c_.resources.end()) return found->second;
    return Fail(errors::kLogNotFound, "the log has no file " + path);
  }
  Result<std::vector<rpc::NodeView>> ListNodes() override { return Answer(Nodes()); }
  Result<rpc::NodeView> GetNode(const std::string&) override { return Answer(Nodes()[0]); }
  Result<std::vector<rpc::ModelView>> ListModels() override {
    auto models = Models();
    if (!c_.blob.empty()) models[0].hash = crypto::Sha256::Of(c_.blob);
    return Answer(models);
  }
  Status DownloadBlob(const Digest& hash, std::uint64_t offset, const BlobSink& sink,
                      const Limits&) override {
    ACCORD_RETURN_IF_ERROR(c_.Next());
    if (hash == c_.no_blob) {
      if (c_.on_no_blob) c_.on_no_blob();
      return Fail(errors::kBlobNotFound, "No such blob.");
    }
    c_.blob_offsets.push_back(offset);
    const auto other = c_.other_blobs.find(hash);
    const Bytes& blob = other != c_.other_blobs.end() ? other->second : c_.blob;
    constexpr std::size_t kChunk = 100;
    std::size_t sent = 0;
    for (std::size_t at = offset; at < blob.size(); at += kChunk) {
      if (sent >= c_.blob_breaks_after) return Fail(errors::kNetUnreachable, "The connection broke.");
      const auto part = ByteView(blob).subspan(at, std::min(kChunk, blob.size() - at));
      ACCORD_RETURN_IF_ERROR(sink(at, blob.size(), part));
      sent += part.size();
    }
    return {};
  }
  Result<rpc::Enrolled> Renew(const std::string& csr_pem) override {
    ++c_.renewals;
    ACCORD_RETURN_IF_ERROR(c_.Next());
    return ca_.Issue(*crypto::SpiffeId::Parse(context_.spiffe_id), csr_pem);
  }

 private:
  template <class T>
  Result<T> Answer(T value) {
    if (Status status = c_.Next(); !status.ok()) return status;
    return value;
  }
  Result<rpc::JobView> Ref(const std::string& ref) {
    c_.ref = ref;
    return Answer(c_.job);
  }

  FakeCoordinator& c_;
  FakeCa& ca_;
  Context context_;
};

class FakeNetwork final : public Network {
 public:
  FakeNetwork(FakeCoordinator& coordinator, FakeCa& ca) : c_(coordinator), ca_(ca) {}

  [[nodiscard]] Result<std::unique_ptr<Backend>> Connect(const Context& context) override {
    ++c_.connects;
    return std::unique_ptr<Backend>(std::make_unique<FakeBackend>(c_, ca_, context));
  }
  [[nodiscard]] Result<rpc::Enrolled> Enrol(const crypto::JoinToken& token,
                                            const std::string& csr_pem) override {
    ++c_.enrolments;
    ACCORD_RETURN_IF_ERROR(c_.Next());
    return ca_.Issue(token.identity, csr_pem);
  }

 private:
  FakeCoordinator& c_;
  FakeCa& ca_;
};

// The program with all of this around it.
class Program {
 public:
  struct Ended {
    int code = -1;
    std::string out, err;
  };

  explicit Program(TimePoint now = kNow) : ca(SetTo(now)), network_(coordinator, ca) {
    variables["ACCORD_HOME"] = (dir / "home").string();
  }

  Ended Run(const std::vector<std::string>& arguments, const std::string& input = "") {
    std::istringstream in(input);
    std::ostringstream out;
    std::ostringstream err;
    Environment environment = Around(in, out, err);
    const int code = RunProgram(arguments, environment);
    return {code, out.str(), err.str()};
  }
  // What `use` gives for a session without options.
  template <class Use>
  auto With(const Use& use) {
    std::istringstream in;
    std::ostringstream out;
    Environment environment = Around(in, out, out);
    Session session(environment, {});
    return use(session);
  }
  [[nodiscard]] std::string Token(crypto::Role role, const std::string& name) const {
    const auto identity = crypto::SpiffeId::Make("demo.accord", role, name);
    const auto token = crypto::MakeJoinToken("127.0.0.1:7443", ca.Fingerprint(), *identity);
    return std::string(AsText(crypto::FormatJoinToken(*token).view()));
  }
  // Joins as operator/alice.
  Ended JoinAlice() { return Run({"join", Token(crypto::Role::kOperator, "alice")}); }

  accord::testing::TempDir dir;
  Variables variables;
  FakeClock clock;
  FakeCoordinator coordinator;
  FakeCa ca;
  Millis slept{0};
  std::function<void()> on_sleep;                // while a command waits
  std::vector<std::vector<std::string>> helped;  // words that the program for models got
  std::vector<std::vector<std::string>> beside;  // the same, where it ran beside this one
  Result<int> helper_says = 0;
  std::deque<std::string> typed;   // at the terminal, where nobody sees it
  std::vector<std::string> asked;  // what for
  std::stop_source interrupt;

 private:
  const Clock& SetTo(TimePoint now) {
    clock.now = now;
    return clock;
  }
  Environment Around(std::istream& in, std::ostream& out, std::ostream& err) {
    return {.variables = variables,
            .in = in,
            .streams = {.out = out, .err = err, .out_style = {}, .err_style = {}},
            .network = network_,
            .clock = clock,
            .sleep =
                [this](Millis time, const std::stop_token& stop) {
                  slept += time;
                  if (on_sleep) on_sleep();
                  return !stop.stop_requested();
                },
            .interrupts = [this] { return interrupt.get_token(); },
            .helper = [this](const std::vector<std::string>& words) -> Result<int> {
              helped.push_back(words);
              return helper_says;
            },
            .helper_beside = [this](const std::vector<std::string>& words) -> Result<int> {
              beside.push_back(words);
              return helper_says;
            },
            .ask_secret = [this](const std::string& prompt) -> Result<crypto::ZeroizingBytes> {
              asked.push_back(prompt);
              if (typed.empty()) return Fail(errors::kCliUsage, "There is no terminal.");
              const std::string line = typed.front();
              typed.pop_front();
              return crypto::ZeroizingBytes::CopyOf(AsBytes(line));
            }};
  }

  FakeNetwork network_;
};

}  // namespace accord::cli
