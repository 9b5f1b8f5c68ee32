#include "ledger/tlog_proof.h"

#include <utility>

#include "base/errors.h"
#include "crypto/base64.h"
#include "crypto/merkle.h"
#include "ledger/lines.h"

namespace accord::ledger {
namespace {

constexpr std::string_view kMagic = "c2sp.org/tlog-proof@v1";

Status BadProofFile(const std::string& why) {
  return Fail(errors::kLogProofMalformed, "the proof is malformed: " + why);
}

}  // namespace

std::string TlogProof::Format() const {
  std::string text = std::string(kMagic) + '\n';
  if (extra) text += "extra " + crypto::ToBase64(*extra) + '\n';
  text += "index " + std::to_string(index) + '\n';
  for (const Digest& hash : hashes) text += FormatHash(hash) + '\n';
  return text + '\n' + checkpoint.Format();
}

Result<TlogProof> TlogProof::Parse(std::string_view text) {
  Lines lines(text);
  if (lines.Next() != kMagic) return BadProofFile("its first line is not " + std::string(kMagic));
  TlogProof proof;
  if (const auto extra = lines.Next("extra ")) {
    proof.extra = crypto::FromBase64(*extra);
    if (!proof.extra) return BadProofFile("its extra data is not base64");
  }
  const auto index = lines.Next("index ");
  const std::optional<std::uint64_t> number = index ? ParseNumber(*index) : std::nullopt;
  if (!number) return BadProofFile("no line says the index of the entry");
  proof.index = *number;
  for (auto line = lines.Next(); !line || !line->empty(); line = lines.Next()) {
    const std::optional<Digest> hash = line ? ParseHash(*line) : std::nullopt;
    if (!hash) return BadProofFile("its hashes are not lines of base64, ended by an empty line");
    if (proof.hashes.size() == kMaxProofHashes) return BadProofFile("it has too many hashes");
    proof.hashes.push_back(*hash);
  }
  ACCORD_ASSIGN_OR_RETURN(proof.checkpoint, Note::Parse(lines.rest()));
  return proof;
}

Result<Checkpoint> ProofVerifier::Verify(const TlogProof& proof, ByteView entry) {
  if (proof.checkpoint != last_) {
    ACCORD_ASSIGN_OR_RETURN(head_, policy_.Check(proof.checkpoint));
    last_ = proof.checkpoint;
  }
  if (!VerifyInclusion(crypto::MerkleLeaf(entry), proof.index, head_.size, head_.root, proof.hashes)) {
    return Fail(errors::kLogProof, "the entry is not at index " + std::to_string(proof.index) + " of " +
                                       Quoted(head_.origin) + " at size " + std::to_string(head_.size));
  }
  return head_;
}

}  // namespace accord::ledger
