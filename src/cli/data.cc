// accord data ...: certificates of data sets.
#include <chrono>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/errors.h"
#include "base/file.h"
#include "cli/commands.h"
#include "cli/data_about.h"
#include "cli/data_text.h"
#include "cli/named_file.h"
#include "cli/signer.h"
#include "crypto/random.h"
#include "crypto/sha256.h"
#include "dataset/croissant.h"
#include "dataset/verify.h"
#include "model/whole_directory.h"

namespace accord::cli {
namespace {

namespace fs = std::filesystem;
using dataset::Certificate;

using dataset::kCertificateFile, dataset::kCroissantFile, dataset::kManifestFile;
constexpr const char* kAbout = "about.toml";
constexpr Millis kProgressEvery{10'000};

// ---- what several commands do

std::uint64_t Seconds(TimePoint time) {
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count());
}
std::uint64_t Seconds(const config::Date& date) {
  const std::chrono::year_month_day day{std::chrono::year(date.year), std::chrono::month(date.month),
                                        std::chrono::day(date.day)};
  return Seconds(TimePoint(std::chrono::sys_days(day).time_since_epoch()));
}
using dataset::Signed;

// A line every ten seconds, for people.
dataset::Progress Saying(Session& session) {
  if (session.printer().json()) return {};
  return [&session, next = session.Now() + kProgressEvery](std::uint64_t files, std::uint64_t bytes) mutable {
    if (session.Now() < next) return;
    next = session.Now() + kProgressEvery;
    session.printer().err() << files << " files, " << FormatBytes(bytes) << "\n" << std::flush;
  };
}

nlohmann::ordered_json CertificateJson(const Signed& read) {
  return {{"certificate_sha256", read.envelope.Id().Hex()},
          {"certificate", nlohmann::ordered_json::parse(AsText(read.envelope.payload))}};
}

std::string TextOf(const Signed& read) { return CertificateText(read.envelope.Id(), read.certificate); }
std::string Limit() { return "\n" + std::string(dataset::kLimit) + "\n"; }

// ---- certify

// Not below the data, where it would itself be a file of the set.
Result<fs::path> OutOf(const DataCertify& command) {
  fs::path directory = fs::path(command.directory).lexically_normal();
  if (!directory.has_filename()) directory = directory.parent_path();
  const fs::path out =
      command.out.empty() ? fs::path(directory.string() + ".certificate") : fs::path(command.out);
  std::error_code error;
  const fs::path below =
      fs::weakly_canonical(out, error).lexically_relative(fs::weakly_canonical(directory, error));
  if (!below.empty() && *below.begin() != "..")
    return Fail(errors::kCliUsage, out.string() + " is within the data.",
                "Name another directory: --out DIR");
  if (fs::exists(out, error) && !fs::is_empty(out, error))
    return Fail(errors::kCliExists, out.string() + " exists.");
  return out;
}

Certificate Filled(const DataCertify& command, const dataset::Description& about, TimePoint now) {
  const config::Date last = about.not_after.value_or(config::Date{});
  const auto today = std::chrono::floor<std::chrono::days>(now);
  return {.member = command.member,
          .dataset = command.dataset,
          .version = about.version,
          .records = about.records,
          .modalities = about.modalities,
          .jurisdiction = about.jurisdiction,
          .legal_basis = about.legal_basis,
          .purposes = about.purposes,
          .personal_data = about.personal_data,
          .epsilon_budget_milli = about.epsilon_budget_milli,
          .not_before = about.not_before ? Seconds(*about.not_before) : Seconds(TimePoint(today)),
          .not_after = Seconds(last)};
}

// What the certificate names besides the data.
Status NameOthers(const DataCertify& command, Certificate& certificate) {
  if (!command.schema.empty()) {
    const Result<Bytes> schema = ReadFile(command.schema, 1 << 24);
    if (!schema.ok()) return Fail(errors::kCliFile, schema.status().message());
    certificate.schema = crypto::Sha256::Of(*schema);
  }
  if (!command.supersedes.empty()) {
    ACCORD_ASSIGN_OR_RETURN(const Signed before, OfNamed(dataset::ReadCertificate(command.supersedes)));
    if (before.certificate.member != command.member || before.certificate.dataset != command.dataset)
      return Fail(errors::kCliUsage, command.supersedes + " is of another member or data set.");
    certificate.supersedes = before.envelope.Id();
  }
  return {};
}

dataset::Salt NewSalt() {
  dataset::Salt salt;
  crypto::RandomBytes(salt);
  return salt;
}

Result<Signed> Certify(const DataCertify& command, Session& session) {
  ACCORD_ASSIGN_OR_RETURN(const fs::path out, OutOf(command));
  std::error_code unknown;  // before anybody answers questions about it
  if (!fs::is_directory(command.directory, unknown))
    return Fail(errors::kCliFile, command.directory + " is no directory that can be read");
  ACCORD_ASSIGN_OR_RETURN(const About about, GetAbout(session, command.about));
  Signed made{.file = out / kCertificateFile,
              .certificate = Filled(command, about.description, session.Now())};
  ACCORD_RETURN_IF_ERROR(NameOthers(command, made.certificate));
  made.certificate.files = 1;  // as if there were some: all else is checked before files are read for hours
  ACCORD_RETURN_IF_ERROR(dataset::ParseCertificate(Encode(made.certificate)).status());
  ACCORD_ASSIGN_OR_RETURN(
      const ledger::Signer signer,
      OpenSigner(session, {.file = command.key, .passphrase_file = command.passphrase_file}));
  const Status written = model::WriteWholeDirectory(out, [&](const fs::path& directory) -> Status {
    ACCORD_ASSIGN_OR_RETURN(
        const dataset::Commitment commitment,
        dataset::WriteManifest(command.directory, directory / kManifestFile, NewSalt, Saying(session)));
    const std::string croissant = dataset::FormatCroissant(about.description, commitment);
    made.certificate.croissant = crypto::Sha256::Of(croissant);
    made.certificate.root = commitment.root;
    made.certificate.files = commitment.files;
    made.certificate.bytes = commitment.bytes;
    made.envelope = {std::string(dataset::kCertificateType), Encode(made.certificate), {}};
    ACCORD_RETURN_IF_ERROR(signer.Sign(made.envelope));
    ACCORD_RETURN_IF_ERROR(
        WriteFileAtomic(directory / kCroissantFile, AsBytes(croissant), FileMode::kShared));
    ACCORD_RETURN_IF_ERROR(WriteFileAtomic(directory / kAbout, AsBytes(about.text), FileMode::kShared));
    return WriteFileAtomic(directory / kCertificateFile, AsBytes(EncodeEnvelope(made.envelope) + "\n"),
                           FileMode::kShared);
  });
  ACCORD_RETURN_IF_ERROR(written);
  return made;
}

// ---- verify

// The public description, where it lies beside the certificate.
Status CheckCroissant(const Signed& read) {
  const fs::path file = read.file.parent_path() / kCroissantFile;
  std::error_code error;
  if (!fs::exists(file, error)) return {};
  ACCORD_ASSIGN_OR_RETURN(const Bytes text, ReadFile(file, dataset::kMaxCroissantBytes));
  if (crypto::Sha256::Of(text) == read.certificate.croissant) return {};
  return Fail(errors::kDatasetCroissant, file.string() + " is not the description that was certified");
}

Result<dataset::Verification> Verify(const DataVerify& command, const Signed& read, Session& session) {
  ACCORD_ASSIGN_OR_RETURN(const std::vector<ledger::VerifierKey> keys, dataset::ParseKeys(command.keys));
  ACCORD_RETURN_IF_ERROR(CheckCertificate(read.envelope, read.certificate, keys, Seconds(session.Now())));
  ACCORD_RETURN_IF_ERROR(CheckCroissant(read));
  std::optional<dataset::Sample> sample;
  if (command.sample) sample = dataset::Sample{*command.sample, crypto::RandomBelow};
  const fs::path manifest = command.manifest.empty() ? read.manifest() : fs::path(command.manifest);
  ACCORD_ASSIGN_OR_RETURN(dataset::Verification found,
                          OfNamed(dataset::VerifyDataset(read.certificate, manifest, command.directory,
                                                         sample, Saying(session))));
  ACCORD_RETURN_IF_ERROR(dataset::Demand(found));
  return found;
}

std::string Verified(const dataset::Verification& found) {
  const std::string how =
      found.read == found.files ? "the content of all" : "the content of " + std::to_string(found.read);
  return "\nThe directory is what was certified: names and sizes of " + std::to_string(found.files) +
         " files, and " + how + " (" + FormatBytes(found.bytes) + ").\n";
}

}  // namespace

ExitCode Run(const DataCertify& command, Session& session) {
  const Result<Signed> made = Certify(command, session);
  if (!made.ok()) return session.printer().Failure(made.status());
  const std::string out = made->file.parent_path().string();
  nlohmann::ordered_json json = CertificateJson(*made);
  json["directory"] = Printable(out, 4'096);
  return session.printer().Answer(TextOf(*made) + "\nWrote " + out + ". " + kCertificateFile + " and " +
                                      kCroissantFile + " may go to everybody; " + kManifestFile +
                                      " has the names of your\nfiles and stays with you: nodes and audits "
                                      "need it.\n" +
                                      Limit(),
                                  json.dump());
}

ExitCode Run(const DataVerify& command, Session& session) {
  const Result<Signed> read = OfNamed(dataset::ReadCertificate(command.certificate));
  if (!read.ok()) return session.printer().Failure(read.status());
  const Result<dataset::Verification> found = Verify(command, *read, session);
  if (!found.ok()) return session.printer().Failure(found.status());
  nlohmann::ordered_json json = CertificateJson(*read);
  json["files"] = found->files;
  json["files_read"] = found->read;
  json["bytes_read"] = found->bytes;
  return session.printer().Answer(TextOf(*read) + Verified(*found) + Limit(), json.dump());
}

ExitCode Run(const DataShow& command, Session& session) {
  const Result<Signed> read = OfNamed(dataset::ReadCertificate(command.certificate));
  if (!read.ok()) return session.printer().Failure(read.status());
  std::string hints;
  for (const ledger::DsseSignature& one : read->envelope.signatures)
    hints += (hints.empty() ? "" : ", ") + Printable(one.keyid, 200);
  return session.printer().Answer(TextOf(*read) + "signed as       " + hints +
                                      "\n\nNothing was verified here; see: accord data verify\n" + Limit(),
                                  CertificateJson(*read).dump());
}

}  // namespace accord::cli
