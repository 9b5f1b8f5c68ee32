// What members gave, out of what their nodes signed.
#include "charter/contributions.h"

#include "ledger/dsse.h"
#include "tests/unit/charter/fixture.h"

namespace accord::charter {
namespace {

const Digest kJob = crypto::Sha256::Of("job"), kIn = crypto::Sha256::Of("in"),
             kData = crypto::Sha256::Of("data ke");

std::string NodeOf(const std::string& member, const std::string& name) {
  return "spiffe://" + member + ".fed.example/node/" + name;
}

struct ContributionsTest : ::testing::Test {
  ContributionsTest() {
    for (const std::string& node : nodes) keys[node] = KeyOf(node).PublicKey();
  }
  [[nodiscard]] Receipt ReceiptOf(const std::string& node, std::uint64_t round) const {
    return {.job = kJob,
            .round = round,
            .member = node.substr(9, 2),
            .node = node,
            .dataset = node.substr(9, 2) == "ke" ? std::optional(kData) : std::nullopt,
            .model_in = kIn,
            .local_steps = 10,
            .wall_s = 3,
            .epsilon_spent_milli = 2,
            .time = kNow,
            .bytes = 1'000,
            .energy_j = node == nodes[1] ? std::optional(55U) : std::nullopt};
  }
  [[nodiscard]] std::string Signed(const Receipt& receipt, const std::string& by = "") const {
    ledger::Envelope envelope{std::string(kReceiptType), Encode(receipt), {}};
    Sign(envelope, KeyOf(by.empty() ? receipt.node : by), "");
    return EncodeEnvelope(envelope);
  }
  [[nodiscard]] std::vector<std::string> Receipts(std::uint64_t round) const {
    std::vector<std::string> receipts;
    for (const std::string& node : nodes) receipts.push_back(Signed(ReceiptOf(node, round)));
    return receipts;
  }
  [[nodiscard]] RoundCommit CommitOf(const std::vector<std::string>& receipts, std::uint64_t round) const {
    return {.job = kJob,
            .round = round,
            .model_in = kIn,
            .cohort = nodes,
            .receipts_root = ReceiptsRoot(receipts),
            .time = kNow};
  }
  [[nodiscard]] std::string Error(const std::vector<std::string>& receipts) const {
    Contributions sums(keys, charter);
    const std::string error(sums.Add(CommitOf(receipts, 1), 0, receipts).error());
    EXPECT_EQ(sums.all().empty(), !error.empty());
    return error;
  }

  std::vector<std::string> nodes{NodeOf("ke", "kisumu"), NodeOf("ke", "nairobi"), NodeOf("rw", "kigali")};
  NodeKeys keys;
  Charter charter = CharterOf();
};

TEST_F(ContributionsTest, AreSummedByMember) {
  Contributions sums(keys, charter);
  for (const std::uint64_t round : {1, 2})
    ASSERT_TRUE(sums.Add(CommitOf(Receipts(round), round), round, Receipts(round)).ok());
  const Contribution ke{.rounds = 2,
                        .updates = 4,
                        .steps = 40,
                        .wall_s = 12,
                        .epsilon_spent_milli = 8,
                        .bytes = 4'000,
                        .energy_j = 110,
                        .energy_known = 2,
                        .nodes = {nodes[0], nodes[1]},
                        .datasets = {kData}};
  EXPECT_EQ(sums.all().at("ke"), ke);
  EXPECT_EQ(sums.all().at("rw").updates, 2U);
  EXPECT_TRUE(sums.all().at("rw").datasets.empty());
}

TEST_F(ContributionsTest, ReceiptsAreThoseOfTheLog) {
  Contributions sums(keys, charter);
  std::vector<std::string> receipts = Receipts(1);
  const RoundCommit commit = CommitOf(receipts, 1);
  receipts.pop_back();
  EXPECT_EQ(sums.Add(commit, 0, receipts).error(), "receipt.omitted");
  receipts = Receipts(1);
  Receipt more = ReceiptOf(nodes[2], 1);
  more.local_steps = 1'000;
  receipts[2] = Signed(more);
  EXPECT_EQ(sums.Add(commit, 0, receipts).error(), "receipt.omitted");
  EXPECT_TRUE(sums.all().empty());
}

// A coordinator writes the root: what it is over has to hold for itself.
TEST_F(ContributionsTest, ReceiptsAreOfTheirNodesAndTheRound) {
  std::vector<std::string> receipts = Receipts(1);
  EXPECT_EQ(Error(receipts), "");
  receipts[0] = Signed(ReceiptOf(nodes[0], 1), nodes[1]);
  EXPECT_EQ(Error(receipts), "receipt.refused") << "signed by another node";
  receipts[0] = Signed(ReceiptOf(nodes[0], 2));
  EXPECT_EQ(Error(receipts), "receipt.refused") << "of another round";
  receipts = Receipts(1);
  std::swap(receipts[0], receipts[1]);
  EXPECT_EQ(Error(receipts), "receipt.refused") << "in the place of another node's";
  receipts = Receipts(1);
  keys.erase(nodes[0]);
  EXPECT_EQ(Error(receipts), "");
  receipts[0] = Signed(ReceiptOf(nodes[1], 1));
  EXPECT_EQ(Error(receipts), "receipt.refused") << "also of a node whose key is not known";
}

TEST_F(ContributionsTest, ThoseOfUnknownKeysCountInNothingElse) {
  keys.erase(nodes[0]);
  Contributions sums(keys, charter);
  ASSERT_TRUE(sums.Add(CommitOf(Receipts(1), 1), 0, Receipts(1)).ok());
  EXPECT_EQ(sums.all().at("ke").unverified, 1U);
  EXPECT_EQ(sums.all().at("ke").updates, 1U);
  EXPECT_EQ(sums.all().at("ke").steps, 10U);
  EXPECT_EQ(sums.all().at("rw").unverified, 0U);
}

// 17: of a node whose key was stolen, say. What it gave before stands.
TEST_F(ContributionsTest, ARevokedNodeGivesNothingFromItsPlaceInTheLogOn) {
  charter.revoked = {{std::string(kRevokedNode), nodes[1], 2}};
  Contributions sums(keys, charter);
  for (const std::uint64_t round : {1, 2, 3})
    ASSERT_TRUE(sums.Add(CommitOf(Receipts(round), round), round, Receipts(round)).ok());
  EXPECT_EQ(sums.all().at("ke").updates, 4U) << "three of one node, one of the other";
  EXPECT_EQ(sums.all().at("ke").revoked, 2U);
  EXPECT_EQ(sums.all().at("ke").steps, 40U);
  EXPECT_EQ(sums.all().at("rw").revoked, 0U);
  EXPECT_FALSE(IsRevokedNode(charter, nodes[0], 9));
}

}  // namespace
}  // namespace accord::charter
