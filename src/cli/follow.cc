#include "cli/follow.h"

#include <condition_variable>
#include <mutex>
#include <thread>

#include "base/errors.h"
#include "base/text.h"
#include "cli/job_text.h"
#include "cli/json.h"
#include "cli/progress.h"
#include "cli/words.h"

namespace accord::cli {
namespace {

constexpr Millis kFirstWait{500};
constexpr Millis kLongestWait{5'000};
constexpr Millis kPatience{120'000};  // without any answer

// One stop token out of Ctrl-C and a time limit.
class Bounds {
 public:
  Bounds(std::stop_token interrupts, std::optional<Millis> timeout)
      : interrupts_(std::move(interrupts)), on_interrupt_(interrupts_, [this] { source_.request_stop(); }) {
    if (timeout)
      timer_ = std::jthread([this, limit = *timeout](const std::stop_token& quit) { Run(limit, quit); });
  }

  [[nodiscard]] std::stop_token token() const { return source_.get_token(); }
  // Why it stopped; ok while it did not.
  [[nodiscard]] Status Verdict() const {
    if (interrupts_.stop_requested()) return Fail(errors::kCliInterrupted, "Stopped by Ctrl-C.");
    if (source_.stop_requested()) return Fail(errors::kCliTimeout, "The time to wait is over.");
    return {};
  }

 private:
  void Run(Millis limit, const std::stop_token& quit) {
    std::mutex mutex;
    std::condition_variable_any never;
    std::unique_lock lock(mutex);
    never.wait_for(lock, quit, limit, [] { return false; });
    if (!quit.stop_requested()) source_.request_stop();
  }

  std::stop_source source_;
  std::stop_token interrupts_;
  std::stop_callback<std::function<void()>> on_interrupt_;
  std::jthread timer_;
};

bool WorthRetrying(const Status& status) {  // an ok stream that ended early is a coordinator that drains
  return status.ok() || status.code() == Code::kUnavailable || status.code() == Code::kTimeout;
}

// What a person should know when a watch stops before the job.
Status WithJob(const Status& status, const std::optional<rpc::JobView>& last) {
  if (!last) return status;
  const std::string id = ShortId(last->id);
  std::string hint =
      "The job goes on. Follow it: accord job watch " + id + "   End it: accord job cancel " + id;
  return {status.code(), status.error(), status.message(), std::move(hint)};
}

}  // namespace

Result<rpc::JobView> Follow(Session& session, Backend& backend, const FollowOptions& options,
                            const std::function<void(const rpc::JobView&)>& each,
                            const std::function<void(const Status&)>& lost) {
  const Bounds bounds(session.environment().interrupts(), options.timeout);
  std::optional<rpc::JobView> last;
  std::string ref = options.ref;
  Millis wait = kFirstWait;
  Millis waited{0};  // since the last answer
  while (true) {
    const auto take = [&](const rpc::JobView& view) {
      last = view;
      ref = view.id.Hex();  // a name could come to fit a second job
      wait = kFirstWait;
      waited = Millis(0);
      each(view);
      return !IsOver(view.state);
    };
    const Status status = backend.WatchJob(ref, take, {.stop = bounds.token()});
    if (last && IsOver(last->state)) return *last;
    if (const Status verdict = bounds.Verdict(); !verdict.ok()) return WithJob(verdict, last);
    if (!last || !WorthRetrying(status) || waited >= kPatience)
      return status.ok() ? Fail(errors::kNetUnreachable, "The coordinator ended the stream.") : status;
    if (waited == Millis(0)) lost(status);
    if (session.environment().sleep(wait, bounds.token())) waited += wait;
    wait = std::min(wait * 2, kLongestWait);
  }
}

Status EndingStatus(const rpc::JobView& job) {
  if (job.state == job::Phase::kFinished) return {};
  const bool failed = job.state == job::Phase::kFailed;
  std::string message = "Job " + Printable(job.name, 64) + " (" + ShortId(job.id) + ") " +
                        (failed ? "failed" : "was cancelled");
  const bool why = failed && !job.reason.ok();  // who cancelled a job is in its log
  message += why ? ": " + job.reason.message() : ".";
  std::string hint = "See what happened: accord job logs " + ShortId(job.id);
  if (why && !job.reason.hint().empty()) hint = job.reason.hint();
  return Fail(failed ? errors::kJobFailed : errors::kJobCancelled, std::move(message), std::move(hint));
}

ExitCode WatchToTheEnd(Session& session, Backend& backend, const std::string& ref) {
  Printer& printer = session.printer();
  const bool live = printer.style().live && !printer.json();
  LiveScreen screen(printer.out(), printer.style());
  Changes changes;
  const auto each = [&](const rpc::JobView& view) {
    if (printer.json()) {
      printer.Item("", Json(view), /*last=*/view.state == job::Phase::kFinished);
    } else if (live) {
      if (const auto lines = changes.UpdateRounds(view); !lines.empty()) screen.Print(lines);
      if (!IsOver(view.state)) screen.Draw(Frame(view, screen.Refresh()));
    } else {
      screen.Print(changes.Update(view));
    }
  };
  const auto lost = [&](const Status& status) {
    screen.Clear();
    printer.Warn("lost the coordinator, trying again: " +
                 (status.ok() ? "it ended the stream" : Printable(status.message())));
  };
  const Result<rpc::JobView> end = Follow(session, backend, {.ref = ref, .timeout = {}}, each, lost);
  screen.Clear();
  if (!end.ok()) return printer.Failure(end.status());
  if (!printer.json()) printer.Item(JobEnding(*end, printer.style()), "");
  const Status ending = EndingStatus(*end);
  return ending.ok() ? ExitCode::kOk : printer.Failure(ending);
}

ExitCode WaitToTheEnd(Session& session, Backend& backend, const FollowOptions& options) {
  Printer& printer = session.printer();
  const auto lost = [&](const Status& status) {
    if (!printer.json()) printer.Warn("lost the coordinator, trying again: " + Printable(status.message()));
  };
  const Result<rpc::JobView> end = Follow(
      session, backend, options, [](const rpc::JobView&) {}, lost);
  if (!end.ok()) return printer.Failure(end.status());
  const Status ending = EndingStatus(*end);
  if (!ending.ok()) return printer.Failure(ending);
  return printer.Answer(JobEnding(*end, printer.style()), Json(*end));
}

}  // namespace accord::cli
