#include "ledger/note.h"

#include <optional>
#include <set>
#include <utility>

#include "base/check.h"
#include "base/codec.h"
#include "base/errors.h"
#include "crypto/base64.h"
#include "ledger/cosignature.h"
#include "ledger/lines.h"

namespace accord::ledger {
namespace {

constexpr std::string_view kDash = "\xE2\x80\x94 ";  // U+2014 and a space

Status BadNote(const std::string& why) {
  return Fail(errors::kNoteMalformed, "the note is malformed: " + why);
}

// UTF-8 without ASCII control characters but the newline.
bool IsNoteText(std::string_view text) {
  while (!text.empty()) {
    const std::optional<char32_t> c = TakeCharacter(text);
    if (!c || (*c < 0x20 && *c != '\n')) return false;
  }
  return true;
}

std::optional<NoteSignature> ParseSignature(std::string_view line) {
  const std::size_t space = line.find(' ');
  if (space == line.npos || !IsKeyName(line.substr(0, space))) return std::nullopt;
  const std::optional<Bytes> blob = crypto::FromBase64(line.substr(space + 1));
  if (!blob || blob->size() <= 4) return std::nullopt;
  return NoteSignature{.name = std::string(line.substr(0, space)),
                       .key_id = Reader(*blob).U32(),
                       .signature = Bytes(blob->begin() + 4, blob->end())};
}

}  // namespace

std::string NoteSignature::Format() const {
  Writer blob;
  blob.U32(key_id).Raw(signature);
  return std::string(kDash) + name + ' ' + crypto::ToBase64(blob.bytes()) + '\n';
}

Result<std::vector<NoteSignature>> Note::ParseSignatures(std::string_view text) {
  std::vector<NoteSignature> signatures;
  Lines lines(text);
  do {
    const std::optional<std::string_view> line = lines.Next(kDash);
    std::optional<NoteSignature> signature = line ? ParseSignature(*line) : std::nullopt;
    if (!signature) return BadNote("its signatures are not lines of a dash, a key name and base64");
    if (signatures.size() == kMaxSignatures) return BadNote("it has too many signatures");
    signatures.push_back(*std::move(signature));
  } while (!lines.rest().empty());
  return signatures;
}

Result<Note> Note::Parse(std::string_view bytes) {
  if (bytes.size() > kMaxNoteBytes) return BadNote("it is too long");
  if (!IsNoteText(bytes)) return BadNote("it is not UTF-8, or has control characters");
  const std::size_t end = bytes.rfind("\n\n");
  if (end == bytes.npos) return BadNote("no empty line stands between text and signatures");
  ACCORD_ASSIGN_OR_RETURN(std::vector<NoteSignature> signatures, ParseSignatures(bytes.substr(end + 2)));
  return Note{.text = std::string(bytes.substr(0, end + 1)), .signatures = std::move(signatures)};
}

std::string Note::Format() const {
  std::string bytes = text + '\n';
  for (const NoteSignature& signature : signatures) bytes += signature.Format();
  return bytes;
}

NoteSignature SignAsLog(const std::string& name, const crypto::Ed25519Key& key, std::string_view text) {
  ACCORD_CHECK(text.ends_with('\n') && IsNoteText(text));
  const VerifierKey known = LogKey(name, key.PublicKey());
  const crypto::Ed25519Signature signature = key.Sign(AsBytes(text));
  return {
      .name = name, .key_id = known.id(), .signature = Bytes(signature.bytes.begin(), signature.bytes.end())};
}

NoteSignature SignAsWitness(const std::string& name, const crypto::Ed25519Key& key, std::uint64_t time,
                            std::string_view text) {
  ACCORD_CHECK(text.ends_with('\n') && IsNoteText(text));
  const VerifierKey known = WitnessKey(name, key.PublicKey());
  return {.name = name, .key_id = known.id(), .signature = Cosignature::Sign(key, time, text).Encode()};
}

Result<std::vector<std::size_t>> CheckSignatures(const Note& note, std::span<const VerifierKey> known) {
  std::set<std::size_t> signers;
  for (const NoteSignature& signature : note.signatures) {
    for (std::size_t i = 0; i < known.size(); ++i) {
      if (!signature.IsBy(known[i])) continue;
      if (!known[i].Verify(note.text, signature.signature)) {
        return Fail(errors::kNoteSignature,
                    "the signature of " + Quoted(signature.name) + " is not over this note");
      }
      signers.insert(i);
    }
  }
  if (signers.empty()) return Fail(errors::kNoteUnsigned, "no known key has signed the note");
  return std::vector<std::size_t>(signers.begin(), signers.end());
}

}  // namespace accord::ledger
