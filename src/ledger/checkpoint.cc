#include "ledger/checkpoint.h"

#include <optional>
#include <span>

#include "base/check.h"
#include "base/errors.h"
#include "ledger/lines.h"

namespace accord::ledger {
namespace {

Status BadCheckpoint(const std::string& why) {
  return Fail(errors::kCheckpointMalformed, "the checkpoint is malformed: " + why);
}

bool IsLine(std::string_view text) { return !text.empty() && text.find('\n') == text.npos; }

}  // namespace

std::string Checkpoint::Format() const {
  ACCORD_CHECK(IsLine(origin) && size <= kMaxNumber);
  std::string text = origin + '\n' + std::to_string(size) + '\n' + FormatHash(root) + '\n';
  for (const std::string& extension : extensions) {
    ACCORD_CHECK(IsLine(extension));
    text += extension + '\n';
  }
  return text;
}

Result<Checkpoint> Checkpoint::Parse(std::string_view text) {
  Lines lines(text);
  const auto origin = lines.Next();
  const auto size = lines.Next();
  const auto root = lines.Next();
  if (!origin || !size || !root) return BadCheckpoint("it has less than three lines");
  if (origin->empty()) return BadCheckpoint("it names no log");
  const std::optional<std::uint64_t> number = ParseNumber(*size);
  if (!number) return BadCheckpoint(Quoted(*size) + " is not a size");
  const std::optional<Digest> hash = ParseHash(*root);
  if (!hash) return BadCheckpoint(Quoted(*root) + " is not the base64 of a SHA-256");
  Checkpoint checkpoint{.origin = std::string(*origin), .size = *number, .root = *hash, .extensions = {}};
  while (!lines.rest().empty()) {
    const auto extension = lines.Next();
    if (!extension || extension->empty()) return BadCheckpoint("an extension line is empty, or does not end");
    checkpoint.extensions.emplace_back(*extension);
  }
  return checkpoint;
}

Result<Checkpoint> OpenCheckpoint(const Note& note, const VerifierKey& log) {
  ACCORD_RETURN_IF_ERROR(CheckSignatures(note, std::span(&log, 1)).status());
  ACCORD_ASSIGN_OR_RETURN(Checkpoint checkpoint, Checkpoint::Parse(note.text));
  if (checkpoint.origin != log.name()) {
    return Fail(errors::kCheckpointOrigin,
                "the checkpoint is of " + Quoted(checkpoint.origin) + ", not of " + Quoted(log.name()));
  }
  return checkpoint;
}

Result<Checkpoint> OpenCheckpoint(std::string_view bytes, const VerifierKey& log) {
  ACCORD_ASSIGN_OR_RETURN(const Note note, Note::Parse(bytes));
  return OpenCheckpoint(note, log);
}

}  // namespace accord::ledger
