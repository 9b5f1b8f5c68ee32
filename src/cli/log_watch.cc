// accord log watch: tells each entry of the log as it comes, and holds the log to what it was, also over
// runs (seen_log.h).
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/patience.h"
#include "cli/public_log.h"
#include "publish/log_view.h"

namespace accord::cli {
namespace {

using nlohmann::ordered_json;

std::string HeadJson(const PublicLog& log) {
  return ordered_json{{"event", "head"},
                      {"origin", log.head.origin},
                      {"size", log.head.size},
                      {"root", log.head.root.Hex()},
                      {"signatures", log.note.signatures.size()}}
      .dump();
}

std::string HeadWords(const PublicLog& log) {
  const std::size_t others = log.note.signatures.size() - 1;
  return "log " + Printable(log.head.origin, 200) + ": " + std::to_string(log.head.size) +
         " entries, cosigned by " + std::to_string(others) + "\n";
}

std::string EntryJson(const publish::EntryView& one) {
  return ordered_json{{"event", "entry"},   {"index", one.index},     {"kind", one.kind},
                      {"id", one.id.Hex()}, {"signers", one.signers}, {"counts", one.counts},
                      {"words", one.words}}
      .dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

std::string EntryWords(const publish::EntryView& one, const Style& style) {
  std::string index = std::to_string(one.index);
  index.insert(0, index.size() < 6 ? 6 - index.size() : 0, ' ');
  return index + "  " + Paint(style, one.counts ? Tone::kPlain : Tone::kWarn, one.words) + "\n";
}

class Watch {
 public:
  Watch(const LogWatch& command, Session& session, Backend& backend)
      : command_(command),
        session_(session),
        printer_(session.printer()),
        backend_(backend),
        patience_(session.environment(), std::nullopt) {}

  ExitCode Run() {
    auto first = ReadPublicLog(session_, backend_);
    if (!first.ok()) return printer_.Failure(first.status());
    PublicLog log = *std::move(first);
    patience_.Answered();
    printer_.Item(HeadWords(log), HeadJson(log));
    next_ = command_.from.value_or(log.entries.size());
    Tell(log);
    while (session_.environment().sleep(command_.every, patience_.token())) {
      const Result<bool> another = ReadOn(log, session_, backend_);
      if (!another.ok() && !patience_.Again(another.status(), [&](const Status& why) { Lost(why); }))
        return printer_.Failure(EndedStream(another.status()));
      if (!another.ok()) continue;
      patience_.Answered();
      if (*another && printer_.json()) printer_.Item("", HeadJson(log));
      Tell(log);
    }
    printer_.End();  // asked to stop: the only way that it ends well
    return ExitCode::kOk;
  }

 private:
  void Tell(const PublicLog& log) {
    for (; next_ < log.entries.size(); ++next_) {
      const publish::EntryView one = publish::ViewOf(log.record, next_, log.entries[next_]);
      printer_.Item(EntryWords(one, printer_.style()), EntryJson(one));
    }
  }
  void Lost(const Status& why) { printer_.Warn(LostWords(why)); }

  const LogWatch& command_;
  Session& session_;
  Printer& printer_;
  Backend& backend_;
  Patience patience_;
  std::uint64_t next_ = 0;  // the entry to tell next
};

}  // namespace

ExitCode Run(const LogWatch& command, Session& session) {
  auto backend = session.Connect();
  if (!backend.ok()) return session.printer().Failure(backend.status());
  return Watch(command, session, **backend).Run();
}

}  // namespace accord::cli
