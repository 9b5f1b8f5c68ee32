// accord log ...: the public record itself.
#include "base/errors.h"
#include "base/file.h"
#include "cli/commands.h"
#include "cli/json.h"
#include "cli/public_log.h"
#include "cli/table.h"
#include "ledger/dsse.h"
#include "ledger/log_reader.h"
#include "publish/log_view.h"

namespace accord::cli {
namespace {

struct Shown {
  std::string kind, id, by;
};

// What it says it is: `accord log watch` says what of that counts.
Shown ShowEntry(const Bytes& entry) {
  const auto envelope = ledger::ParseEnvelope(entry);
  if (!envelope.ok()) return {"noise", "", ""};
  std::string by;
  for (const ledger::DsseSignature& one : envelope->signatures)
    by += (by.empty() ? "" : ", ") + Printable(one.keyid, 60);
  return {publish::KindOf(envelope->payload_type), envelope->Id().Hex(), std::move(by)};
}

Result<std::string> ProofOf(const LogProof& command, Session& session) {
  ACCORD_ASSIGN_OR_RETURN(const auto backend, session.Connect());
  ACCORD_ASSIGN_OR_RETURN(const PublicLog log, ReadPublicLog(session, *backend));
  LogFiles files(*backend);
  ledger::TileReader nodes(log.head.size, files);
  ACCORD_ASSIGN_OR_RETURN(const ledger::TlogProof proof, ledger::MakeProof(nodes, log.note, command.index));
  return proof.Format();
}

Result<PublicLog> LogToVerify(const LogVerify& command, Session& session) {
  if (command.directory.empty() && command.charter.empty()) {
    ACCORD_ASSIGN_OR_RETURN(const auto backend, session.Connect());
    return ReadPublicLog(session, *backend);
  }
  const auto genesis = Digest::FromHex(command.charter);
  if (!genesis)
    return Fail(errors::kCliUsage, "\"" + Printable(command.charter, 80) + "\" is no SHA-256.",
                "--charter takes the 64 hex digits of the first charter, which a member tells.");
  LogCopy files(command.directory);
  return ReadLogCopy(files, *genesis);
}

}  // namespace

ExitCode Run(const LogKey&, Session& session) {
  auto backend = session.Connect();
  if (!backend.ok()) return session.printer().Failure(backend.status());
  const Result<ledger::VerifierKey> key = LogKeyOf(**backend);
  if (!key.ok()) return session.printer().Failure(key.status());
  return session.printer().Answer(key->Format() + "\n", JsonObject({{"vkey", key->Format()}}));
}

ExitCode Run(const LogShow&, Session& session) {
  auto backend = session.Connect();
  if (!backend.ok()) return session.printer().Failure(backend.status());
  const Result<PublicLog> log = ReadPublicLog(session, **backend);
  if (!log.ok()) return session.printer().Failure(log.status());
  Table table({{"ENTRY", Align::kRight}, {"KIND"}, {"ID"}, {"SIGNED AS"}});
  std::string json = "[";
  for (std::size_t i = 0; i < log->entries.size(); ++i) {
    const Shown one = ShowEntry(log->entries[i]);
    table.Row({std::to_string(i), {one.kind, Tone::kStrong}, one.id.substr(0, 12), one.by});
    json += (i > 0 ? "," : "") +
            JsonObject({{"index", std::to_string(i)}, {"kind", one.kind}, {"id", one.id}, {"by", one.by}});
  }
  return session.printer().Answer(
      log->entries.empty() ? "The log has no entries yet.\n" : table.Render(session.printer().style()),
      json + "]");
}

ExitCode Run(const LogVerify& command, Session& session) {
  const Result<PublicLog> log = LogToVerify(command, session);
  if (!log.ok()) return session.printer().Failure(log.status());
  const std::size_t cosigned = log->note.signatures.size() - 1;
  const bool chartered = !log->record.chain().empty();
  std::string text = "log        " + log->head.origin + "\nentries    " + std::to_string(log->head.size) +
                     ", each in the head's tree\nroot       " + log->head.root.Hex() + "\ncosigned   by " +
                     std::to_string(cosigned) + (chartered ? ", which is enough by the charter" : "") +
                     "\ncharter    ";
  if (!chartered) {
    text += "none yet, or not cosigned yet by enough of the witnesses that it names\n";
  } else {
    text += log->record.chain().front().hash.Hex() + (!command.charter.empty() ? ", as given\n"
                                                      : log->pinned            ? ", as pinned\n"
                                                                    : ", not pinned on this machine\n");
  }
  return session.printer().Answer(text,
                                  JsonObject({{"origin", log->head.origin},
                                              {"size", std::to_string(log->head.size)},
                                              {"root", log->head.root.Hex()},
                                              {"signatures", std::to_string(log->note.signatures.size())}}));
}

ExitCode Run(const LogProof& command, Session& session) {
  const Result<std::string> proof = ProofOf(command, session);
  if (!proof.ok()) return session.printer().Failure(proof.status());
  if (command.out.empty()) return session.printer().Answer(*proof, JsonObject({{"proof", *proof}}));
  if (const Status written = WriteFileAtomic(command.out, AsBytes(*proof), FileMode::kShared); !written.ok())
    return session.printer().Failure(written);
  return session.printer().Answer("Wrote " + command.out + ".\n", JsonObject({{"file", command.out}}));
}

}  // namespace accord::cli
