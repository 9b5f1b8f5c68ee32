// accord model ...
#include "base/text.h"
#include "cli/commands.h"
#include "cli/download.h"
#include "cli/find_model.h"
#include "cli/json.h"
#include "cli/progress.h"
#include "cli/view_text.h"
#include "cli/words.h"

namespace accord::cli {
namespace {

constexpr std::size_t kBarWidth = 32;

}  // namespace

Result<std::uint64_t> DownloadWithBar(Session& session, Backend& backend, DownloadOptions options) {
  Printer& printer = session.printer();
  LiveScreen screen(printer.err(), printer.err_style());
  if (printer.err_style().live && !printer.json()) {
    options.progress = [&](std::uint64_t done, std::uint64_t total) {
      screen.Draw({Bar(done, total, kBarWidth, printer.err_style())
                       .Gap(FormatBytes(done) + " of " + FormatBytes(total))});
    };
  }
  Result<std::uint64_t> size = Download(session, backend, options);
  screen.Clear();
  return size;
}

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
  const Result<FoundModel> found = FindModel(*models, command.model);
  if (!found.ok()) return printer.Failure(found.status());
  const Digest* hash = &found->hash;
  const Result<std::uint64_t> size = DownloadWithBar(
      session, **backend, {.hash = *hash, .out = command.out, .force = command.force, .progress = {}});
  if (!size.ok()) return printer.Failure(size.status());
  return printer.Answer(
      command.out + "  " + FormatBytes(*size) + "\n  sha256 " + hash->Hex() + "  verified\n",
      JsonObject({{"path", command.out}, {"sha256", hash->Hex()}, {"bytes", std::to_string(*size)}}));
}

}  // namespace accord::cli
