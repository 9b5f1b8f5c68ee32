// One message of each kind of a session, every field set; how to send it through the wire form, and how to
// spoil one of its fields. For the tests of this directory.
#pragma once

#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "base/errors.h"
#include "charter/admission.h"
#include "rpc/convert.h"

namespace accord::rpc {

template <class Id>
Id Filled(std::uint8_t byte) {
  Id id;
  id.bytes.fill(byte);
  return id;
}
inline const JobId kJob = Filled<JobId>(1);
inline const Digest kHash = Filled<Digest>(2);
inline const TimePoint kTime{Millis(1'700'000'000'000)};

// Serialized and read again: what the other side gets.
template <class Wire, class Message>
auto Travel(const Message& message) {
  Wire wire, received;
  ToProto(message, &wire);
  received.ParseFromString(wire.SerializeAsString());
  return FromProto(received);
}
// Two messages are equal when their wire forms are.
template <class Wire, class Message>
void ExpectTravels(const Message& message) {
  const auto read = Travel<Wire>(message);
  ASSERT_TRUE(read.ok()) << read.status().message();
  Wire before, after;
  ToProto(message, &before);
  ToProto(*read, &after);
  EXPECT_EQ(message.index(), read->index());
  EXPECT_TRUE(google::protobuf::util::MessageDifferencer::Equals(before, after)) << before.DebugString();
}

inline secagg::SignedBody SampleBody(std::uint8_t byte) {
  return {Bytes(130, byte), Filled<crypto::Ed25519Signature>(byte)};
}
inline std::vector<secagg::NodeSignature> SampleSignatures() {
  return {{Filled<NodeId>(1), Filled<crypto::Ed25519Signature>(11)},
          {Filled<NodeId>(3), Filled<crypto::Ed25519Signature>(13)}};
}
inline secagg::Offer SampleOffer() {
  return {.federation_id = "labs.example",
          .job_id = Bytes(kJob.bytes.begin(), kJob.bytes.end()),
          .round = {9},
          .attempt = {1},
          .registry_hash = Filled<Digest>(21),
          .cohort = {Filled<NodeId>(1), Filled<NodeId>(2), Filled<NodeId>(3)},
          .model_hash = kHash,
          .train_cfg_hash = Filled<Digest>(22),
          .params = Bytes(90, 23),
          .mode = SecureMode::kSemiHonest};
}

// Every kind with every field set.
inline std::vector<FromNode> AllFromNode() {
  const Status error = Fail(errors::kDataShape, "24 x 24");
  return {Hello{.protocol_oldest = 1,
                .protocol_newest = 3,
                .version = "0.1.0",
                .description = "cpu, 2 threads",
                .held = {kJob, kJob}},
          Heartbeat{{{.job = kJob,
                      .round = {4},
                      .steps_done = 5,
                      .steps_total = 6,
                      .bytes_sent = 7,
                      .bytes_total = 8,
                      .waiting = true}}},
          Prepared{kJob, kHash,
                   Standing{.round = {9},
                            .next_attempt = {2},
                            .model_hash = kHash,
                            .has_model = true,
                            .made = Filled<Digest>(4),
                            .has_made = true,
                            .signed_set = {Filled<NodeId>(1), Filled<NodeId>(2)},
                            .proof = ModelProof{SampleOffer(), kHash, 77, Filled<Digest>(8),
                                                SampleSignatures(), SampleSignatures()}}},
          Declined{.job = kJob, .round = {0}, .error = error},
          Trained{kJob, {9}},
          Verified{.job = kJob,
                   .round = {9},
                   .attempt = {1},
                   .model_hash = kHash,
                   .proof = Verified::Proof{SampleBody(1), Filled<crypto::Ed25519Signature>(6)}},
          Refused{.job = kJob, .round = {9}, .attempt = {0}, .error = error, .abort = SampleBody(2)},
          Update{.job = kJob,
                 .round = {9},
                 .attempt = {1},
                 .words = Bytes(24, 5),
                 .root = kHash,
                 .end = SampleBody(3)},
          Advertised{kJob, {9}, {1}, SampleBody(4)},
          Shared{kJob,
                 {9},
                 {1},
                 {SampleBody(5), {{Filled<NodeId>(1), Bytes(80, 1)}, {Filled<NodeId>(2), Bytes(4'096, 2)}}}},
          Masked{kJob, {9}, {1}, SampleBody(6)},
          SurvivorsSigned{kJob, {9}, {1}, SampleBody(7)},
          Unmasked{kJob, {9}, {1}, SampleBody(8)},
          GraphNonce{kJob, {9}, {1}, SampleBody(9)},
          ModelPart{.job = kJob, .model_hash = kHash, .offset = 5, .total = 100, .data = Bytes(40, 6)},
          CheckpointAnswer{.status = 409, .body = Bytes(3, '7')},
          RoundReceipt{kJob, {9}, {1}, Bytes(70, 'r')}};
}

inline Commit FullCommit() {
  return {.job = kJob,
          .round = {2},
          .attempt = {3},
          .cohort = {Filled<NodeId>(1), Filled<NodeId>(2), Filled<NodeId>(3)},
          .survivors = {Filled<NodeId>(1), Filled<NodeId>(3)},
          .words = 2,
          .sum_hash = kHash,
          .sum = Bytes(16, 0x77),
          .model_hash = Filled<Digest>(4),
          .opened = Commit::Opened{Filled<Digest>(5), Filled<Digest>(6), {7, ~0ULL}}};
}

inline std::shared_ptr<const charter::JobBundle> SampleBundle() {
  const charter::LoggedEntry entry{"{}", 7, {Filled<Digest>(1), Filled<Digest>(2)}};
  return std::make_shared<const charter::JobBundle>(
      charter::JobBundle{{entry, entry}, entry, {entry}, "a note", {Filled<Digest>(3)}});
}

inline std::vector<ToNode> AllToNode() {
  return {Welcome{.protocol = 1, .node = Filled<NodeId>(5), .heartbeat = Millis(10'000), .time = kTime},
          Prepare{.job = kJob, .plan = Bytes(100, 'p'), .token = Bytes(16, 't'), .standing = true},
          Train{.job = kJob,
                .round = {1},
                .purpose = round::Purpose::kEvaluate,
                .model_hash = kHash,
                .deadline = kTime,
                .proof = ModelProof{SampleOffer(), kHash, 77, Filled<Digest>(8), SampleSignatures(),
                                    SampleSignatures()},
                .collect = Train::Collect{{2}, {Filled<NodeId>(1), Filled<NodeId>(2)}},
                .groups = {{3,
                            {SampleOffer(), kHash, 77, Filled<Digest>(8), SampleSignatures(), {}},
                            Filled<Digest>(9)}}},
          Collect{.job = kJob,
                  .round = {1},
                  .attempt = {2},
                  .cohort = {Filled<NodeId>(9)},
                  .deadline = kTime,
                  .shares = {{SampleBody(1), std::nullopt}, {SampleBody(2), Bytes(300, 3)}}},
          FullCommit(),
          Ended{.job = kJob,
                .state = job::Phase::kFailed,
                .model_hash = kHash,
                .reason = Fail(errors::kInternal, "why")},
          Drain{},
          Offer{kJob, SampleOffer(), kTime},
          Roster{kJob, {9}, {1}, {SampleBody(1), SampleBody(2), SampleBody(3)}, kTime},
          Survivors{kJob, {9}, {1}, kHash, {SampleBody(1), SampleBody(3)}},
          Certificate{kJob, {9}, {1}, kHash, SampleSignatures()},
          GraphSet{kJob, {9}, {1}, {SampleBody(1), SampleBody(2)}, kTime},
          SendModel{.job = kJob, .model_hash = kHash, .offset = 7},
          AddCheckpoint{Bytes(90, 'b'), {Bytes(20, 'c'), Bytes(30, 'd')}}};
}

// What makes one field of a good message bad, and the field that the complaint must name.
template <class Wire>
struct Spoil {
  std::string field;
  std::function<void(Wire&)> how;
};

template <class Wire, class Message>
void ExpectRefused(const Message& good, const std::vector<Spoil<Wire>>& spoils) {
  for (const auto& [field, how] : spoils) {
    Wire wire;
    ToProto(good, &wire);
    ASSERT_TRUE(FromProto(wire).ok());
    how(wire);
    const auto read = FromProto(wire);
    ASSERT_FALSE(read.ok()) << field;
    EXPECT_EQ(read.status().error(), "rpc.malformed");
    EXPECT_NE(read.status().message().find(field), std::string::npos) << read.status().message();
  }
}

}  // namespace accord::rpc
