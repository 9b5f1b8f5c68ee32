// Signed notes (c2sp.org/signed-note): a text and who signed it.
//
//   <text, its last line ended>
//   <empty line>
//   — <key name> <base64 of key id and signature>     one or more
//
// The text of a note means nothing before CheckSignatures has said who stands for it. Pure.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "accord/status.h"
#include "base/text.h"
#include "crypto/ed25519.h"
#include "ledger/vkey.h"

namespace accord::ledger {

// More than a quorum of the largest federation needs; the format asks for at least 16 signatures.
inline constexpr std::size_t kMaxNoteBytes = 1 << 20;
inline constexpr std::size_t kMaxSignatures = 1'000;

struct NoteSignature {
  std::string name;  // of the key
  std::uint32_t key_id = 0;
  Bytes signature;  // what follows the key id; not empty

  // "— <name> <base64>\n".
  [[nodiscard]] std::string Format() const;
  [[nodiscard]] bool IsBy(const VerifierKey& key) const { return key_id == key.id() && name == key.name(); }

  friend bool operator==(const NoteSignature&, const NoteSignature&) = default;
};

struct Note {
  std::string text;  // ends with a newline
  std::vector<NoteSignature> signatures;

  // Strict: `note.malformed` unless the bytes are what Format() writes. Verifies nothing.
  [[nodiscard]] static Result<Note> Parse(std::string_view bytes);
  // Lines of signatures alone, one or more: what a witness answers.
  [[nodiscard]] static Result<std::vector<NoteSignature>> ParseSignatures(std::string_view lines);
  [[nodiscard]] std::string Format() const;

  friend bool operator==(const Note&, const Note&) = default;
};

// The signature of a log, and of a witness at `time` (Unix seconds), over a text. The name is a bug unless
// IsKeyName, the text unless it could stand in a note.
[[nodiscard]] NoteSignature SignAsLog(const std::string& name, const crypto::Ed25519Key& key,
                                      std::string_view text);
[[nodiscard]] NoteSignature SignAsWitness(const std::string& name, const crypto::Ed25519Key& key,
                                          std::uint64_t time, std::string_view text);

// Which of the `known` keys signed the note: their places in the span, ascending, each once. Signatures by
// other keys are as if they were not there. `note.signature` when one by a known key does not verify,
// `note.unsigned` when there is none by a known key.
[[nodiscard]] Result<std::vector<std::size_t>> CheckSignatures(const Note& note,
                                                               std::span<const VerifierKey> known);

}  // namespace accord::ledger
