// accord data submit, accord data list: the federation's catalogue of certified data sets, which is its log.
#include <algorithm>

#include "base/errors.h"
#include "base/file.h"
#include "cli/catalogue_text.h"
#include "cli/commands.h"
#include "cli/json.h"
#include "cli/named_file.h"
#include "cli/public_log.h"
#include "dataset/verify.h"
#include "ledger/dsse.h"
#include "publish/log_view.h"

namespace accord::cli {
namespace {

struct Lodged {
  Digest id;
  std::uint64_t index = 0;
  bool known = false;  // it was there before
};

Result<Lodged> Lodge(const DataSubmit& command, Session& session) {
  ACCORD_ASSIGN_OR_RETURN(const dataset::Signed read, OfNamed(dataset::ReadCertificate(command.certificate)));
  const auto croissant = read.file.parent_path() / dataset::kCroissantFile;
  const Result<Bytes> description = ReadFile(croissant, dataset::kMaxCroissantBytes);
  if (!description.ok()) return Fail(errors::kCliFile, description.status().message());
  ACCORD_RETURN_IF_ERROR(ReadDescription(read.certificate, *description).status());
  ACCORD_ASSIGN_OR_RETURN(const auto backend, session.Connect());
  ACCORD_ASSIGN_OR_RETURN(const PublicLog log, ReadPublicLog(session, *backend));
  const Digest id = read.envelope.Id();
  const auto known = publish::CatalogueOf(log.record, log.entries);
  const auto same = std::ranges::find(known, id, &dataset::CatalogueEntry::id);
  if (same != known.end()) return Lodged{id, same->index, true};
  if (!log.record.SignersAt(read.envelope, log.entries.size()).contains(read.certificate.member)) {
    return Fail(errors::kDatasetSignature,
                "the log's charter has no key of " + read.certificate.member + " that signed it");
  }
  ACCORD_ASSIGN_OR_RETURN(const rpc::Appended appended,
                          backend->Append(AsBytes(EncodeEnvelope(read.envelope)), *description));
  return Lodged{id, appended.index};
}

}  // namespace

ExitCode Run(const DataSubmit& command, Session& session) {
  const Result<Lodged> done = Lodge(command, session);
  if (!done.ok()) return session.printer().Failure(done.status());
  const std::string index = std::to_string(done->index);
  return session.printer().Answer("Certificate " + done->id.Hex() +
                                      (done->known ? " is in the log already: entry " : ": entry ") + index +
                                      (done->known ? ".\n" : " of the log.\n"),
                                  JsonObject({{"certificate_sha256", done->id.Hex()}, {"index", index}}));
}

ExitCode Run(const DataList& command, Session& session) {
  auto backend = session.Connect();
  if (!backend.ok()) return session.printer().Failure(backend.status());
  const Result<PublicLog> log = ReadPublicLog(session, **backend);
  if (!log.ok()) return session.printer().Failure(log.status());
  const auto catalogue = ReadCatalogue(*log, **backend);
  if (!catalogue.ok()) return session.printer().Failure(catalogue.status());
  const dataset::Query query{.language = command.language,
                             .modality = command.modality,
                             .license = command.license,
                             .purpose = command.purpose,
                             .member = command.member,
                             .text = command.text};
  const auto found = Search(*catalogue, query, Seconds(session));
  const auto unsearched = std::ranges::count_if(*catalogue, [&](const dataset::CatalogueEntry& entry) {
    return query.AsksDescription() && !entry.facts;
  });
  return session.printer().Answer(
      CatalogueTable(found, static_cast<std::size_t>(unsearched), session.printer().style()),
      CatalogueJson(found));
}

}  // namespace accord::cli
