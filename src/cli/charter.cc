// accord charter ...: who decides.
#include <algorithm>
#include <filesystem>

#include "base/errors.h"
#include "base/file.h"
#include "charter/charter_file.h"
#include "cli/charter_changes.h"
#include "cli/charter_text.h"
#include "cli/commands.h"
#include "cli/json.h"
#include "cli/named_file.h"
#include "cli/public_log.h"
#include "cli/signer.h"
#include "cli/words.h"
#include "crypto/ecdsa.h"
#include "crypto/sha256.h"
#include "crypto/spiffe.h"
#include "crypto/x509.h"
#include "ledger/dsse.h"

namespace accord::cli {
namespace {

using charter::Charter;
using ledger::Envelope;

constexpr std::uint64_t kMaxFile = 1 << 20;
constexpr charter::UnixSeconds kDay = 86'400;
constexpr std::string_view kSpiffe = "spiffe://";

Result<Bytes> Read(const std::string& file) {
  Result<Bytes> text = ReadFile(file, kMaxFile);
  if (!text.ok()) return Fail(errors::kCliFile, "The file cannot be read: " + text.status().message());
  return text;
}

Result<Envelope> ReadEnvelope(const std::string& file) {
  ACCORD_ASSIGN_OR_RETURN(const Bytes text, Read(file));
  Result<Envelope> envelope = ledger::ParseEnvelope(text);
  if (envelope.status().error() == errors::kLedgerMalformed.id)
    return Fail(errors::kLedgerMalformed, file + ": " + envelope.status().message());
  return envelope;
}

// What an amendment follows.
Result<charter::Version> NewestInLog(Session& session) {
  ACCORD_ASSIGN_OR_RETURN(const auto backend, session.Connect());
  ACCORD_ASSIGN_OR_RETURN(const PublicLog log, ReadPublicLog(session, *backend));
  if (log.record.chain().empty())
    return Fail(errors::kCharterMissing, "the log has no charter that could be amended");
  return log.record.chain().back();
}

struct Reading {
  Envelope envelope;
  Charter charter;                         // as its bytes say
  std::optional<charter::Version> before;  // of an amendment, where it is known

  [[nodiscard]] std::vector<LineChange> Changes() const {
    return before ? CharterChanges(before->charter, charter) : std::vector<LineChange>();
  }
};

// An amendment that others began is signed also where the log cannot be read.
void FindBefore(Reading& reading, Session& session) {
  const Charter& charter = reading.charter;
  if (!charter.prev) return;
  const Result<charter::Version> newest = NewestInLog(session);
  if (newest.ok() && newest->hash == *charter.prev) {
    reading.before = *newest;
    return;
  }
  session.printer().Warn(
      "what version " + std::to_string(charter.version) +
      " changes is not known, so all that it says is shown: " +
      (newest.ok() ? "it follows " + charter.prev->Hex() + ", and the log's newest charter is version " +
                         std::to_string(newest->charter.version) + ", " + newest->hash.Hex()
                   : Describe(newest.status())));
}

// A draft becomes an envelope without signatures; an envelope stays what it is.
Result<Reading> ReadCharter(Session& session, const std::string& file, bool amends) {
  Reading out;
  if (std::filesystem::path(file).extension() != ".toml") {
    ACCORD_ASSIGN_OR_RETURN(out.envelope, ReadEnvelope(file));
    ACCORD_ASSIGN_OR_RETURN(out.charter, charter::ParseCharter(out.envelope.payload));
    FindBefore(out, session);
    return out;
  }
  std::optional<charter::Predecessor> follows;
  if (amends) {
    ACCORD_ASSIGN_OR_RETURN(out.before, NewestInLog(session));
    follows = {out.before->charter.version, out.before->hash};
  }
  ACCORD_ASSIGN_OR_RETURN(const Bytes text, Read(file));
  ACCORD_ASSIGN_OR_RETURN(const Charter draft, charter::ParseCharterFile(text, file, follows));
  out.envelope = {std::string(charter::kCharterType), charter::Encode(draft), {}};
  ACCORD_ASSIGN_OR_RETURN(out.charter, charter::ParseCharter(out.envelope.payload));
  return out;
}

// All that a person has to read before they sign it.
std::string Review(const Reading& reading, const Style& style) {
  std::string text = CharterDetails(reading.charter, reading.envelope.Id(), style);
  if (reading.before) {
    text += "Of version " + std::to_string(reading.before->charter.version) + " it changes:\n\n" +
            ChangesText(reading.Changes(), style);
  } else {
    text += "All that it says:\n\n" + WholeCharter(reading.charter);
  }
  return text + "\n";
}

// Before a passphrase is asked for. With --json there is one object, at the end: who is asked meanwhile reads
// it on stderr.
void ShowReview(const CharterSign& command, const Reading& reading, Session& session) {
  Printer& printer = session.printer();
  if (!printer.json()) {
    printer.out() << Review(reading, printer.style()) << std::flush;
  } else if (command.passphrase_file.empty()) {
    printer.err() << Review(reading, printer.err_style()) << std::flush;
  }
}

// Null where nothing was compared.
std::string WithChanges(std::string object, const Reading& reading) {
  object.pop_back();
  return object + ",\"changes\":" + (reading.before ? ChangesJson(reading.Changes()) : "null") + "}";
}

struct Signing {
  Envelope envelope;
  Charter charter;
  bool outside = false;  // the key is of no member of this version
  std::string file;
};

// A draft that is signed again goes on with the signatures that its file has; those of another are not lost.
Result<Envelope> WithCollected(Envelope envelope, const Signing& signing, const std::string& signed_file,
                               const ledger::VerifierKey& own) {
  std::error_code unknown;
  if (signing.file == signed_file || !std::filesystem::exists(signing.file, unknown)) return envelope;
  ACCORD_ASSIGN_OR_RETURN(Envelope collected, ReadEnvelope(signing.file));
  if (collected.payload == envelope.payload && collected.payload_type == envelope.payload_type)
    return collected;
  const auto is_own = [&](const ledger::DsseSignature& one) { return one.keyid == ledger::KeyIdOf(own); };
  if (std::ranges::all_of(collected.signatures, is_own)) return envelope;
  return Fail(errors::kCliExists, signing.file + " has what others signed of another draft.",
              "Name another file, -o FILE, or take that one away.");
}

bool Speaks(const Charter& charter, const ledger::VerifierKey& key) {
  return std::ranges::any_of(charter.members, [&](const charter::Member& member) {
    return std::ranges::find(member.gov_keys, key) != member.gov_keys.end();
  });
}

// Refuses a key that speaks for nobody. Of an amendment members of the version before sign, too.
Status CheckSpeaks(const Signing& signing, const ledger::VerifierKey& key, const std::string& file) {
  if (!signing.outside || signing.charter.version > 1) return {};
  return Fail(errors::kEntryUnsigned,
              file + " is the key " + ledger::KeyIdOf(key) + ", which no member has in this charter");
}

Result<Signing> SignCharter(const CharterSign& command, const Reading& reading, Session& session) {
  Signing out{.envelope = reading.envelope, .charter = reading.charter};
  out.file = command.out;
  if (out.file.empty()) out.file = std::filesystem::path(command.file).replace_extension(".json").string();
  ACCORD_ASSIGN_OR_RETURN(const ledger::Signer signer,
                          OpenSigner(session, {command.key, command.passphrase_file}));
  ACCORD_ASSIGN_OR_RETURN(out.envelope,
                          WithCollected(std::move(out.envelope), out, command.file, signer.verifier()));
  out.outside = !Speaks(out.charter, signer.verifier());
  ACCORD_RETURN_IF_ERROR(CheckSpeaks(out, signer.verifier(), command.key));
  ACCORD_RETURN_IF_ERROR(signer.Sign(out.envelope));
  ACCORD_RETURN_IF_ERROR(
      WriteFileAtomic(out.file, AsBytes(ledger::EncodeEnvelope(out.envelope)), FileMode::kShared));
  return out;
}

Result<rpc::Appended> Submit(Session& session, const Envelope& envelope) {
  ACCORD_ASSIGN_OR_RETURN(const auto backend, session.Connect());
  const std::string entry = ledger::EncodeEnvelope(envelope);
  ACCORD_ASSIGN_OR_RETURN(const rpc::Appended appended, backend->Append(AsBytes(entry), {}));
  return appended;
}

// What the charter has of the key that signs released models.
Result<std::optional<Digest>> ReleaseKey(const std::string& file) {
  if (file.empty()) return std::optional<Digest>();
  ACCORD_ASSIGN_OR_RETURN(const ledger::KeyFile key, OfNamed(ledger::ReadKeyFile(file)));
  if (crypto::IsP256Key(key.verifier.key())) return std::optional(crypto::Sha256::Of(key.verifier.key()));
  return Fail(errors::kCliUsage, file + " is no key on P-256, which signatures of models ask for.",
              "Make one: accord key create --kind p256");
}

Result<crypto::Certificate> ReadCa(const std::filesystem::path& file) {
  ACCORD_ASSIGN_OR_RETURN(const Bytes pem, OfNamed(ReadFile(file, kMaxFile)));
  ACCORD_ASSIGN_OR_RETURN(crypto::Certificate ca, crypto::Certificate::FromPem(AsText(pem)));
  if (ca.info().is_ca && ca.info().uri.starts_with(kSpiffe)) return ca;
  return Fail(errors::kCertUsage,
              file.string() + " is the certificate of " + Printable(ca.info().uri) + ", which is no CA");
}

// A federation of this member alone, or the beginning of one of several.
Result<Charter> FirstDraft(const CharterInit& command, Session& session, Backend& backend) {
  ACCORD_ASSIGN_OR_RETURN(const Context context, session.ContextInForce());
  ACCORD_ASSIGN_OR_RETURN(const crypto::Certificate ca,
                          ReadCa(command.ca.empty() ? context.CaFile() : std::filesystem::path(command.ca)));
  ACCORD_ASSIGN_OR_RETURN(const ledger::VerifierKey log, LogKeyOf(backend));
  ACCORD_ASSIGN_OR_RETURN(const ledger::KeyFile key, OfNamed(ledger::ReadKeyFile(command.key)));
  ACCORD_ASSIGN_OR_RETURN(const ledger::VerifierKey witness, ledger::VerifierKey::Parse(command.witness));
  Charter draft{.federation = command.federation,
                .not_before = Seconds(session) / kDay * kDay,
                .not_after = (Seconds(session) / kDay + 366) * kDay,
                .log_origin = log.name(),
                .log = log,
                .vote_window = 30 * kDay,
                .max_clock_skew = 300};
  // Of fewer the sum would tell too much of each; one member alone has nobody to hide from.
  if (!command.solo) draft.min_cohort = draft.min_group = 3;
  ACCORD_ASSIGN_OR_RETURN(const std::optional<Digest> release, ReleaseKey(command.release_key));
  draft.members.push_back({.id = command.member,
                           .gov_keys = {key.verifier},
                           .witness = witness,
                           .model_key = release,
                           .trust_domain = ca.info().uri.substr(kSpiffe.size()),
                           .ca_keys = {ca.info().spki_hash},
                           .rights = {charter::Right::kPropose, charter::Right::kVote, charter::Right::kData,
                                      charter::Right::kWitness, charter::Right::kEvaluate}});
  return draft;
}

Result<std::string> InitCharter(const CharterInit& command, Session& session) {
  std::error_code ignored;
  if (std::filesystem::exists(command.out, ignored))
    return Fail(errors::kCliExists, command.out + " exists.",
                "Choose another name; a draft is not overwritten.");
  ACCORD_ASSIGN_OR_RETURN(const auto backend, session.Connect());
  ACCORD_ASSIGN_OR_RETURN(const Charter draft, FirstDraft(command, session, *backend));
  ACCORD_RETURN_IF_ERROR(charter::Check(draft));
  ACCORD_RETURN_IF_ERROR(
      WriteFileAtomic(command.out, AsBytes(charter::FormatCharterFile(draft)), FileMode::kShared));
  if (!command.solo) {
    return "Wrote " + command.out + ", a draft with " + command.member +
           " alone. Add a [[member]] for each of the others, and take the lines of\n[quorum] out to get the "
           "least that is "
           "safe. Then every member signs it: accord charter sign " +
           command.out + " --key FILE\n";
  }
  ACCORD_ASSIGN_OR_RETURN(const Reading reading, ReadCharter(session, command.out, false));
  ACCORD_ASSIGN_OR_RETURN(
      const Signing signed_,
      SignCharter({command.out, "", command.key, command.passphrase_file, false}, reading, session));
  ACCORD_RETURN_IF_ERROR(Submit(session, signed_.envelope).status());
  ACCORD_RETURN_IF_ERROR(PinCharter(session, signed_.envelope.Id()));
  return "The federation " + command.federation + " has a charter, and " + command.member +
         " is its one member.\n  charter  " + signed_.envelope.Id().Hex() +
         "\nEach of your nodes takes this hash into its configuration, as governance.genesis; the log's head "
         "is out when "
         "the\nwitness among them has cosigned it.\n";
}

}  // namespace

ExitCode Run(const CharterInit& command, Session& session) {
  const Result<std::string> text = InitCharter(command, session);
  if (!text.ok()) return session.printer().Failure(text.status());
  return session.printer().Answer(*text, JsonObject({{"file", command.out}}));
}

ExitCode Run(const CharterSign& command, Session& session) {
  const Result<Reading> reading = ReadCharter(session, command.file, command.amends);
  if (!reading.ok()) return session.printer().Failure(reading.status());
  ShowReview(command, *reading, session);
  const Result<Signing> done = SignCharter(command, *reading, session);
  if (!done.ok()) return session.printer().Failure(done.status());
  const std::string hash = done->envelope.Id().Hex();
  return session.printer().Answer(
      SignedBy(done->charter, done->envelope) + "Signed: " + done->file + "\n" +
          (done->outside
               ? "The key is of no member of this version: it counts if the version before has it.\n"
               : ""),
      WithChanges(JsonObject({{"file", done->file}, {"hash", hash}}), *reading));
}

ExitCode Run(const CharterCheck& command, Session& session) {
  const Result<Reading> reading = ReadCharter(session, command.file, command.amends);
  if (!reading.ok()) return session.printer().Failure(reading.status());
  return session.printer().Answer(
      Review(*reading, session.printer().style()) + SignedBy(reading->charter, reading->envelope),
      WithChanges(CharterJson(reading->charter, reading->envelope.Id()), *reading));
}

ExitCode Run(const CharterSubmit& command, Session& session) {
  const Result<Envelope> envelope = ReadEnvelope(command.file);
  if (!envelope.ok()) return session.printer().Failure(envelope.status());
  const Result<rpc::Appended> appended = Submit(session, *envelope);
  if (!appended.ok()) return session.printer().Failure(appended.status());
  const std::string hash = appended->id.Hex();
  return session.printer().Answer("The charter " + hash + " is entry " + std::to_string(appended->index) +
                                      " of the log. It is out when the witnesses have cosigned the head.\n",
                                  JsonObject({{"hash", hash}, {"index", std::to_string(appended->index)}}));
}

ExitCode Run(const CharterShow& command, Session& session) {
  auto backend = session.Connect();
  if (!backend.ok()) return session.printer().Failure(backend.status());
  const Result<PublicLog> log = ReadPublicLog(session, **backend);
  if (!log.ok()) return session.printer().Failure(log.status());
  if (log->record.chain().empty()) {
    return session.printer().Failure(
        Fail(errors::kCharterMissing,
             "the log's published head, of " + std::to_string(log->head.size) + " entries, has no charter"));
  }
  const charter::Version& newest = log->record.chain().back();
  if (command.toml) {
    return session.printer().Answer(charter::FormatCharterFile(newest.charter),
                                    CharterJson(newest.charter, newest.hash));
  }
  std::string text = CharterDetails(newest.charter, newest.hash, session.printer().style());
  text += EmergencyLine(log->record.chain(), Seconds(session));
  text += "first charter " + log->record.chain().front().hash.Hex() +
          (log->pinned ? ", as pinned\n"
                       : ", not pinned: compare it with a member's, then: accord charter pin HASH\n");
  if (const auto present = log->Present(session); !present.ok())
    text += "now           " + present.status().message() + "\n";
  std::string json = CharterJson(newest.charter, newest.hash);
  json.insert(json.size() - 1, std::string(",\"emergency\":") + (newest.emergency ? "true" : "false"));
  return session.printer().Answer(text, json);
}

ExitCode Run(const CharterPin& command, Session& session) {
  const auto genesis = Digest::FromHex(command.hash);
  if (!genesis)
    return session.printer().Failure(
        Fail(errors::kCliUsage, "\"" + Printable(command.hash, 80) + "\" is no SHA-256.",
             "It has 64 digits of 0-9 and a-f, and a member tells it: accord charter show"));
  const auto before = PinnedCharter(session);
  if (!before.ok()) return session.printer().Failure(before.status());
  if (const Status pinned = PinCharter(session, *genesis); !pinned.ok())
    return session.printer().Failure(pinned);
  const bool replaced = *before && **before != *genesis;
  return session.printer().Answer(
      (replaced ? "Pinned, in place of " + (*before)->Hex() + "." : std::string("Pinned.")) +
          " What the coordinator shows has to begin with this charter from now on.\n",
      JsonObject({{"hash", genesis->Hex()}}));
}

}  // namespace accord::cli
