#include "ledger/policy.h"

#include <algorithm>
#include <set>
#include <utility>

#include "base/check.h"
#include "base/errors.h"
#include "ledger/lines.h"

namespace accord::ledger {
namespace {

constexpr std::string_view kNone = "none";

// The words of a line; none of an empty line or a comment.
std::vector<std::string_view> Words(std::string_view line) {
  constexpr std::string_view kSpace = " \t";
  std::vector<std::string_view> words;
  for (;;) {
    line.remove_prefix(std::min(line.find_first_not_of(kSpace), line.size()));
    if (line.empty() || (words.empty() && line.front() == '#')) return words;
    words.push_back(line.substr(0, line.find_first_of(kSpace)));
    line.remove_prefix(words.back().size());
  }
}

bool IsPolicyText(std::string_view text) {
  return std::ranges::all_of(text, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte == '\t' || byte == '\n' || (byte >= 0x20 && byte != 0x7F);
  });
}

}  // namespace

// Fills a policy line by line. Each method takes the words of one kind of line.
class PolicyParser {
 public:
  Result<Policy> Parse(std::string_view text) {
    if (text.size() > Policy::kMaxBytes) return Wrong("the policy is too long");
    if (!IsPolicyText(text)) return Wrong("the policy has control characters");
    for (Lines lines(text); !lines.rest().empty();) {
      ++line_;
      const auto line = lines.Next();
      if (!line) return Wrong("the line does not end");
      ACCORD_RETURN_IF_ERROR(Take(Words(*line)));
    }
    if (!quorum_) return Wrong("no line says the quorum");
    policy_.logs_ = logs_.size();
    policy_.keys_ = std::move(logs_);
    policy_.keys_.insert(policy_.keys_.end(), witnesses_.begin(), witnesses_.end());
    return std::move(policy_);
  }

 private:
  using WordList = std::span<const std::string_view>;

  [[nodiscard]] Status Wrong(const std::string& why) const {
    return Fail(errors::kLogPolicy, "line " + std::to_string(line_) + ": " + why);
  }

  Status Take(WordList words) {
    if (words.empty()) return {};
    const std::string_view kind = words.front();
    words = words.subspan(1);
    if (kind == "log") return TakeLog(words);
    if (kind == "witness") return TakeWitness(words);
    if (kind == "group") return TakeGroup(words);
    if (kind == "quorum") return TakeQuorum(words);
    return Wrong(Quoted(kind) + " is none of log, witness, group and quorum");
  }

  Status TakeLog(WordList words) {
    if (words.empty() || words.size() > 2) return Wrong("a log has a verifier key, and perhaps a URL");
    ACCORD_ASSIGN_OR_RETURN(VerifierKey key, VerifierKey::Parse(words[0]));
    if (key.type() == KeyType::kCosignature) return Wrong("the key is one of a witness");
    ACCORD_RETURN_IF_ERROR(CheckNew(key));
    if (logs_.size() == Policy::kMaxParties) return Wrong("there are too many logs");
    logs_.push_back(std::move(key));
    return {};
  }

  Status TakeWitness(WordList words) {
    if (words.size() < 2 || words.size() > 3)
      return Wrong("a witness has a name, a verifier key, and perhaps a URL");
    ACCORD_ASSIGN_OR_RETURN(VerifierKey key, VerifierKey::Parse(words[1]));
    if (key.type() != KeyType::kCosignature) return Wrong("the key is not one of a witness");
    ACCORD_RETURN_IF_ERROR(CheckNew(key));
    ACCORD_RETURN_IF_ERROR(
        Define({.name = std::string(words[0]), .witness = witnesses_.size(), .members = {}}));
    witnesses_.push_back(std::move(key));
    return {};
  }

  Status TakeGroup(WordList words) {
    if (words.size() < 3) return Wrong("a group has a name, a threshold and members");
    Policy::Party group{.name = std::string(words[0]), .witness = {}, .members = {}};
    const std::string_view threshold = words[1];
    const WordList members = words.subspan(2);
    for (const std::string_view name : members) {
      const std::optional<std::size_t> member = Find(name);
      if (!member) return Wrong(Quoted(name) + " is not defined before this line");
      if (!in_groups_.insert(*member).second) return Wrong(Quoted(name) + " is a member already");
      group.members.push_back(*member);
    }
    const std::optional<std::uint64_t> count = threshold == "any"   ? 1
                                               : threshold == "all" ? members.size()
                                                                    : ParseNumber(threshold);
    if (!count || *count < 1 || *count > members.size()) {
      return Wrong(Quoted(threshold) + " of " + std::to_string(members.size()) + " members is no threshold");
    }
    group.threshold = static_cast<std::size_t>(*count);
    return Define(std::move(group));
  }

  Status TakeQuorum(WordList words) {
    if (words.size() != 1) return Wrong("the quorum has one name");
    if (std::exchange(quorum_, true)) return Wrong("the quorum is said twice");
    if (words[0] == kNone) return {};
    policy_.quorum_ = Find(words[0]);
    return policy_.quorum_ ? Status() : Wrong(Quoted(words[0]) + " is not defined before this line");
  }

  Status CheckNew(const VerifierKey& key) const {
    const auto same = [&key](const VerifierKey& other) { return key.SameKey(other); };
    const bool old = std::ranges::any_of(logs_, same) || std::ranges::any_of(witnesses_, same);
    return old ? Wrong("the key is on an earlier line, too") : Status();
  }

  Status Define(Policy::Party party) {
    if (party.name == kNone || Find(party.name)) return Wrong(Quoted(party.name) + " has a meaning already");
    if (policy_.parties_.size() == Policy::kMaxParties)
      return Wrong("there are too many witnesses and groups");
    policy_.parties_.push_back(std::move(party));
    return {};
  }

  [[nodiscard]] std::optional<std::size_t> Find(std::string_view name) const {
    const auto found = std::ranges::find(policy_.parties_, name, &Policy::Party::name);
    if (found == policy_.parties_.end()) return std::nullopt;
    return static_cast<std::size_t>(found - policy_.parties_.begin());
  }

  Policy policy_;
  std::vector<VerifierKey> logs_, witnesses_;
  std::set<std::size_t> in_groups_;
  bool quorum_ = false;
  std::size_t line_ = 0;
};

Result<Policy> Policy::Parse(std::string_view text) { return PolicyParser().Parse(text); }

Result<Checkpoint> Policy::Check(const Note& note) const {
  ACCORD_ASSIGN_OR_RETURN(const std::vector<std::size_t> signers, CheckSignatures(note, keys_));
  if (signers.empty() || signers.front() >= logs_) {
    return Fail(errors::kNoteUnsigned, "no log of the policy has signed the checkpoint");
  }
  ACCORD_ASSIGN_OR_RETURN(Checkpoint checkpoint, Checkpoint::Parse(note.text));
  const bool own = std::ranges::any_of(
      signers, [&](std::size_t i) { return i < logs_ && keys_[i].name() == checkpoint.origin; });
  if (!own) {
    return Fail(errors::kCheckpointOrigin, "the checkpoint of " + Quoted(checkpoint.origin) +
                                               " is signed by " + Quoted(keys_[signers.front()].name()));
  }
  if (!Satisfied(signers)) {
    std::string who;
    for (const std::size_t i : signers) who += i < logs_ ? "" : ' ' + keys_[i].name();
    return Fail(errors::kLogQuorum, "the checkpoint of " + Quoted(checkpoint.origin) + " at size " +
                                        std::to_string(checkpoint.size) + " is cosigned by" +
                                        (who.empty() ? " nobody" : Printable(who)));
  }
  return checkpoint;
}

bool Policy::Satisfied(std::span<const std::size_t> signers) const {
  if (!quorum_) return true;
  std::vector<bool> satisfied;  // by place in parties_: members come before their groups
  for (const Party& party : parties_) {
    satisfied.push_back(party.witness ? std::ranges::binary_search(signers, logs_ + *party.witness)
                                      : static_cast<std::size_t>(std::ranges::count_if(
                                            party.members, [&](std::size_t i) { return satisfied[i]; })) >=
                                            party.threshold);
  }
  return satisfied[*quorum_];
}

std::string FormatPolicy(const VerifierKey& log, std::span<const NamedWitness> witnesses,
                         std::size_t threshold) {
  std::string text = "log " + log.Format() + '\n';
  if (witnesses.empty()) return text + "quorum none\n";
  ACCORD_CHECK(threshold >= 1 && threshold <= witnesses.size());
  std::string group = "group witnesses " + std::to_string(threshold);
  for (const NamedWitness& witness : witnesses) {
    text += "witness " + witness.name + ' ' + witness.key.Format() + '\n';
    group += ' ' + witness.name;
  }
  return text + group + "\nquorum witnesses\n";
}

}  // namespace accord::ledger
