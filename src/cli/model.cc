// accord model ...
#include <algorithm>
#include <array>

#include "base/errors.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/download.h"
#include "cli/json.h"
#include "cli/progress.h"
#include "cli/view_text.h"
#include "cli/words.h"

namespace accord::cli {
namespace {

constexpr std::size_t kMinPrefix = 6;
constexpr std::size_t kBarWidth = 32;

bool FitsId(std::string_view hex, std::string_view prefix) {
  return prefix.size() >= kMinPrefix && hex.starts_with(prefix);
}

std::string Lower(std::string text) {
  std::ranges::transform(text, text.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? c + 32 : c; });
  return text;
}

// The model that `ref` names among the listed: by its own hash, else by job id, else by job name. Of several
// models of one job the final one, else the newest.
Result<Digest> Find(const std::vector<rpc::ModelView>& models, const std::string& ref) {
  const std::string hex = Lower(ref);
  const rpc::ModelView* found = nullptr;
  const auto by_hash = [&](const rpc::ModelView& m) { return FitsId(m.hash.Hex(), hex); };
  const auto by_job = [&](const rpc::ModelView& m) { return FitsId(m.job.Hex(), hex); };
  const auto by_name = [&](const rpc::ModelView& m) { return m.job_name == ref; };
  const std::array<std::function<bool(const rpc::ModelView&)>, 3> ways{by_hash, by_job, by_name};
  for (const auto& fits : ways) {
    for (const rpc::ModelView& model : models) {
      if (!fits(model)) continue;
      if (found != nullptr && found->job != model.job && found->hash != model.hash)
        return Fail(errors::kModelAmbiguous, "\"" + Printable(ref, 64) + "\" fits several models.");
      if (found == nullptr || std::pair(model.final, model.round) > std::pair(found->final, found->round))
        found = &model;
    }
    if (found != nullptr) return found->hash;
  }
  // A full hash may name an older model that the list leaves out.
  if (const auto digest = Digest::FromHex(hex)) return *digest;
  return Fail(errors::kModelNotFound,
              "No model and no job with a model fits \"" + Printable(ref, 64) + "\".");
}

}  // namespace

ExitCode Run(const ModelList&, Session& session) {
  return AskAndPrint(
      session, [](Backend& backend) { return backend.ListModels(); },
      [&](const std::vector<rpc::ModelView>& models) {
        return ModelTable(models, session.printer().style());
      });
}

ExitCode Run(const ModelDownload& command, Session& session) {
  Printer& printer = session.printer();
  auto backend = session.Connect();
  if (!backend.ok()) return printer.Failure(backend.status());
  const auto models = (*backend)->ListModels();
  if (!models.ok()) return printer.Failure(models.status());
  const Result<Digest> hash = Find(*models, command.model);
  if (!hash.ok()) return printer.Failure(hash.status());

  DownloadOptions options{.hash = *hash, .out = command.out, .force = command.force, .progress = {}};
  LiveScreen screen(printer.err(), printer.err_style());
  if (printer.err_style().live && !printer.json()) {
    options.progress = [&](std::uint64_t done, std::uint64_t total) {
      screen.Draw({Bar(done, total, kBarWidth, printer.err_style())
                       .Gap(FormatBytes(done) + " of " + FormatBytes(total))});
    };
  }
  const Result<std::uint64_t> size = Download(session, **backend, options);
  screen.Clear();
  if (!size.ok()) return printer.Failure(size.status());
  return printer.Answer(
      command.out + "  " + FormatBytes(*size) + "\n  sha256 " + hash->Hex() + "  verified\n",
      JsonObject({{"path", command.out}, {"sha256", hash->Hex()}, {"bytes", std::to_string(*size)}}));
}

}  // namespace accord::cli
