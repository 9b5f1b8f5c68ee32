#include "secagg/bodies.h"

#include <gtest/gtest.h>

#include <functional>

#include "tests/support/fsa1.h"

namespace accord::secagg {
namespace {

constexpr std::string_view kMalformed = "secagg.bad_encoding";

// Every body that nodes of both transcripts sent under a step.
std::vector<Bytes> Sent(const std::string& step) {
  std::vector<Bytes> bodies;
  for (const char* name : {"transcript_3_mc.json", "transcript_3_sh.json"}) {
    const auto transcript = fsa1::Load(name);
    for (const auto& message : transcript["messages"]) {
      if (message["step"] != step) continue;
      for (const auto& sent : message["content"]) bodies.push_back(fsa1::Hex(sent["body"]));
    }
  }
  return bodies;
}

// Parse takes exactly the bytes of Encode: no cut, nothing behind.
template <class Body>
void ExpectOneForm(Bytes bytes) {
  const Result<Body> parsed = Body::Parse(bytes);
  ASSERT_TRUE(parsed.ok());
  EXPECT_EQ(parsed->Encode(), bytes);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_EQ(Body::Parse(ByteView(bytes).first(size)).status().error(), kMalformed) << size;
  }
  bytes.push_back(0);
  EXPECT_EQ(Body::Parse(bytes).status().error(), kMalformed);
}

template <class Body>
void ExpectTranscriptsParse(const std::string& step) {
  const auto bodies = Sent(step);
  EXPECT_GE(bodies.size(), 3U);
  for (const Bytes& body : bodies) ExpectOneForm<Body>(body);
}

TEST(BodiesTest, EveryBodyOfTheTranscriptsHasOneForm) {
  ExpectTranscriptsParse<Advertise>("advertise");
  ExpectTranscriptsParse<SharesHead>("shares");
  ExpectTranscriptsParse<MaskedEnd>("masked");
  ExpectTranscriptsParse<U3Signature>("u3");
  ExpectTranscriptsParse<Unmask>("unmask");
  ExpectTranscriptsParse<ResultSignature>("z");
}

TEST(BodiesTest, GraphOpeningsAndAbortsHaveOneForm) {
  GraphOpening opening;
  opening.id.bytes[0] = 7;
  opening.nonce.bytes[31] = 9;
  ExpectOneForm<GraphOpening>(opening.Encode());
  Abort abort{.id = opening.id, .reason = "bad_share", .concerns = {}};
  ExpectOneForm<Abort>(abort.Encode());
  EXPECT_EQ(*Abort::Parse(abort.Encode()), abort);
}

TEST(BodiesTest, TheFrozenEntryHasOneForm) {
  const auto vector = fsa1::Load("share_channel.json");
  const Bytes bytes = fsa1::Hex(vector["entry"]);
  ExpectOneForm<ShareEntry>(bytes);
  const ShareEntry entry = *ShareEntry::Parse(bytes);
  EXPECT_EQ(entry.receiver.Hex(), vector["id_to"]);
  EXPECT_EQ(entry.com_share_b.Hex(), vector["com_share_b"]);
  EXPECT_EQ(entry.com_share_m.Hex(), vector["com_share_m"]);
  EXPECT_EQ(fsa1::ToHex(entry.shares), vector["ct"]);
  EXPECT_EQ(fsa1::ToHex(entry.mac_key), vector["ctk"]);
}

TEST(BodiesTest, AnEntryHasWholeCiphertextsOrNone) {
  const ShareEntry entry = *ShareEntry::Parse(fsa1::Hex(fsa1::Load("share_channel.json")["entry"]));
  const auto error = [&](const std::function<void(ShareEntry&)>& change) {
    ShareEntry changed = entry;
    change(changed);
    return ShareEntry::Parse(changed.Encode()).status().error();
  };
  EXPECT_EQ(error([](ShareEntry& e) { e.mac_key.clear(); }), "");
  EXPECT_EQ(error([](ShareEntry& e) { e.mac_key.pop_back(); }), kMalformed);
  EXPECT_EQ(error([](ShareEntry& e) { e.shares.pop_back(); }), kMalformed);
  EXPECT_EQ(error([](ShareEntry& e) { e.shares.clear(); }), kMalformed);  // commitments to no share
  EXPECT_EQ(error([](ShareEntry& e) {
              e.shares.clear();
              e.com_share_b = e.com_share_m = {};
            }),
            "");
}

TEST(BodiesTest, ListsAreStrictlyAscending) {
  SharesHead head = *SharesHead::Parse(Sent("shares").front());
  ASSERT_EQ(head.entries.size(), 2U);
  std::swap(head.entries[0], head.entries[1]);
  EXPECT_EQ(SharesHead::Parse(head.Encode()).status().error(), kMalformed);
  head.entries[0] = head.entries[1];
  EXPECT_EQ(SharesHead::Parse(head.Encode()).status().error(), kMalformed);

  Unmask unmask = *Unmask::Parse(Sent("unmask").front());
  std::swap(unmask.shares[0], unmask.shares[1]);
  EXPECT_EQ(Unmask::Parse(unmask.Encode()).status().error(), kMalformed);
}

TEST(BodiesTest, ValuesOutOfRangeAreRefused) {
  MaskedEnd end = *MaskedEnd::Parse(Sent("masked").front());
  ASSERT_EQ(end.tags.size(), 2U);
  end.tags[1] = (1ULL << 61) - 1;
  EXPECT_EQ(MaskedEnd::Parse(end.Encode()).status().error(), kMalformed);
  end.tags = {1};
  EXPECT_EQ(MaskedEnd::Parse(end.Encode()).status().error(), kMalformed);
  end.tags = {1, 2, 3};
  EXPECT_EQ(MaskedEnd::Parse(end.Encode()).status().error(), kMalformed);
  end.tags.clear();
  EXPECT_TRUE(MaskedEnd::Parse(end.Encode()).ok());

  Bytes unmask = Sent("unmask").front();
  unmask[16 + 32 + 32 + 4 + 16] = 2;  // the first kind
  EXPECT_EQ(Unmask::Parse(unmask).status().error(), kMalformed);

  Bytes shares = Sent("shares").front();
  shares[16 + 32 + 32 + 3] = 31;  // the length of com_mac
  EXPECT_EQ(SharesHead::Parse(shares).status().error(), kMalformed);
}

TEST(BodiesTest, AHeadFindsTheDigestOfAReceiver) {
  const SharesHead head = *SharesHead::Parse(Sent("shares").front());
  for (const auto& entry : head.entries) EXPECT_EQ(head.Find(entry.receiver), &entry.digest);
  EXPECT_EQ(head.Find(head.id), nullptr);
}

}  // namespace
}  // namespace accord::secagg
