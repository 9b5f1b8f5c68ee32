#include <gtest/gtest.h>

#include "base/errors.h"
#include "tests/unit/rpc/session_samples.h"

namespace accord::rpc {
namespace {

TEST(ConvertSessionTest, EveryMessageOfANodeTravels) {
  for (const FromNode& message : AllFromNode()) ExpectTravels<v1::NodeMessage>(message);
  EXPECT_EQ(AllFromNode().size(), std::variant_size_v<FromNode>);
}

TEST(ConvertSessionTest, EveryMessageToANodeTravels) {
  for (const ToNode& message : AllToNode()) ExpectTravels<v1::CoordinatorMessage>(message);
  EXPECT_EQ(AllToNode().size(), std::variant_size_v<ToNode>);
}

TEST(ConvertSessionTest, ValuesComeThroughUnchanged) {
  const auto commit = std::get<Commit>(*Travel<v1::CoordinatorMessage>(ToNode(FullCommit())));
  EXPECT_EQ(commit.survivors, FullCommit().survivors);
  EXPECT_EQ(commit.sum, FullCommit().sum);
  EXPECT_EQ(commit.attempt, AttemptId{3});
  const auto ended = std::get<Ended>(*Travel<v1::CoordinatorMessage>(ToNode(Ended{.job = kJob})));
  EXPECT_TRUE(ended.model_hash.IsZero());
  EXPECT_TRUE(ended.reason.ok());
  const auto all = AllFromNode();
  EXPECT_EQ(std::get<Declined>(*Travel<v1::NodeMessage>(all[3])).error, std::get<Declined>(all[3]).error);
}

TEST(ConvertSessionTest, ADecisionTravelsInPlaceOfAToken) {
  using M = v1::CoordinatorMessage;
  const ToNode prepare = Prepare{.job = kJob, .plan = Bytes(100, 'p'), .token = {}, .bundle = SampleBundle()};
  ExpectTravels<M>(prepare);
  const auto read = std::get<Prepare>(*Travel<M>(prepare));
  ASSERT_NE(read.bundle, nullptr);
  EXPECT_EQ(read.bundle->charters.size(), 2U);
  EXPECT_EQ(read.bundle->proposal.index, 7U);
  EXPECT_EQ(read.bundle->proposal.inclusion, SampleBundle()->proposal.inclusion);
  EXPECT_EQ(read.bundle->consistency, SampleBundle()->consistency);
  const auto bundle = [](M& m) { return m.mutable_prepare()->mutable_bundle(); };
  ExpectRefused<M>(prepare,
                   {{"Prepare.token", [](M& m) { m.mutable_prepare()->set_token(std::string(16, 't')); }},
                    {"JobBundle.consistency", [&](M& m) { bundle(m)->add_consistency("short"); }},
                    {"JobBundle.inclusion", [&](M& m) { bundle(m)->mutable_votes(0)->add_inclusion("i"); }},
                    {"JobBundle.entry",
                     [&](M& m) { bundle(m)->mutable_proposal()->set_entry(std::string(65'536, 'e')); }}});
}

TEST(ConvertSessionTest, NamesTheBadFieldOfANodesMessage) {
  using M = v1::NodeMessage;
  const auto all = AllFromNode();
  ExpectRefused<M>(all[0],
                   {{"Hello.protocol_oldest", [](M& m) { m.mutable_hello()->set_protocol_oldest(0); }},
                    {"Hello.protocol_oldest", [](M& m) { m.mutable_hello()->set_protocol_oldest(9); }},
                    {"Hello.version", [](M& m) { m.mutable_hello()->set_version(std::string(65, 'v')); }}});
  ExpectRefused<M>(
      all[1], {{"progress.job", [](M& m) { m.mutable_heartbeat()->mutable_progress(0)->clear_job(); }},
               {"progress.round", [](M& m) { m.mutable_heartbeat()->mutable_progress(0)->set_round(0); }},
               {"Heartbeat.progress", [](M& m) {
                  for (int i = 0; i < 1'024; ++i) m.mutable_heartbeat()->add_progress();
                }}});
  ExpectRefused<M>(all[0], {{"Hello.held", [](M& m) { m.mutable_hello()->add_held("short"); }}});
  ExpectRefused<M>(all[2], {{"Prepared.registry", [](M& m) { m.mutable_prepared()->set_registry("r"); }}});
  ExpectRefused<M>(all[2],
                   {{"Prepared.job", [](M& m) { m.mutable_prepared()->set_job(std::string(31, 'x')); }}});
  ExpectRefused<M>(all[3], {{"Declined.error", [](M& m) { m.mutable_declined()->clear_error(); }}});
  ExpectRefused<M>(all[4], {{"Trained.round", [](M& m) { m.mutable_trained()->set_round(0); }}});
  ExpectRefused<M>(all[5],
                   {{"Verified.model_hash", [](M& m) { m.mutable_verified()->set_model_hash("short"); }}});
  ExpectRefused<M>(
      all[6],
      {{"Refused.error", [](M& m) { m.mutable_refused()->mutable_error()->set_id(std::string(65, 'i')); }}});
  ExpectRefused<M>(all[6], {{"NodeMessage.kind", [](M& m) { m.Clear(); }}});
}

TEST(ConvertSessionTest, NamesTheBadFieldOfACoordinatorsMessage) {
  using M = v1::CoordinatorMessage;
  const auto all = AllToNode();
  ExpectRefused<M>(all[0], {{"Welcome.heartbeat_ms", [](M& m) { m.mutable_welcome()->set_heartbeat_ms(0); }},
                            {"Welcome.time_ms", [](M& m) { m.mutable_welcome()->set_time_ms(~0ULL); }}});
  ExpectRefused<M>(all[1],
                   {{"Prepare.token", [](M& m) { m.mutable_prepare()->set_token("15 bytes only.."); }},
                    {"Prepare.plan", [](M& m) { m.mutable_prepare()->set_plan(std::string(65'537, 'p')); }}});
  ExpectRefused<M>(all[2],
                   {{"Train.purpose", [](M& m) { m.mutable_train()->set_purpose(v1::PURPOSE_UNSPECIFIED); }},
                    {"Train.purpose", [](M& m) { m.mutable_train()->set_purpose(v1::Purpose(3)); }}});
  ExpectRefused<M>(all[3],
                   {{"Collect.cohort", [](M& m) { m.mutable_collect()->clear_cohort(); }},
                    {"Collect.cohort", [](M& m) { m.mutable_collect()->add_cohort(std::string(16, 9)); }}});
  ExpectRefused<M>(
      all[4], {{"Commit.cohort", [](M& m) { m.mutable_commit()->mutable_cohort()->SwapElements(0, 1); }},
               {"Commit.survivors", [](M& m) { m.mutable_commit()->set_survivors(1, std::string(16, 4)); }},
               {"Commit.words", [](M& m) { m.mutable_commit()->set_words(0); }},
               {"Commit.sum", [](M& m) { m.mutable_commit()->set_words(3); }},
               {"Commit.sum", [](M& m) { m.mutable_commit()->mutable_sum()->push_back('x'); }}});
  ExpectRefused<M>(all[5], {{"Ended.state", [](M& m) { m.mutable_ended()->set_state(v1::JobState(9)); }}});
  ExpectRefused<M>(all[5], {{"CoordinatorMessage.kind", [](M& m) { m.Clear(); }}});
}

TEST(ConvertSessionTest, LongTextsOfThisSideAreTrimmedNotRefused) {
  const Hello hello{.protocol_oldest = 1,
                    .protocol_newest = 1,
                    .version = std::string(500, 'v'),
                    .description = std::string(5'000, 'd')};
  EXPECT_TRUE(Travel<v1::NodeMessage>(FromNode(hello)).ok());
  const Declined declined{.job = kJob, .error = Fail(errors::kInternal, std::string(50'000, 'e'), "\xFF")};
  EXPECT_TRUE(Travel<v1::NodeMessage>(FromNode(declined)).ok());
}

TEST(ConvertCallsTest, UploadKeyIsStrict) {
  v1::UploadKey wire;
  ToProto(UploadKey{.job = kJob, .round = {3}, .attempt = {4}}, &wire);
  EXPECT_EQ(FromProto(wire)->attempt, AttemptId{4});
  wire.set_round(0);
  EXPECT_EQ(FromProto(wire).status().error(), "rpc.malformed");
}

TEST(ConvertCallsTest, RegistryIsStrict) {
  RegistryView view{.version = 3, .entries = {}};
  for (const std::uint8_t id : {1, 2}) {
    view.entries.push_back({"spiffe://a.example/node/n" + std::to_string(id), Bytes(80, id), Bytes(70, 9)});
  }
  v1::Registry good;
  ToProto(view, &good);
  const auto read = FromProto(good);
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(read->version, 3U);
  EXPECT_EQ(read->entries, view.entries);
  const std::vector<Spoil<v1::Registry>> spoils = {
      {"Registry.version", [](v1::Registry& m) { m.clear_version(); }},
      {"Registry.entries", [](v1::Registry& m) { m.mutable_entries()->SwapElements(0, 1); }},
      {"Registry.entries", [](v1::Registry& m) { m.mutable_entries(1)->set_entry(std::string(80, 1)); }},
      {"Registry.entries.entry", [](v1::Registry& m) { m.mutable_entries(0)->set_entry("id"); }},
      {"Registry.entries.entry",
       [](v1::Registry& m) { m.mutable_entries(1)->set_entry(std::string(9'000, 3)); }},
      {"Registry.entries.spiffe_id",
       [](v1::Registry& m) { m.mutable_entries(0)->set_spiffe_id(std::string(600, 's')); }},
      {"Registry.entries.signature",
       [](v1::Registry& m) { m.mutable_entries(0)->set_signature(std::string(300, 's')); }},
      {"Registry.entries", [](v1::Registry& m) {
         for (int i = 0; i < 65'536; ++i) m.add_entries();
       }}};
  ExpectRefused<v1::Registry>(view, spoils);
}

TEST(ConvertCallsTest, EnrolRequestIsStrict) {
  v1::EnrolRequest wire;
  ToProto(EnrolRequest{.token_secret = Bytes(32, 1), .csr_pem = "csr", .protocol_key = Bytes(32, 2)}, &wire);
  EXPECT_EQ(FromProto(wire)->protocol_key, Bytes(32, 2));
  wire.set_protocol_key("31");
  EXPECT_FALSE(FromProto(wire).ok());
  wire.clear_protocol_key();
  EXPECT_TRUE(FromProto(wire).ok());
  wire.set_token_secret("short");
  EXPECT_NE(FromProto(wire).status().message().find("token_secret"), std::string::npos);
}

}  // namespace
}  // namespace accord::rpc
