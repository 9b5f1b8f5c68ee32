// How heads of the log get their cosignatures: whom the coordinator asks, and when it goes on.
#include "coordinator/cosigners.h"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <deque>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <string>

#include "base/file.h"
#include "coordinator/log_hold.h"
#include "coordinator/restore_log.h"
#include "crypto/sha256.h"
#include "dataset/croissant.h"
#include "ledger/signer.h"
#include "ledger/witness.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/charter/fixture.h"
#include "tests/unit/dataset/examples.h"

namespace accord::coordinator {
namespace {

using charter::UnixSeconds;
using ledger::Envelope;

class SetClock final : public Clock {
 public:
  [[nodiscard]] TimePoint Now() const override { return TimePoint(std::chrono::seconds(now)); }
  UnixSeconds now = charter::kNow;
};

struct Link final : rpc::SessionLink {
  void Send(rpc::ToNode message) override {
    if (auto* head = std::get_if<rpc::AddCheckpoint>(&message)) asked.push_back(std::move(*head));
  }
  void Close(Status) override {}
  std::deque<rpc::AddCheckpoint> asked;
};

// A node that cosigns when the test lets it.
struct Witness {
  std::string member;
  rpc::Peer peer;
  std::shared_ptr<Link> link = std::make_shared<Link>();
  std::shared_ptr<rpc::SessionEvents> events;
  ledger::TreeHead head;  // cosigned last
};

// Three members who witness, two are enough; everything in one thread.
class CosignersTest : public ::testing::Test, public NodeListener {
 protected:
  CosignersTest() {
    sessions_.Listen(this);
    OpenLog();
    charter_ = charter::CharterOf({"be", "ke", "rw"});
    charter_.log = log_->key();
    charter_.log_origin = "fed.example/log";
    charter_.quorum.witness = 2;
  }
  void OpenLog() {
    auto log = LogKeeper::Open({.state = dir_.path(),
                                .origin = "fed.example/log",
                                .clock = &clock_,
                                .workers = io_.get_executor(),
                                .signed_head = [this] { cosigners_->OnSignedHead(); },
                                .published_head = [] {}});
    ASSERT_TRUE(log.ok()) << Describe(log.status());
    log_ = *std::move(log);
    cosigners_.emplace(*log_, sessions_, io_.get_executor(), [](NodeId) {});
  }
  void OnNodeUp(const rpc::Peer& node, const rpc::Hello&) override { cosigners_->OnNodeUp(node); }
  void OnNodeDown(const rpc::Peer& node) override { cosigners_->OnNodeDown(node); }
  void OnNodeMessage(const rpc::Peer& node, rpc::FromNode message) override {
    cosigners_->OnAnswer(node, std::get<rpc::CheckpointAnswer>(std::move(message)));
  }
  Witness Connect(const std::string& member, std::uint8_t id) {
    Witness witness{.member = member, .peer = {.spiffe_id = member, .name = member, .node = {{id}}}};
    witness.events = sessions_.OnSession(witness.peer, witness.link);
    witness.events->OnMessage(rpc::Hello{.protocol_oldest = 1, .protocol_newest = 99});
    Run();
    return witness;
  }
  void Run() {
    io_.restart();
    io_.poll();
  }
  std::string Append(const Envelope& envelope, const std::string& document = "") {
    const std::string text = ledger::EncodeEnvelope(envelope);
    std::string error = "no answer";
    log_->Append({}, Bytes(text.begin(), text.end()), Bytes(document.begin(), document.end()),
                 [&](const Result<rpc::Appended>& done) { error = done.status().error(); });
    Run();
    return error;
  }
  // Some document that a member signs.
  std::string Say(const std::string& text) {
    return Append(charter::Signed("text/plain", Bytes(text.begin(), text.end()), {"ke"}));
  }
  // Answers the oldest question to this witness.
  void Answer(Witness& witness) {
    ASSERT_FALSE(witness.link->asked.empty()) << witness.member << " was not asked";
    const rpc::AddCheckpoint message = std::move(witness.link->asked.front());
    witness.link->asked.pop_front();
    const auto decision = ledger::DecideAddCheckpoint(AsText(message.body), [&](std::string_view) {
      return std::optional(ledger::WitnessedLog{{log_->key()}, witness.head});
    });
    std::string body = decision.Body();
    if (decision.verdict == ledger::WitnessVerdict::kCosign) {
      witness.head = decision.head;
      body = ledger::SignAsWitness("fed.example/witness/" + witness.member,
                                   charter::KeyOf("witness " + witness.member), clock_.now, decision.text)
                 .Format();
    }
    witness.events->OnMessage(
        rpc::CheckpointAnswer{static_cast<std::uint32_t>(decision.verdict), Bytes(body.begin(), body.end())});
    Run();
  }
  std::uint64_t Published() {
    const auto text = log_->ReadResource("checkpoint");
    if (!text.ok()) return 0;
    return ledger::Checkpoint::Parse(ledger::Note::Parse(AsText(*text))->text)->size;
  }
  // What is on the disk, at another place.
  std::filesystem::path Copy(const std::string& name) {
    const std::filesystem::path copy = other_ / name;
    std::filesystem::copy(dir_.path(), copy, std::filesystem::copy_options::recursive);
    return copy;
  }
  // The coordinator ends, and begins anew with this state.
  void Restart(const std::filesystem::path& state) {
    cosigners_.reset();
    log_.reset();
    std::filesystem::remove_all(dir_.path());
    std::filesystem::copy(state, dir_.path(), std::filesystem::copy_options::recursive);
    OpenLog();
  }
  Envelope Signed(const charter::Charter& charter) { return charter::Signed(charter, {"be", "ke", "rw"}); }

  testing::TempDir dir_, other_;
  SetClock clock_;
  boost::asio::io_context io_;
  Sessions sessions_{clock_, std::chrono::seconds(5)};
  std::unique_ptr<LogKeeper> log_;
  std::optional<Cosigners> cosigners_;
  charter::Charter charter_;
};

TEST_F(CosignersTest, ANodeThatSaysNothingHoldsUpNobody) {
  Witness be = Connect("be", 1), ke = Connect("ke", 2), silent = Connect("rw", 3);
  ASSERT_EQ(Append(Signed(charter_)), "");
  Answer(be);
  EXPECT_EQ(Published(), 0U) << "one is not enough";
  Answer(ke);
  EXPECT_EQ(Published(), 1U);
  ASSERT_EQ(Say("one"), "");
  Answer(be);
  Answer(ke);
  EXPECT_EQ(Published(), 2U);
  EXPECT_EQ(silent.link->asked.size(), 1U) << "one question at a time";
  Answer(silent);
  EXPECT_EQ(silent.head.size, 1U);
  Answer(silent);
  EXPECT_EQ(silent.head.size, 2U) << "and it catches up when it speaks again";
}

TEST_F(CosignersTest, HeadsThatFollowQuicklyAreCosignedTogether) {
  Witness be = Connect("be", 1), ke = Connect("ke", 2);
  ASSERT_EQ(Append(Signed(charter_)), "");
  for (const char* text : {"one", "two", "three"}) ASSERT_EQ(Say(text), "");
  EXPECT_EQ(be.link->asked.size(), 1U);
  Answer(be);
  Answer(ke);
  EXPECT_EQ(Published(), 1U);
  Answer(be);
  Answer(ke);
  EXPECT_EQ(Published(), 4U);
}

TEST_F(CosignersTest, AWitnessThatKnowsMoreIsAskedFromThere) {
  Witness be = Connect("be", 1), ke = Connect("ke", 2);
  ASSERT_EQ(Append(Signed(charter_)), "");
  Answer(be);
  Answer(ke);
  ke.events->OnEnd({});
  Witness again = Connect("ke", 2);  // the coordinator does not know any more what it cosigned
  again.head = ke.head;
  Answer(again);
  ASSERT_EQ(Say("one"), "");
  Answer(be);
  if (!again.link->asked.empty()) Answer(again);
  if (!again.link->asked.empty()) Answer(again);
  EXPECT_EQ(Published(), 2U);
}

TEST_F(CosignersTest, ACharterOutOfDateCanBeRenewed) {
  Witness be = Connect("be", 1), ke = Connect("ke", 2);
  ASSERT_EQ(Append(Signed(charter_)), "");
  Answer(be);
  Answer(ke);
  clock_.now = charter_.not_after + charter::kDay;
  EXPECT_EQ(Say("one"), "charter.expired");
  charter::Charter renewed = charter_;
  renewed.version = 2;
  renewed.prev = Signed(charter_).Id();
  renewed.not_after = clock_.now + charter::kDay;
  ASSERT_EQ(Append(Signed(renewed)), "");
  Answer(be);
  Answer(ke);
  EXPECT_EQ(Published(), 2U);
  EXPECT_EQ(Say("one"), "");
}

// ---------------------------------------------------------------- what goes with entries

TEST_F(CosignersTest, ACertificateOfDataComesWithItsDescription) {
  ASSERT_EQ(Append(Signed(charter_)), "");
  dataset::Certificate certificate = dataset::ExampleCertificate();
  const std::string text = FormatCroissant(dataset::ExampleDescription(), {certificate.root, 3, 1'005});
  const Digest hash = crypto::Sha256::Of(text);
  certificate.croissant = hash;
  const auto by = [&](const std::string& member) {
    return charter::Signed(dataset::kCertificateType, Encode(certificate), {member});
  };
  EXPECT_EQ(Append(by("ke")), "dataset.croissant") << "without it";
  EXPECT_EQ(Append(by("ke"), text + " "), "dataset.croissant") << "with another";
  EXPECT_EQ(Append(by("rw"), text), "dataset.signature") << "of a member, but not of the one that vouches";
  EXPECT_FALSE(log_->ReadResource("description/" + hash.Hex()).ok());
  EXPECT_EQ(Append(by("ke"), text), "");
  const auto served = log_->ReadResource("description/" + hash.Hex());
  ASSERT_TRUE(served.ok()) << Describe(served.status());
  EXPECT_EQ(AsText(*served), text);
  EXPECT_EQ(log_->ReadResource("description/../log.key").status().error(), "log.not_found");
}

// ---------------------------------------------------------------- its place on the disk

TEST_F(CosignersTest, ALogThatWasCutShortWhileItWasMadeIsMadeAgain) {
  const std::string key = log_->key().Format();
  std::filesystem::rename(dir_ / "log", dir_ / "log.new");
  OpenLog();
  EXPECT_EQ(log_->key().Format(), key);
  EXPECT_FALSE(std::filesystem::exists(dir_ / "log.new"));
}

TEST_F(CosignersTest, ALostLogIsNotMadeAnew) {
  std::filesystem::remove_all(dir_ / "log");
  const auto log = LogKeeper::Open({.state = dir_.path(), .origin = "fed.example/log", .clock = &clock_});
  EXPECT_EQ(log.status().error(), "log.damaged");
}

TEST_F(CosignersTest, ALostKeyIsNotMadeAnew) {
  std::filesystem::remove(dir_ / "log.key");
  const auto log = LogKeeper::Open({.state = dir_.path(), .origin = "fed.example/log", .clock = &clock_});
  EXPECT_EQ(log.status().error(), "log.damaged");
}

// ---------------------------------------------------------------- going back to a backup

TEST_F(CosignersTest, ARestoredLogTakesNothingUntilAQuorumFindsItWhole) {
  Witness be = Connect("be", 1), ke = Connect("ke", 2);
  ASSERT_EQ(Append(Signed(charter_)), "");
  Answer(be);
  Answer(ke);
  be.events->OnEnd({});
  ke.events->OnEnd({});
  const auto backup = Copy("backup");
  ASSERT_TRUE(LogHold::Place(backup).ok());
  Restart(backup);
  EXPECT_EQ(Say("one"), "log.held");
  Witness one = Connect("be", 1);
  one.head = be.head;
  Answer(one);  // says from where
  Answer(one);
  EXPECT_EQ(Say("one"), "log.held") << "one is not enough";
  Witness two = Connect("ke", 2);
  two.head = ke.head;
  Answer(two);
  Answer(two);
  EXPECT_EQ(Say("one"), "");
  Restart(Copy("later"));
  EXPECT_EQ(Say("two"), "") << "once";
}

TEST_F(CosignersTest, AnOlderLogStaysHeldUntilTheNewestIsPutInItsPlace) {
  Witness be = Connect("be", 1), ke = Connect("ke", 2);
  ASSERT_EQ(Append(Signed(charter_)), "");
  Answer(be);
  Answer(ke);
  const auto backup = Copy("backup");
  ASSERT_TRUE(LogHold::Place(backup).ok());
  ASSERT_EQ(Say("one"), "");
  Answer(be);
  Answer(ke);
  const auto newest = Copy("newest");
  std::filesystem::remove(newest / "log.key");  // a mirror has no secrets
  const auto come_back = [&] {
    Witness one = Connect("be", 1), two = Connect("ke", 2);
    one.head = be.head;
    two.head = ke.head;
    for (int i = 0; i < 2; ++i) {
      if (!one.link->asked.empty()) Answer(one);
      if (!two.link->asked.empty()) Answer(two);
    }
  };
  Restart(backup);
  come_back();
  EXPECT_EQ(Say("another"), "log.held") << "its witnesses have cosigned something else in its place";
  const auto taken = TakeLog(backup, newest);
  ASSERT_TRUE(taken.ok()) << Describe(taken.status());
  EXPECT_EQ(*taken, 2U);
  Restart(backup);
  come_back();
  EXPECT_EQ(Say("two"), "");
}

TEST_F(CosignersTest, OnlyAWholeContinuationIsTakenForTheLog) {
  ASSERT_EQ(Append(Signed(charter_)), "");
  const auto base = Copy("base");
  ASSERT_EQ(Say("one"), "");
  const auto longer = Copy("longer");
  Restart(base);
  ASSERT_EQ(Say("another"), "");
  const auto split = Copy("split");
  const auto error = [](const Result<std::uint64_t>& taken) { return taken.status().error(); };
  EXPECT_EQ(error(TakeLog(longer, base)), "log.rollback");
  EXPECT_EQ(error(TakeLog(longer, split)), "log.split");
  EXPECT_EQ(error(TakeLog(longer, other_ / "nowhere")), "cli.file");
  const auto tile = longer / "log" / "tile" / "entries" / "000.p" / "2";
  ASSERT_TRUE(std::filesystem::exists(tile));
  std::ofstream(tile, std::ios::app) << "x";
  EXPECT_EQ(error(TakeLog(base, longer)), "log.damaged");
  EXPECT_EQ(error(TakeLog(base, base)), "") << "as it was";
  const auto none = other_ / "older than its log";
  EXPECT_EQ(*TakeLog(none, split), 2U);
  EXPECT_TRUE(std::filesystem::exists(none / "log.key"));
}

}  // namespace
}  // namespace accord::coordinator
