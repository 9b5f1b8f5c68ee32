#include "rpc/status_map.h"

#include <gtest/gtest.h>

#include "base/errors.h"

namespace accord::rpc {
namespace {

TEST(StatusMapTest, EveryCodeOfTheTableComesBackWhole) {
  for (const ErrorInfo* info : AllErrors()) {
    const Status status = Fail(*info, "what happened: \n\"line 2\" \xE2\x82\xAC");
    EXPECT_EQ(FromGrpc(ToGrpc(status)), status) << info->id;
    EXPECT_TRUE(IsFromPeer(ToGrpc(status)));
  }
  EXPECT_TRUE(FromGrpc(ToGrpc({})).ok());
}

TEST(StatusMapTest, CarriesAnIdOfANewerPeer) {
  const Status status(Code::kExhausted, "quota.of_tomorrow", "no more", "wait");
  EXPECT_EQ(FromGrpc(ToGrpc(status)), status);
  v1::Error error;
  ToProto(status, &error);
  const Status read = FromProto(error);
  EXPECT_EQ(read.code(), Code::kInternal);  // a message carries no code
  EXPECT_EQ(read.error(), "quota.of_tomorrow");
  EXPECT_EQ(read.hint(), "wait");
}

// gRPC drops the details of what the access check refuses.
TEST(StatusMapTest, ReadsTheIdFromTheTextWhenDetailsAreGone) {
  const Status status = Fail(errors::kAuthRole, "A node may not call /x: never.");
  const grpc::Status sent = ToGrpc(status);
  EXPECT_EQ(FromGrpc({sent.error_code(), sent.error_message()}), status);
}

TEST(StatusMapTest, NamesWhatGrpcItselfSays) {
  const auto id = [](grpc::StatusCode code) { return FromGrpc({code, "Socket closed"}).error(); };
  EXPECT_EQ(id(grpc::StatusCode::UNAVAILABLE), "net.unreachable");
  EXPECT_EQ(id(grpc::StatusCode::DEADLINE_EXCEEDED), "net.timeout");
  EXPECT_EQ(id(grpc::StatusCode::CANCELLED), "net.cancelled");
  EXPECT_EQ(id(grpc::StatusCode::UNIMPLEMENTED), "protocol.version");
  EXPECT_EQ(id(grpc::StatusCode::UNKNOWN), "internal");
  EXPECT_FALSE(IsFromPeer({grpc::StatusCode::UNAVAILABLE, "Socket closed"}));
}

TEST(StatusMapTest, DetailsOfAnotherKindAreNotTrusted) {
  const grpc::Status odd(grpc::StatusCode::NOT_FOUND, "text", "\xFF\xFF");
  EXPECT_EQ(FromGrpc(odd).error(), "internal");
}

TEST(StatusMapTest, FitsTheTrailersOfEveryClient) {
  const Status status(Code::kInvalid, "job.invalid", std::string(100'000, '\n'), std::string(100'000, 'h'));
  const grpc::Status sent = ToGrpc(status);
  EXPECT_LT(sent.error_details().size() * 4 / 3 + sent.error_message().size() * 3, 7'500U);
}

TEST(WireTextTest, CutsBetweenCharactersAndReplacesWhatIsNotUtf8) {
  EXPECT_EQ(WireText("abc", 10), "abc");
  EXPECT_EQ(WireText("abc", 2), "ab");
  EXPECT_EQ(WireText("a\xE2\x82\xAC", 3), "a");
  EXPECT_EQ(WireText("a\xE2\x82\xAC", 4), "a\xE2\x82\xAC");
  EXPECT_EQ(WireText("\xF0\x9F\x98\x80", 4), "\xF0\x9F\x98\x80");
  EXPECT_EQ(WireText("\xE2\x82", 9), "??");            // cut off
  EXPECT_EQ(WireText("\xC0\xAF", 9), "??");            // overlong
  EXPECT_EQ(WireText("\xED\xA0\x80", 9), "???");       // surrogate
  EXPECT_EQ(WireText("\xF5\x80\x80\x80", 9), "????");  // beyond Unicode
  EXPECT_EQ(WireText(std::string_view("\0x", 2), 9), std::string_view("\0x", 2));
}

}  // namespace
}  // namespace accord::rpc
