// The head of a log (c2sp.org/tlog-checkpoint): the text of a note that says how many entries there are and
// what their tree's root is.
//
//   <origin>
//   <size>
//   <base64 of the root>
//   <extension lines, if any>
//
// Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "accord/ids.h"
#include "accord/status.h"
#include "ledger/note.h"
#include "ledger/vkey.h"

namespace accord::ledger {

struct Checkpoint {
  std::string origin;  // which log; not empty
  std::uint64_t size = 0;
  Digest root;
  std::vector<std::string> extensions;  // none empty

  // The text of the note. Empty lines, and newlines in them, are bugs.
  [[nodiscard]] std::string Format() const;
  // Strict: `checkpoint.malformed` unless the text is what Format() writes.
  [[nodiscard]] static Result<Checkpoint> Parse(std::string_view text);

  friend bool operator==(const Checkpoint&, const Checkpoint&) = default;
};

// The checkpoint in a note that the log has signed. `note.malformed`, `note.signature`, `note.unsigned`,
// `checkpoint.malformed`; `checkpoint.origin` when it is not of the log that `log` is named for.
[[nodiscard]] Result<Checkpoint> OpenCheckpoint(std::string_view note, const VerifierKey& log);
[[nodiscard]] Result<Checkpoint> OpenCheckpoint(const Note& note, const VerifierKey& log);

}  // namespace accord::ledger
