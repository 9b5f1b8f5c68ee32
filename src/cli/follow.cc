#include "cli/follow.h"

#include "base/errors.h"
#include "base/text.h"
#include "cli/job_text.h"
#include "cli/json.h"
#include "cli/patience.h"
#include "cli/progress.h"
#include "cli/words.h"

namespace accord::cli {
namespace {

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
  Patience patience(session.environment(), options.timeout);
  std::optional<rpc::JobView> last;
  std::string ref = options.ref;
  while (true) {
    const auto take = [&](const rpc::JobView& view) {
      last = view;
      ref = view.id.Hex();  // a name could come to fit a second job
      patience.Answered();
      each(view);
      return !IsOver(view.state);
    };
    const Status status = backend.WatchJob(ref, take, {.stop = patience.token()});
    if (last && IsOver(last->state)) return *last;
    if (const Status verdict = patience.Verdict(); !verdict.ok()) return WithJob(verdict, last);
    if (!patience.Again(status, lost)) return EndedStream(status);
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
    printer.Warn(LostWords(status));
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
    if (!printer.json()) printer.Warn(LostWords(status));
  };
  const Result<rpc::JobView> end = Follow(
      session, backend, options, [](const rpc::JobView&) {}, lost);
  if (!end.ok()) return printer.Failure(end.status());
  const Status ending = EndingStatus(*end);
  if (!ending.ok()) return printer.Failure(ending);
  return printer.Answer(JobEnding(*end, printer.style()), Json(*end));
}

}  // namespace accord::cli
