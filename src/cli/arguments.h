// What a person typed, as values. grammar.h is the only header that includes CLI11.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "accord/clock.h"
#include "accord/status.h"
#include "cli/plan_options.h"
#include "cli/session.h"

namespace accord::cli {

struct JobSubmit {
  std::string file;
  bool watch = false;
};
struct JobValidate {
  std::string file;
  bool offline = false;
};
struct JobList {};
struct JobShow {
  std::string job;
};
struct JobExplain {
  std::string job;
};
struct JobWatch {
  std::string job;
};
struct JobWait {
  std::string job;
  std::optional<Millis> timeout;
};
struct JobLogs {
  std::string job;
  bool follow = false;
};
struct JobSamples {
  std::string job;
  std::string tokenizer;
  std::string base;  // as of ModelGenerate
  bool follow = false;
};
struct JobCancel {
  std::string job;
  std::string reason;
};
struct JobPause {
  std::string job;
};
struct JobResume {
  std::string job;
  bool free = false;
};
struct JobClone {
  std::string job;
  std::string out;  // empty: submit it
  bool watch = false;
};
struct JobRetry {
  std::string job;
  bool watch = false;
};
struct ModelList {};
struct ModelDownload {
  std::string model;  // job, or hash of a model
  std::string out;
  bool force = false;
};
struct ModelGenerate {
  std::string model;  // job, hash of a model, or a file
  std::string plan;   // the job file of a file
  std::string tokenizer;
  std::string base;  // the frozen model of a job with an adapter
  std::string prompt;
  std::string tokens, temperature, top_k, top_p, seed;  // empty: the helper's own defaults
};
struct ModelExport {
  std::string model;  // as of ModelGenerate
  std::string plan;
  std::string tokenizer;
  std::string base;
  bool adapter = false;  // alone, without the frozen model
  std::string format = "gguf";
  std::string type = "f32";
  std::string pieces;  // of a vocabulary; empty: all
  std::string out;
};
struct ModelCard {
  std::string job;
  std::string worth;  // a file of what labs published: accord-sim eval --json
  std::string out;    // empty: to standard output
};
struct ModelBundle {
  std::string job, out;
  std::string key, passphrase_file;                  // of the member
  std::string release_key, release_passphrase_file;  // on P-256
  std::vector<std::string> certificates;             // of data sets, with their descriptions
};
struct ModelEndorse {
  std::string bundle, key, passphrase_file;
  std::string charter;  // SHA-256 of the first one; empty: as pinned for the context
};
struct ModelRelease {
  std::string bundle, key, passphrase_file, charter;
};
struct ModelVerify {
  std::string bundle, charter;
  bool log = false;  // also ask the coordinator's log whether it was released
};
struct NodeList {};
struct NodeShow {
  std::string node;
};
struct MemberInvite {
  std::string name;
  std::string role;
  Millis ttl{3'600'000};
};
struct MemberList {};
struct MemberSuspend {
  std::string member;  // name, or SPIFFE id
};
struct MemberRestore {
  std::string member;
};
struct MemberRegistry {};
struct Join {
  std::string token;  // "-": from standard input
};
struct ContextList {};
struct ContextUse {
  std::string name;
};
struct ContextShow {
  std::string name;  // empty: the one in force
};
struct ContextRemove {
  std::string name;
};
struct KeyCreate {
  std::string name;  // of the key, as charters and signatures have it
  std::string out;
  std::string kind = "ed25519";
  std::string pkcs11;           // the URI of a key in a token; empty: one is made
  std::string passphrase_file;  // empty: the terminal
};
struct KeyShow {
  std::string file;
};
struct DataCertify {
  std::string directory;
  std::string member;
  std::string dataset;          // the member's own word for it
  std::string key;              // file
  std::string passphrase_file;  // empty: the terminal
  std::string about;            // the description, as TOML; empty: it is asked for
  std::string schema;           // a file that describes a record
  std::string supersedes;       // the certificate before
  std::string out;              // empty: DIR.certificate
};
struct DataVerify {
  std::string certificate;  // file, or its directory
  std::string directory;
  std::vector<std::string> keys;  // verifier keys, one of which has to have signed
  std::string manifest;           // empty: beside the certificate
  std::optional<std::uint64_t> sample;
};
struct DataShow {
  std::string certificate;
};
struct DataSubmit {
  std::string certificate;  // file, or its directory
};
struct DataList {
  std::string language, modality, license, purpose, member, text;  // empty: any
};
struct CharterInit {
  std::string out = "charter.toml";
  std::string federation, member, key, passphrase_file, witness;
  std::string release_key;  // file; empty: the member has none yet
  std::string ca;           // PEM file of the member's own; empty: the coordinator's
  bool solo = false;        // sign and submit it, too
};
struct CharterSign {
  std::string file;  // a draft (.toml), or what others have signed
  std::string out;   // empty: the file, with .json
  std::string key, passphrase_file;
  bool amends = false;  // the draft follows the log's newest version
};
struct CharterCheck {
  std::string file;
  bool amends = false;
};
struct CharterSubmit {
  std::string file;
};
struct CharterShow {
  bool toml = false;
};
struct CharterPin {
  std::string hash;
};
struct ProposalCreate {
  std::string file, start, key, passphrase_file;
  std::vector<std::string> data;  // MEMBER=sha256:HEX
  std::vector<std::string> recipients{"public"};
  std::string license = "Apache-2.0";
  std::uint64_t days = 30, max_wall_s = 86'400, max_mem_mb = 16'384;
  bool gpu = false;
};
struct ProposalList {};
struct ProposalShow {
  std::string proposal;
};
struct ProposalVote {
  std::string proposal, decision, key, passphrase_file;
  std::uint64_t days = 30;
};
struct LogKey {};
struct LogShow {};
struct LogVerify {
  std::string directory, charter;  // of a copy, and what it has to begin with; empty: the coordinator's
};
struct LogWatch {
  std::optional<std::uint64_t> from;  // the first entry to tell; none: those that come
  Millis every{2'000};
};
struct LogProof {
  std::uint64_t index = 0;
  std::string out;
};
struct AttributionReport {
  std::string job;
};
struct AttributionPublish {
  std::string worth, key, passphrase_file;
};
struct Publish {
  std::string out;    // the directory
  std::string texts;  // a translation; empty: English
  bool print_texts = false;
};
struct PlanTraining {
  std::vector<std::string> values = std::vector<std::string>(PlanOptions().size());  // "": not given
  bool explain = false;
};
struct Completion {
  std::string shell;
};
struct Version {};
struct Help {
  std::string text;
};
using Command =
    std::variant<Help, JobSubmit, JobValidate, JobList, JobShow, JobExplain, JobWatch, JobWait, JobLogs,
                 JobSamples, JobCancel, JobPause, JobResume, JobClone, JobRetry, ModelList, ModelDownload,
                 ModelGenerate, ModelExport, ModelCard, ModelBundle, ModelEndorse, ModelRelease, ModelVerify,
                 NodeList, NodeShow, MemberInvite, MemberList, MemberSuspend, MemberRestore, MemberRegistry,
                 Join, ContextList, ContextUse, ContextShow, ContextRemove, KeyCreate, KeyShow, DataCertify,
                 DataVerify, DataShow, DataSubmit, DataList, CharterInit, CharterSign, CharterCheck,
                 CharterSubmit, CharterShow, CharterPin, ProposalCreate, ProposalList, ProposalShow,
                 ProposalVote, LogKey, LogShow, LogVerify, LogWatch, LogProof, AttributionReport,
                 AttributionPublish, Publish, PlanTraining, Completion, Version>;

struct Arguments {
  GlobalOptions options;
  Command command;
};

// `arguments` without the program's name. `cli.usage` says what is wrong and, where it can, what was meant.
[[nodiscard]] Result<Arguments> ParseArguments(const std::vector<std::string>& arguments);

// The commands as a tree, for completion.
struct Option {
  std::string name;  // "--json"
  std::string help;
  bool takes_value = false;
  bool is_file = false;
  std::vector<std::string> choices;  // of the value
};
struct CommandNode {
  std::string name;
  std::string help;
  std::vector<Option> options;
  std::vector<std::string> choices;  // of the first positional
  bool takes_file = false;           // the first positional is a file
  std::vector<CommandNode> children;
};
[[nodiscard]] CommandNode CommandTree();

}  // namespace accord::cli
