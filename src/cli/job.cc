// accord job ...
#include "base/errors.h"
#include "base/file.h"
#include "cli/commands.h"
#include "cli/explain_text.h"
#include "cli/follow.h"
#include "cli/follow_logs.h"
#include "cli/job_text.h"
#include "cli/json.h"
#include "cli/patience.h"
#include "cli/words.h"
#include "config/job_file.h"
#include "crypto/random.h"
#include "update/new_job.h"

namespace accord::cli {
namespace {

constexpr std::size_t kTokenBytes = 16;

// The bytes of a job file that parses. The file's name leads every line of `job.invalid`.
Result<Bytes> ReadPlan(const std::string& file) {
  Result<Bytes> plan = ReadFile(file, config::kMaxJobBytes);
  if (!plan.ok()) return Fail(errors::kCliFile, "The job file cannot be read: " + plan.status().message());
  ACCORD_RETURN_IF_ERROR(config::ParseJob(AsText(*plan), file).status());
  return plan;
}

std::string Submitted(const rpc::JobView& job, const Style& style) {
  return JobHeadline(job).Render(style) + "\n  follow it: accord job watch " + ShortId(job.id) + "\n";
}

ExitCode SubmitPlan(Session& session, Backend& backend, const Bytes& plan, bool watch) {
  Printer& printer = session.printer();
  Bytes token(kTokenBytes);  // one for this submission: a repeat after a lost answer finds the same job
  crypto::RandomBytes(token);
  const Result<rpc::JobView> job =
      WithRetries(session.environment(), [&] { return backend.SubmitJob(plan, token); });
  if (!job.ok()) return printer.Failure(job.status());
  if (!watch) return printer.Answer(Submitted(*job, printer.style()), Json(*job));
  return WatchToTheEnd(session, backend, job->id.Hex());
}

// After cancel, pause and resume: how the job stands now.
ExitCode Change(Session& session, const std::function<Result<rpc::JobView>(Backend&)>& change) {
  return AskAndPrint(
      session,
      [&](Backend& backend) { return WithRetries(session.environment(), [&] { return change(backend); }); },
      [&](const rpc::JobView& job) { return JobHeadline(job).Render(session.printer().style()) + "\n"; });
}

}  // namespace

ExitCode Run(const JobSubmit& command, Session& session) {
  Printer& printer = session.printer();
  const Result<Bytes> plan = ReadPlan(command.file);
  if (!plan.ok()) return printer.Failure(plan.status());
  auto backend = session.Connect();
  if (!backend.ok()) return printer.Failure(backend.status());
  return SubmitPlan(session, **backend, *plan, command.watch);
}

ExitCode Run(const JobClone& command, Session& session) {
  Printer& printer = session.printer();
  auto backend = session.Connect();
  if (!backend.ok()) return printer.Failure(backend.status());
  const Result<rpc::PlanView> found = (*backend)->GetPlan(command.job);
  if (!found.ok()) return printer.Failure(found.status());
  if (command.out.empty()) return SubmitPlan(session, **backend, found->plan, command.watch);
  if (std::filesystem::exists(command.out)) {
    return printer.Failure(Fail(errors::kCliFile, command.out + " exists.", "Name another file."));
  }
  if (const Status written = WriteFileAtomic(command.out, found->plan, FileMode::kShared); !written.ok()) {
    return printer.Failure(Fail(errors::kCliFile, "The job file cannot be written: " + written.message()));
  }
  return printer.Answer(
      "wrote " + command.out + "\n  change it, then: accord job submit " + command.out + "\n",
      JsonObject({{"file", command.out}}));
}

ExitCode Run(const JobRetry& command, Session& session) {
  Printer& printer = session.printer();
  auto backend = session.Connect();
  if (!backend.ok()) return printer.Failure(backend.status());
  const Result<rpc::JobView> job = (*backend)->GetJob(command.job);
  if (!job.ok()) return printer.Failure(job.status());
  if (job->state != job::Phase::kFailed && job->state != job::Phase::kCancelled) {
    return printer.Failure(Fail(errors::kJobState,
                                "job " + job->name + " is " + std::string(StateName(job->state)) +
                                    ": only what failed or was cancelled is tried again",
                                "To run it once more: accord job clone " + ShortId(job->id)));
  }
  const Result<rpc::PlanView> found = (*backend)->GetPlan(job->id.Hex());
  if (!found.ok()) return printer.Failure(found.status());
  return SubmitPlan(session, **backend, found->plan, command.watch);
}

ExitCode Run(const JobValidate& command, Session& session) {
  Printer& printer = session.printer();
  const Result<Bytes> plan = ReadPlan(command.file);
  if (!plan.ok()) return printer.Failure(plan.status());
  if (!command.offline) {
    return AskAndPrint(
        session, [&](Backend& backend) { return backend.ValidateJob(*plan); },
        [&](const rpc::ValidationView& view) { return ValidationText(view, printer.style()); });
  }
  const Result<JobSpec> job = config::ParseJob(AsText(*plan), command.file);
  if (!job.ok()) return printer.Failure(job.status());
  if (const Status sound = update::CheckNewJob(*job); !sound.ok()) return printer.Failure(sound);
  return printer.Answer(
      job->name + " is valid\n  secure: " + SecureWords(job->secure) + "\n",
      JsonObject({{"name", job->name}, {"secure", std::string(config::SecureName(job->secure))}}));
}

ExitCode Run(const JobList&, Session& session) {
  return AskAndPrint(
      session, [](Backend& backend) { return backend.ListJobs(); },
      [&](const std::vector<rpc::JobView>& jobs) { return JobTable(jobs, session.printer().style()); });
}

ExitCode Run(const JobShow& command, Session& session) {
  return AskAndPrint(
      session, [&](Backend& backend) { return backend.GetJob(command.job); },
      [&](const rpc::JobView& job) { return JobDetails(job, session.printer().style()); });
}

ExitCode Run(const JobExplain& command, Session& session) {
  return AskAndPrint(
      session,
      [&](Backend& backend) -> Result<Explained> {
        ACCORD_ASSIGN_OR_RETURN(rpc::JobView job, backend.GetJob(command.job));
        return Explained{std::move(job)};
      },
      [&](const Explained& job) { return ExplainedText(job, session.printer().style()); });
}

ExitCode Run(const JobWatch& command, Session& session) {
  auto backend = session.Connect();
  if (!backend.ok()) return session.printer().Failure(backend.status());
  return WatchToTheEnd(session, **backend, command.job);
}

ExitCode Run(const JobWait& command, Session& session) {
  auto backend = session.Connect();
  if (!backend.ok()) return session.printer().Failure(backend.status());
  return WaitToTheEnd(session, **backend, {.ref = command.job, .timeout = command.timeout});
}

ExitCode Run(const JobLogs& command, Session& session) {
  Printer& printer = session.printer();
  auto backend = session.Connect();
  if (!backend.ok()) return printer.Failure(backend.status());
  const auto each = [&](const rpc::LogLineView& line) {
    printer.Item(LogText(line, printer.style()), Json(line));
  };
  const auto lost = [&](const Status& status) { printer.Warn(LostWords(status)); };
  const auto all = [&](const rpc::LogLineView& line) {
    each(line);
    return true;
  };
  const std::stop_token stop = session.environment().interrupts();
  const Status status = command.follow ? FollowLogs(session, **backend, command.job, each, lost)
                                       : (*backend)->JobLogs(command.job, false, all, {.stop = stop});
  if (stop.stop_requested())
    return printer.Failure(Fail(errors::kCliInterrupted, "Stopped by Ctrl-C; the job goes on."));
  if (!status.ok()) return printer.Failure(status);
  printer.End();
  return ExitCode::kOk;
}

ExitCode Run(const JobCancel& command, Session& session) {
  return Change(session, [&](Backend& backend) { return backend.CancelJob(command.job, command.reason); });
}

ExitCode Run(const JobPause& command, Session& session) {
  return Change(session, [&](Backend& backend) { return backend.PauseJob(command.job); });
}

ExitCode Run(const JobResume& command, Session& session) {
  return Change(session, [&](Backend& backend) { return backend.ResumeJob(command.job, command.free); });
}

}  // namespace accord::cli
