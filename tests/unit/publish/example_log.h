// A federation's log as tests make it, entry by entry, with a head that its witnesses cosigned.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "charter/receipt.h"
#include "charter/record.h"
#include "charter/release.h"
#include "charter/round_commit.h"
#include "crypto/merkle.h"
#include "dataset/croissant.h"
#include "ledger/checkpoint.h"
#include "ledger/growing_tree.h"
#include "tests/unit/charter/fixture.h"
#include "tests/unit/dataset/examples.h"

namespace accord::publish {

using charter::kDay, charter::kNow;

inline constexpr std::string_view kExamplePlan = R"(version = 1
name = "digits"
purpose = "public-health"
model = { kind = "mlp", input = [784], hidden = [64], classes = 10 }
data = { dataset = "digits" }
inner = { lr = 0.05, local_steps = 5, batch = 32 }
update = { max_examples = 2000 }
[round]
count = 2
min_nodes = 3
min_survivors = 3
max_wait = "5m"
)";

inline Bytes EntryOf(const ledger::Envelope& envelope) {
  const std::string text = ledger::EncodeEnvelope(envelope);
  return {text.begin(), text.end()};
}

struct ExampleLog {
  charter::Charter charter = charter::CharterOf();
  std::vector<Bytes> entries;
  charter::Record record;

  // An entry, whatever it says; its place.
  std::uint64_t Add(Bytes entry) {
    (void)record.Add(entry);
    entries.push_back(std::move(entry));
    return entries.size() - 1;
  }
  std::uint64_t Add(const ledger::Envelope& envelope) { return Add(EntryOf(envelope)); }
  // The first charter, signed by all.
  Digest Begin() {
    const ledger::Envelope first = charter::Signed(charter, charter::All(charter));
    Add(first);
    return first.Id();
  }
  // `next` with the number and the predecessor that it needs, signed by all.
  void Amend(charter::Charter next) {
    next.version = static_cast<std::uint32_t>(record.chain().size()) + 1;
    next.prev = record.chain().back().hash;
    Add(charter::Signed(next, charter::All(next)));
  }
  Digest Propose(std::uint8_t nonce = 7, const std::string& signer = "ke", std::string_view plan = "plan") {
    charter::Proposal proposal = charter::ProposalOf(record.chain().back().hash);
    proposal.nonce = {nonce};
    proposal.plan = crypto::Sha256::Of(plan);
    const auto envelope = charter::Signed(charter::kProposalType, Encode(proposal), {signer});
    Add(envelope);
    return envelope.Id();
  }
  std::uint64_t Vote(const Digest& job, const std::string& voter, bool approve = true,
                     const std::string& signer = "") {
    const charter::Version& under = record.chain().back();
    const charter::Vote vote{.federation = charter.federation,
                             .job = job,
                             .charter = under.hash,
                             .charter_version = under.charter.version,
                             .voter = voter,
                             .approve = approve,
                             .nonce = {static_cast<std::uint8_t>(approve)},
                             .issued_at = kNow - 60,
                             .expires_at = kNow + kDay};
    return Add(charter::Signed(charter::kVoteType, Encode(vote), {signer.empty() ? voter : signer}));
  }
  Digest Certify(const dataset::Certificate& certificate, const std::string& signer) {
    const auto envelope = charter::Signed(dataset::kCertificateType, Encode(certificate), {signer});
    Add(envelope);
    return envelope.Id();
  }
  // Signed by the log's own key.
  std::uint64_t Commit(const Digest& job, std::uint64_t round) {
    const auto model = [&](std::uint64_t of) {
      return of == 0 ? record.matters().at(job).proposal.init
                     : crypto::Sha256::Of("model " + std::to_string(of));
    };
    const charter::RoundCommit commit{
        .job = job,
        .round = round,
        .model_in = model(round - 1),
        .model_out = model(round),
        .cohort = {"spiffe://be.fed.example/node/a", "spiffe://ke.fed.example/node/nairobi-1"},
        .dropped = {"spiffe://rw.fed.example/node/kigali"},
        .receipts_root = crypto::Sha256::Of("receipts"),
        .time = kNow + round};
    ledger::Envelope envelope{std::string(charter::kRoundCommitType), Encode(commit), {}};
    Sign(envelope, charter::KeyOf("log"), KeyIdOf(*charter.log));
    return Add(envelope);
  }
  // The model that this round ended with.
  std::uint64_t Release(const Digest& job, std::uint64_t round, const std::vector<std::string>& signers) {
    const charter::ModelRelease release{.job = job,
                                        .model = crypto::Sha256::Of("model " + std::to_string(round)),
                                        .signature = crypto::Sha256::Of("signature"),
                                        .provenance = crypto::Sha256::Of("provenance"),
                                        .time = kNow - 120};
    return Add(charter::Signed(charter::kReleaseType, Encode(release), signers));
  }
  // The head of the first `size` entries, cosigned at `time` and the seconds after it.
  [[nodiscard]] ledger::Note Head(std::size_t size, const std::vector<std::string>& witnesses,
                                  std::uint64_t time = kNow) const {
    ledger::GrowingTree tree;
    for (std::size_t i = 0; i < size; ++i) tree.Add(crypto::MerkleLeaf(entries[i]));
    const ledger::Checkpoint head{charter.log_origin, size, tree.Head().root, {}};
    ledger::Note note{head.Format(), {}};
    note.signatures.push_back(ledger::SignAsLog(charter.log->name(), charter::KeyOf("log"), note.text));
    for (const std::string& id : witnesses) {
      note.signatures.push_back(ledger::SignAsWitness("fed.example/witness/" + id,
                                                      charter::KeyOf("witness " + id), time++, note.text));
    }
    return note;
  }
  [[nodiscard]] ledger::Note Head() const { return Head(entries.size(), {"be", "ke", "np", "pe"}); }
};

}  // namespace accord::publish
