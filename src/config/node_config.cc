#include "config/node_config.h"

#include <algorithm>
#include <set>

#include "accord/ids.h"
#include "base/text.h"
#include "config/schemas.h"

namespace accord::config {
namespace {

constexpr std::string_view kAnyPurpose = "*";
constexpr std::uint32_t kMaxCohort = 65'535;  // secagg.md 7.4

std::string CheckPurpose(const std::string& text) {
  return text == kAnyPurpose || IsName(text)
             ? ""
             : "\"" + Printable(text, 100) + "\" is neither \"*\" nor a purpose as jobs name it";
}

void CertificateKeys(Schema& s, NodeConfig::Certificate& certificate) {
  s.Key("certificate", FilePath(certificate.file),
        "its certificate, or the directory of it and its manifest: what differs from it is not trained on");
  s.Key("certified", FilePath(certificate.directory), "the directory that was certified");
  s.Key("certificate_keys", TextList(certificate.keys),
        "verifier keys of the member, as the charter has them; one of them has to have signed");
  s.Key("certificate_sample", Whole(certificate.sample, 0),
        "compare the content of so many files, drawn anew for each job; names and sizes of all; 0: all");
}

std::string CheckHash(const std::string& text) {
  return text.empty() || Digest::FromHex(text) ? "" : "it is not a SHA-256 in hex";
}

void DataSection(Schema& s, DatasetConfig& data, NodeConfig::Certificate& certificate) {
  s.Section({"data", data.id}, "A data set that jobs may name. Its bytes never leave this machine.");
  s.Key("format",
        Choice(data.format, {{"idx", std::string("idx")},
                             {"csv", std::string("csv")},
                             {"text", std::string("text")},
                             {"jsonl", std::string("jsonl")}}),
        "how the files are written", Need::kRequired);
  s.Key("path", FilePath(data.path),
        "csv: the file; idx: the file of images (gzip or not); text, jsonl: a file, or a directory of them",
        Need::kRequired);
  s.Key("labels", FilePath(data.labels), "idx: the file of labels");
  s.Key("eval_path", FilePath(data.eval_path), "hold-out in a file of its own, as `path`");
  s.Key("eval_labels", FilePath(data.eval_labels), "idx: labels of the hold-out");
  s.Key("holdout", Number(data.holdout, {0.0, 1.0, true, true}),
        "share of the examples held out, by a seeded shuffle, where there is no eval_path");
  s.Key("holdout_seed", Whole(data.holdout_seed, 0), "seed of that shuffle");
  s.Key("target", Text(data.target), "csv: the column to predict");
  s.Key("features", TextList(data.features), "csv: the columns to learn from; empty: all but the target");
  s.Key("missing", Text(data.missing), "csv: how a missing value is written");
  s.Key("positive_above", Number(data.positive_above, {}),
        "csv, models with one output: a target above this is class 1");
  s.Key("text_field", Text(data.text_field), "jsonl: the member with a document's text");
  s.Key("source_field", Text(data.source_field), "jsonl: the member that says where a document comes from");
  s.Key("holdout_sources", TextList(data.holdout_sources),
        "text, jsonl: documents from these sources are the hold-out; a text's source is its first directory "
        "below `path`, or its file");
  s.Key("tokenizer", FilePath(data.tokenizer),
        "text, jsonl: the SentencePiece model, for jobs that ask for it by its hash");
  s.Key("base", FilePath(data.base),
        "the frozen model, a file or a checkpoint's directory, for jobs with an adapter, which ask for it by "
        "its hash");
  s.Key("deduplicate", Bool(data.deduplicate), "text, jsonl: leave out documents that were seen before");
  CertificateKeys(s, certificate);
}

// By format, the keys that have a meaning in it alone.
struct FormatKeys {
  std::string_view format;
  std::vector<std::string_view> needed, own;
};
const std::vector<FormatKeys>& KeysOfFormats() {
  static const std::vector<FormatKeys> kAll = {
      {"idx", {"labels"}, {"labels", "eval_labels"}},
      {"csv", {"target"}, {"target", "features", "missing", "positive_above"}},
      {"text", {}, {"holdout_sources", "tokenizer", "deduplicate"}},
      {"jsonl", {}, {"holdout_sources", "tokenizer", "deduplicate", "text_field", "source_field"}}};
  return kAll;
}

// Keys that one format needs, or that mean nothing in it.
void CheckData(Schema& schema, const DatasetConfig& data) {
  const std::string section = JoinPath({"data", data.id});
  const auto path = [&](std::string_view key) { return section + "." + std::string(key); };
  if (!IsName(data.id))
    schema.Complain(section, "an id is 1 to 64 of a-z 0-9 - _ . beginning with a letter or digit");
  if (data.format.empty()) return;
  if (data.format == "idx" && schema.Has(path("eval_path")) != schema.Has(path("eval_labels"))) {
    schema.Complain(path("eval_path"), "eval_path and eval_labels go together");
  }
  const auto mine = std::ranges::find(KeysOfFormats(), data.format, &FormatKeys::format);
  for (const std::string_view key : mine->needed) {
    if (!schema.Has(path(key)))
      schema.Complain(path(key), "is missing, format \"" + data.format + "\" needs it");
  }
  for (const std::string_view key : {"certified", "certificate_keys"}) {
    if (schema.Has(path("certificate")) != schema.Has(path(key)))
      schema.Complain(path(key), "certificate, certified and certificate_keys go together");
  }
  std::set<std::string_view> foreign;
  for (const FormatKeys& other : KeysOfFormats()) foreign.insert(other.own.begin(), other.own.end());
  for (const std::string_view key : mine->own) foreign.erase(key);
  for (const std::string_view key : foreign) {
    if (schema.Has(path(key)))
      schema.Complain(path(key), "has no meaning with format \"" + data.format + "\"");
  }
}

}  // namespace

bool NodeConfig::Policy::AllowsPurpose(std::string_view purpose) const {
  return std::any_of(purposes.begin(), purposes.end(), [&](const std::string& allowed) {
    return allowed == kAnyPurpose || allowed == purpose;
  });
}

Schema NodeSchema(NodeConfig& config) {
  Schema s;
  s.Section({"node"}, "The worker itself.");
  s.Key("state", FilePath(config.node.state), "directory of identity, journal and checkpoints; also --state");
  s.Key("slots", Whole(config.node.slots, 1, 64),
        "training slots: jobs that train at the same time; others wait, by their priority");
  s.Key("threads", Whole(config.node.threads, 0, 4096),
        "threads of one training; 0: those of the machine, divided by the slots");
  s.Key("device",
        Choice(config.node.device, {{"auto", Device::kAuto}, {"cpu", Device::kCpu}, {"cuda", Device::kCuda}}),
        "where to train; auto: a GPU when there is one");
  s.Key("coordinator", Address(config.node.coordinator), "its address; empty: as learned when joining");
  s.Section({"data"},
            "The data sets of this nation: a section [data.ID] each. A job names an ID; what is not here "
            "is refused.");
  for (auto& [id, data] : config.data) DataSection(s, data, config.certificates[id]);
  s.Section({"policy"}, "What this nation takes part in. Nothing is allowed unless it is listed.");
  s.Key("allow_unmasked", Bool(config.policy.allow_unmasked),
        "take part in jobs with secure = \"off\", whose updates the coordinator can read");
  s.Key("allow_semi_honest", Bool(config.policy.allow_semi_honest),
        "take part in jobs with secure = \"semi-honest\", whose masks hold only if the coordinator does not "
        "lie");
  s.Key("max_jobs", Whole(config.policy.max_jobs, 1, 1'024), "most jobs that are open at this node at once");
  s.Key("min_cohort", Whole(config.policy.min_cohort, 3, kMaxCohort),
        "masked rounds: least nodes that mask together");
  s.Key("min_honest", Whole(config.policy.min_honest, 2, kMaxCohort),
        "masked rounds: least of them that are not assumed to be corrupt");
  s.Key("max_per_org", Whole(config.policy.max_per_org, 0, kMaxCohort),
        "masked rounds: most nodes of one organisation; 0: any number");
  s.Key("max_attempt", Whole(config.policy.max_attempt, 1, 1'000),
        "masked rounds: attempts of a round that this node answers");
  s.Key("purposes", TextList(config.policy.purposes, CheckPurpose),
        "purposes of jobs that are allowed; \"*\" allows any; empty: none");
  s.Section(
      {"workers"},
      "Several processes that train together, on one machine or more of one site. Which process is which "
      "is told by RANK and WORLD_SIZE, or by Slurm; the first one is the node.");
  s.Key("environment", Bool(config.workers.environment),
        "look there; false: this process trains alone, whatever started it");
  s.Key("interface", Text(config.workers.interface),
        "network interface between the processes, whose traffic is not encrypted; empty: GLOO_SOCKET_IFNAME, "
        "else loopback");
  s.Key("timeout", Duration(config.workers.timeout, Millis(1'000), Millis(86'400'000)),
        "how long another process is waited for: to come, and to take its part in a step");
  s.Key("key", FilePath(config.workers.key),
        "file of the processes' secret; absent: workers.key in the state directory, made by the node");
  s.Section({"governance"},
            "The charter under which members decide (docs/governance.md). Without it, jobs come from anybody "
            "whom the "
            "coordinator lets submit.");
  s.Key("genesis", Text(config.governance.genesis, "SHA-256 in hex", CheckHash),
        "SHA-256 of the first charter, as your member told you; not as the coordinator shows it");
  s.Key("member", Text(config.governance.member), "whose node this is, as the charter names it");
  s.Key("witness_key", FilePath(config.governance.witness_key),
        "the key with which this node cosigns the log for its member; empty: another node does");
  s.Key("policy", FilePath(config.governance.policy),
        "what this lab takes part in; configs/policy.toml is an example");
  s.Key("evaluate", Bool(config.governance.evaluate),
        "true: hold groups' sums against the hold-out here, in jobs whose groups are dealt anew each round; "
        "what comes "
        "out stays in the state directory until a person makes a report of it (accord attribution publish)");
  s.Key("powercap", Text(config.governance.powercap),
        "directory of the kernel's power capping framework, whose counters tell in receipts what energy "
        "training "
        "took; empty: receipts do not tell it");
  LogSection(s, config.log);
  return s;
}

// Either all that a charter needs, or nothing of it.
void CheckGovernance(Schema& schema, const NodeConfig::Governance& governance) {
  if (governance.genesis.empty()) {
    for (const std::string_view key : {"member", "witness_key", "policy", "evaluate"}) {
      const std::string path = "governance." + std::string(key);
      if (schema.Has(path)) schema.Complain(path, "has no meaning without governance.genesis");
    }
    return;
  }
  if (governance.member.empty())
    schema.Complain("governance.member", "is missing, governance.genesis needs it");
  if (governance.policy.empty())
    schema.Complain("governance.policy", "is missing, governance.genesis needs it");
}

Result<NodeConfig> LoadNodeConfig(const Sources& sources) {
  NodeConfig config;
  Document document = ReadSources(sources);
  for (const std::string& id : Ids(document, "data")) config.data[id].id = id;
  Schema schema = NodeSchema(config);
  ApplySources(schema, std::move(document));
  for (const auto& [id, data] : config.data) CheckData(schema, data);
  CheckGovernance(schema, config.governance);
  ACCORD_RETURN_IF_ERROR(schema.Finish(errors::kConfigInvalid, NameOf(sources)));
  return config;
}

std::string ShowConfig(const NodeConfig& config) {
  NodeConfig copy = config;
  NodeConfig defaults;
  for (const auto& [id, data] : config.data)
    defaults.data[id].id = id;  // their certificates come by themselves
  return NodeSchema(copy).Show(NodeSchema(defaults));
}

}  // namespace accord::config
