// The bodies of add-checkpoint, and what a witness answers (c2sp.org/tlog-witness). They are the same bytes
// over HTTP and as `bytes` of an RPC. Pure: the witness's state comes as an argument and goes as a result.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "accord/status.h"
#include "ledger/checkpoint.h"
#include "ledger/note.h"
#include "ledger/proof.h"
#include "ledger/vkey.h"

namespace accord::ledger {

// "old <size>\n", base64 hashes a line each, an empty line, the signed checkpoint.
struct AddCheckpoint {
  std::uint64_t old_size = 0;  // of the last head that the witness cosigned
  Proof proof;                 // of consistency from there
  Note checkpoint;

  [[nodiscard]] std::string Format() const;
  // Strict: `witness.request` unless the text is what Format() writes, `note.malformed` for the checkpoint.
  [[nodiscard]] static Result<AddCheckpoint> Parse(std::string_view text);

  friend bool operator==(const AddCheckpoint&, const AddCheckpoint&) = default;
};

// What a witness knows of a log.
struct WitnessedLog {
  std::vector<VerifierKey> keys;  // any of them signs for it
  TreeHead head;                  // the last one cosigned; size 0 at first
};

// The values are those of HTTP.
enum class WitnessVerdict : std::uint16_t {
  kCosign = 200,
  kMalformed = 400,  // no request, or older than it says it is
  kForbidden = 403,  // not signed by the log, or a signature of the log's fails
  kUnknownLog = 404,
  kConflict = 409,      // old_size is not that of the last head cosigned
  kInconsistent = 422,  // not a continuation of that head
};

struct WitnessDecision {
  WitnessVerdict verdict = WitnessVerdict::kMalformed;
  std::string why;  // of a refusal, for people
  // With kCosign: what to sign, and the state to have on the disk before.
  std::string text;
  TreeHead head;
  std::uint64_t known_size = 0;  // with kConflict: of the last head cosigned
  // The log has signed two heads of one size: request and state are evidence, keep both. With any verdict.
  bool split_view = false;

  // What a refusal sends; text/x.tlog.size for kConflict, else text/plain.
  [[nodiscard]] std::string Body() const;
};

// What to answer to the body of a request. `find` gives what is known of the log with this origin. State must
// not change between `find` and the commit of the decision's head: one transaction around both, and the
// signature after it (governance.md d).
[[nodiscard]] WitnessDecision DecideAddCheckpoint(
    std::string_view body, const std::function<std::optional<WitnessedLog>(std::string_view origin)>& find);

// Of the answer of a witness: its cosignatures of `text` by `witnesses`, with a time that is not 0. Those of
// others are left out. `note.malformed`, `note.signature`; `note.unsigned` when none is left.
[[nodiscard]] Result<std::vector<NoteSignature>> TakeCosignatures(std::string_view body,
                                                                  const std::string& text,
                                                                  std::span<const VerifierKey> witnesses);
// The size in the body of a conflict: `witness.request` when it is none.
[[nodiscard]] Result<std::uint64_t> ParseKnownSize(std::string_view body);
// Where a witness shows the last checkpoint it cosigned: "<hex of SHA-256(origin)>/checkpoint".
[[nodiscard]] std::string WitnessCheckpointPath(std::string_view origin);

}  // namespace accord::ledger
