// What a node holds on to of its federation's charter and log, over restarts, so that neither ever goes back.
// One file of the state directory, which one process has locked:
//
//   <state>/log.pin    genesis, version and hash of the charter, size and root of the log, and the head
//   cosigned last <state>/evidence/  heads of the log that contradict each other, as they came: while there
//   is one, nothing is trained
#pragma once

#include <filesystem>
#include <string>

#include "accord/status.h"
#include "base/text.h"
#include "charter/admission.h"

namespace accord::node {

struct LogPin {
  charter::Pinned pinned;
  std::string checkpoint;  // the signed note that was cosigned last; empty: none
};

// Where it is kept: it is there once a node has run under a charter.
[[nodiscard]] std::filesystem::path LogPinFile(const std::filesystem::path& state);

[[nodiscard]] Bytes Encode(const LogPin& pin);
// `store.corrupt`.
[[nodiscard]] Result<LogPin> DecodeLogPin(ByteView bytes);

// The pin of this federation and member; a fresh one where there is no file. `charter.genesis` when the file
// is of another federation, `store.corrupt`.
[[nodiscard]] Result<LogPin> LoadLogPin(const std::filesystem::path& state, const Digest& genesis,
                                        const std::string& member);
// Durable when it returns.
[[nodiscard]] Status SaveLogPin(const std::filesystem::path& state, const LogPin& pin);

// Keeps what proves that somebody is shown another log, durably: each text in a file of its own.
[[nodiscard]] Status KeepEvidence(const std::filesystem::path& state, std::string_view known,
                                  std::string_view shown);
// `log.split` while there is evidence that no person of the lab has put aside.
[[nodiscard]] Status CheckNoEvidence(const std::filesystem::path& state);

}  // namespace accord::node
