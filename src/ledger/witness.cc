#include "ledger/witness.h"

#include <utility>

#include "base/errors.h"
#include "crypto/sha256.h"
#include "ledger/cosignature.h"
#include "ledger/lines.h"

namespace accord::ledger {
namespace {

Status BadRequest(const std::string& why) {
  return Fail(errors::kWitnessRequest, "the request to cosign is malformed: " + why);
}

WitnessDecision Refuse(WitnessVerdict verdict, std::string why) {
  return {.verdict = verdict, .why = std::move(why)};
}

// The decision on a request that is signed by the log.
WitnessDecision DecideSigned(const AddCheckpoint& request, const Checkpoint& checkpoint,
                             const TreeHead& known) {
  const TreeHead head{.size = checkpoint.size, .root = checkpoint.root};
  if (request.old_size > head.size) {
    return Refuse(WitnessVerdict::kMalformed, "the old size is above that of the checkpoint");
  }
  if (request.old_size != known.size) {
    WitnessDecision conflict =
        Refuse(WitnessVerdict::kConflict, "the last head cosigned has size " + std::to_string(known.size));
    conflict.known_size = known.size;
    return conflict;
  }
  if (!VerifyConsistency(known, head, request.proof)) {
    return Refuse(WitnessVerdict::kInconsistent,
                  "the checkpoint is not shown to continue the head of size " + std::to_string(known.size));
  }
  return {.verdict = WitnessVerdict::kCosign, .text = request.checkpoint.text, .head = head};
}

}  // namespace

std::string AddCheckpoint::Format() const {
  std::string text = "old " + std::to_string(old_size) + '\n';
  for (const Digest& hash : proof) text += FormatHash(hash) + '\n';
  return text + '\n' + checkpoint.Format();
}

Result<AddCheckpoint> AddCheckpoint::Parse(std::string_view text) {
  Lines lines(text);
  const auto old = lines.Next("old ");
  const std::optional<std::uint64_t> size = old ? ParseNumber(*old) : std::nullopt;
  if (!size) return BadRequest("its first line does not say the old size");
  AddCheckpoint request{.old_size = *size, .proof = {}, .checkpoint = {}};
  for (auto line = lines.Next(); !line || !line->empty(); line = lines.Next()) {
    const std::optional<Digest> hash = line ? ParseHash(*line) : std::nullopt;
    if (!hash) return BadRequest("its hashes are not lines of base64, ended by an empty line");
    if (request.proof.size() == kMaxProofHashes) return BadRequest("it has too many hashes");
    request.proof.push_back(*hash);
  }
  ACCORD_ASSIGN_OR_RETURN(request.checkpoint, Note::Parse(lines.rest()));
  return request;
}

std::string WitnessDecision::Body() const {
  if (verdict == WitnessVerdict::kConflict) return std::to_string(known_size) + '\n';
  return why + '\n';
}

WitnessDecision DecideAddCheckpoint(
    std::string_view body, const std::function<std::optional<WitnessedLog>(std::string_view origin)>& find) {
  const Result<AddCheckpoint> request = AddCheckpoint::Parse(body);
  if (!request.ok()) return Refuse(WitnessVerdict::kMalformed, request.status().message());
  const Result<Checkpoint> checkpoint = Checkpoint::Parse(request->checkpoint.text);
  if (!checkpoint.ok()) return Refuse(WitnessVerdict::kMalformed, checkpoint.status().message());
  const std::optional<WitnessedLog> log = find(checkpoint->origin);
  if (!log)
    return Refuse(WitnessVerdict::kUnknownLog,
                  "the log " + Quoted(checkpoint->origin) + " is not witnessed here");
  const Status signature = CheckSignatures(request->checkpoint, log->keys).status();
  if (!signature.ok()) return Refuse(WitnessVerdict::kForbidden, signature.message());
  WitnessDecision decision = DecideSigned(*request, *checkpoint, log->head);
  const bool same_size = log->head.size > 0 && checkpoint->size == log->head.size;
  decision.split_view = same_size && checkpoint->root != log->head.root;
  return decision;
}

Result<std::vector<NoteSignature>> TakeCosignatures(std::string_view body, const std::string& text,
                                                    std::span<const VerifierKey> witnesses) {
  ACCORD_ASSIGN_OR_RETURN(std::vector<NoteSignature> all, Note::ParseSignatures(body));
  std::vector<NoteSignature> taken;
  for (NoteSignature& signature : all) {
    for (const VerifierKey& witness : witnesses) {
      if (!signature.IsBy(witness) || witness.type() != KeyType::kCosignature) continue;
      const std::optional<Cosignature> cosignature = Cosignature::Parse(signature.signature);
      if (!cosignature || cosignature->time == 0 || !witness.Verify(text, signature.signature)) {
        return Fail(errors::kNoteSignature,
                    "the cosignature of " + Quoted(signature.name) + " is not over this checkpoint");
      }
      taken.push_back(std::move(signature));
      break;
    }
  }
  if (taken.empty()) return Fail(errors::kNoteUnsigned, "the answer has no cosignature of a known witness");
  return taken;
}

Result<std::uint64_t> ParseKnownSize(std::string_view body) {
  Lines lines(body);
  const auto line = lines.Next();
  const std::optional<std::uint64_t> size = line ? ParseNumber(*line) : std::nullopt;
  if (!size || !lines.rest().empty()) return BadRequest(Quoted(body) + " is not a size");
  return *size;
}

std::string WitnessCheckpointPath(std::string_view origin) {
  return crypto::Sha256::Of(origin).Hex() + "/checkpoint";
}

}  // namespace accord::ledger
