// What a federation's log says to people, entry by entry: who did what, which data are certified, which
// rounds were trained, which models released. All of it by signatures that counted at their place in the log
// (charter::Record::SignersAt); what nobody signed who may say it is noise here, too. Used by `accord log`,
// `accord data list` and the public site. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "accord/ids.h"
#include "accord/job_spec.h"
#include "base/text.h"
#include "charter/record.h"
#include "charter/release.h"
#include "dataset/catalogue.h"

namespace accord::publish {

using charter::kReleaseType;

// The first 12 hex digits, which name a proposal in every command.
[[nodiscard]] std::string Short(const Digest& id);
// "vote" of "application/vnd.accord.vote.v1+json"; of other types the type itself, made printable.
[[nodiscard]] std::string KindOf(const std::string& payload_type);

struct EntryView {
  std::uint64_t index = 0;
  std::string kind;               // KindOf; "noise" for what is no envelope
  Digest id;                      // SHA-256 of the payload
  std::set<std::string> signers;  // members
  bool counts = false;            // somebody signed it who may say it
  std::string words;              // "ke voted approve on 4be1c0d2aa01"
};
// The entry at `index`, which `record` has read.
[[nodiscard]] EntryView ViewOf(const charter::Record& record, std::uint64_t index, ByteView entry);

// The certificates of data that their own members signed, in the log's order; the first of several logs of
// one. Without descriptions: those are beside the log. Those that the newest charter revokes by now are
// marked.
[[nodiscard]] std::vector<dataset::CatalogueEntry> CatalogueOf(const charter::Record& record,
                                                               std::span<const Bytes> entries);

// Job files that are served beside the log, by the SHA-256 that proposals have of them.
using Plans = std::map<Digest, Bytes>;
// The jobs of those that can be read.
using Jobs = std::map<Digest, JobSpec>;
[[nodiscard]] Jobs JobsOf(const Plans& plans);
// What the proposal asks for; null where its job file is not among them.
[[nodiscard]] const JobSpec* JobOf(const Jobs& jobs, const charter::Proposal& proposal);

// A released model, as its members signed it.
struct Release {
  std::uint64_t index = 0;
  Digest id;
  std::set<std::string> signers;  // at least one
  Bytes payload;
};
[[nodiscard]] std::vector<Release> ReleasesOf(const charter::Record& record, std::span<const Bytes> entries);

}  // namespace accord::publish
