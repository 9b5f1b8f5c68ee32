// Repeats, messages out of phase, re-encoding, aborts, results without a certificate, nodes that dropped out.
#include <gtest/gtest.h>

#include "tests/support/secagg_federation.h"

namespace accord::secagg {
namespace {

using fsa1::Federation;
using fsa1::FrozenNode;
using fsa1::Transcript;

template <class T>
std::string NameOf(const Checked<T>& answer) {
  return answer.ok() ? "" : answer.refusal().Name();
}
std::string NameOf(const Verdict& verdict) { return verdict ? verdict->Name() : ""; }

class MemberRepeatTest : public testing::TestWithParam<const char*> {
 protected:
  // Every frozen message once more: the answers of the first time.
  void ExpectEveryRepeatIsAnswered() {
    Member& member = *node.member;
    EXPECT_TRUE(member.Repeats(transcript.offer));
    EXPECT_EQ(member.Advertise(), node.sent.at("advertise"));
    const auto roster = fsa1::SignedListOf(transcript.messages.at("roster")["adverts"]);
    EXPECT_EQ(std::get<SharesMessage>(*member.OnRoster(roster)), node.shares);
    EXPECT_EQ(NameOf(member.OnInbound(fsa1::InboundOf(transcript.Of("inbound", id)["heads"]))), "");
    EXPECT_EQ(*member.SealUpload(node.upload.end), node.sent.at("masked"));
    const auto& survivors = transcript.messages.at("survivors");
    const auto answer =
        member.OnSurvivors(fsa1::DigestOf(survivors["u2_hash"]), fsa1::SignedListOf(survivors["ends"]));
    ASSERT_TRUE(answer.ok());
    EXPECT_EQ((*answer)->answer, node.sent.at(malicious ? "u3" : "unmask"));
    if (malicious) {
      const auto& certificate = transcript.messages.at("survivors_cert");
      EXPECT_EQ(*member.OnCertificate(fsa1::DigestOf(certificate["u3_hash"]),
                                      fsa1::SignaturesOf(certificate["sigs"])),
                node.sent.at("unmask"));
    }
    const fsa1::FrozenResult result(transcript.messages.at("result"));
    EXPECT_EQ(*member.OnResult(result.View()), node.sent.at("z"));
  }

  const Transcript transcript{GetParam()};
  const bool malicious = transcript.offer.mode == SecureMode::kMalicious;
  const NodeId id = transcript.nodes[1];
  FrozenNode node{transcript, id};
};

TEST_P(MemberRepeatTest, EveryMessageMayComeAgainAtTheEndAndIsAnsweredByteForByte) {
  ASSERT_TRUE(node.RunUntil(""));
  ExpectEveryRepeatIsAnswered();
  EXPECT_EQ(node.member->state(), MemberState::kCommitted);
  const auto& certificate = transcript.messages.at("result_cert");
  EXPECT_EQ(NameOf(node.member->OnResultCertificate(fsa1::DigestOf(certificate["u3_hash"]),
                                                    fsa1::DigestOf(certificate["z_root"]),
                                                    fsa1::SignaturesOf(certificate["sigs"]))),
            "");
}

TEST_P(MemberRepeatTest, AnotherMessageOutOfPhaseChangesNothing) {
  ASSERT_TRUE(node.RunUntil("result_cert"));
  Member& member = *node.member;
  EXPECT_EQ(NameOf(member.OnRoster({})), "out_of_phase");
  EXPECT_EQ(NameOf(member.OnGraphSet({})), "out_of_phase");
  EXPECT_EQ(NameOf(member.OnInbound({})), "out_of_phase");
  EXPECT_EQ(NameOf(member.OnSurvivors({}, {})), "second_u3");
  EXPECT_EQ(NameOf(member.OnCertificate({}, {})), "second_u3");
  fsa1::FrozenResult result(transcript.messages.at("result"));
  result.words[5] ^= 1;
  EXPECT_EQ(NameOf(member.OnResult(result.View())), "out_of_phase");
  EXPECT_EQ(member.state(), MemberState::kVerified);
  ExpectEveryRepeatIsAnswered();
}

TEST_P(MemberRepeatTest, EveryMessageAheadOfItsPhaseChangesNothing) {
  ASSERT_TRUE(node.RunUntil("roster"));
  Member& member = *node.member;
  const auto& survivors = transcript.messages.at("survivors");
  const auto& certificate = transcript.messages.at("result_cert");
  EXPECT_EQ(NameOf(member.OnInbound(fsa1::InboundOf(transcript.Of("inbound", id)["heads"]))), "out_of_phase");
  EXPECT_EQ(NameOf(member.SealUpload({})), "out_of_phase");
  EXPECT_FALSE(member.CanMask());
  EXPECT_EQ(
      NameOf(member.OnSurvivors(fsa1::DigestOf(survivors["u2_hash"]), fsa1::SignedListOf(survivors["ends"]))),
      "out_of_phase");
  EXPECT_EQ(NameOf(member.OnCertificate({}, {})), "out_of_phase");
  EXPECT_EQ(NameOf(member.OnResult(fsa1::FrozenResult(transcript.messages.at("result")).View())),
            "out_of_phase");
  EXPECT_EQ(NameOf(member.OnResultCertificate({}, fsa1::DigestOf(certificate["z_root"]), {})),
            "out_of_phase");
  EXPECT_EQ(member.state(), MemberState::kAdvertised);
  EXPECT_TRUE(member.OnRoster(fsa1::SignedListOf(transcript.messages.at("roster")["adverts"])).ok());
}

INSTANTIATE_TEST_SUITE_P(Transcripts, MemberRepeatTest,
                         testing::Values("transcript_3_mc.json", "transcript_3_sh.json"),
                         [](const auto& param) { return std::string(param.param).substr(13, 2); });

struct MemberUploadTest : testing::Test {
  void SetUp() override {
    federation.Mask();
    lab.upload.end.tag_value.reset();
    lab.upload.end.tag_value.emplace(Tag(lab));
  }
  SecretPair Tag(fsa1::Lab& of) const {
    PolyMac tagger = of.member->Tagger();
    std::vector<std::uint64_t> words(federation.params.encoding.Words());
    federation.EncoderOf(of).Encode(0, words);
    tagger.Add(0, words);
    return tagger.Value();
  }
  Federation federation{{.n = 3}};
  fsa1::Lab& lab = federation.labs[1];
};

TEST_F(MemberUploadTest, AnyTilingGivesTheSameMaskedWordsAgainAndAgain) {
  const std::uint64_t total = federation.params.encoding.Words();
  Encoder encoder = federation.EncoderOf(lab);
  std::vector<std::uint64_t> whole(total);
  encoder.Encode(0, whole);
  lab.member->Masks().Apply(0, whole);
  MaskSet masks = lab.member->Masks();
  for (std::uint64_t w = total; w-- > 0;) {
    std::uint64_t word = 0;
    encoder.Encode(w, {&word, 1});
    masks.Apply(w, {&word, 1});
    EXPECT_EQ(word, whole[w]);
  }
  EXPECT_EQ(fsa1::MakeUpload(*lab.member, federation.EncoderOf(lab)).chunks, lab.upload.chunks);
}

TEST_F(MemberUploadTest, EncodingAgainUnderAUsedMaskIsRefusedForGood) {
  auto again =
      *Encoder::Create(federation.params.encoding, *CheckDelta(federation.params.encoding, lab.delta),
                       {1, kOmegaOne}, crypto::Sha256::Of("other rounding").bytes);
  const fsa1::Upload other = fsa1::MakeUpload(*lab.member, std::move(again));
  ASSERT_NE(other.chunks, lab.upload.chunks);
  EXPECT_EQ(NameOf(lab.member->SealUpload(other.end)), "out_of_phase");
  EXPECT_EQ(lab.member->state(), MemberState::kAborted);
  EXPECT_FALSE(lab.member->CanMask());
  EXPECT_EQ(NameOf(lab.member->SealUpload(lab.upload.end)), "out_of_phase");
}

TEST_F(MemberUploadTest, OtherTagsUnderTheSameRootAreRefusedForGood) {
  UploadEnd end{.nwords = lab.upload.end.nwords, .root = lab.upload.end.root, .tag_value = {}};
  end.tag_value.emplace(Tag(federation.labs[0]));
  EXPECT_EQ(NameOf(lab.member->SealUpload(end)), "out_of_phase");
  EXPECT_EQ(lab.member->state(), MemberState::kAborted);
}

TEST_F(MemberUploadTest, AnotherUploadIsRefusedAfterTheUnmaskingToo) {
  (void)federation.Unmasks(federation.All());
  EXPECT_TRUE(lab.member->SealUpload(lab.upload.end).ok());
  EXPECT_FALSE(lab.member->CanMask());
  lab.upload.end.root.bytes[0] ^= 1;
  EXPECT_EQ(NameOf(lab.member->SealUpload(lab.upload.end)), "out_of_phase");
  EXPECT_EQ(lab.member->state(), MemberState::kAborted);
}

TEST(MemberSealTest, AnUploadOfAnotherFormIsRefused) {
  for (const bool verify : {true, false}) {
    Federation federation({.n = 3, .verify = verify});
    federation.Share();
    for (std::size_t i = 0; i < 2; ++i) {
      Member& member = *federation.labs[i].member;
      ASSERT_FALSE(member.OnInbound(federation.InboundFor(i)));
      fsa1::Upload upload = fsa1::MakeUpload(member, federation.EncoderOf(federation.labs[i]));
      if (i == 0) upload.end.nwords += 1;
      if (i == 1 && verify) upload.end.tag_value.reset();
      if (i == 1 && !verify) upload.end.tag_value.emplace(std::array<std::uint64_t, 2>{1, 2});
      EXPECT_EQ(NameOf(member.SealUpload(upload.end)), "wrong_length");
      EXPECT_EQ(member.state(), MemberState::kAborted);
    }
  }
}

TEST(MemberAbortTest, AnAbortIsSignedNamesTheNodeAndLeavesNothingBehind) {
  Federation federation({.n = 3});
  federation.Mask();
  fsa1::Lab& lab = federation.labs[0];
  const NodeId concerned = federation.labs[1].id;
  const SignedBody abort = lab.member->Abort("bad_share", concerned);
  EXPECT_TRUE(Verify(lab.key.PublicKey(), BodyType::kAbort, federation.Context(), abort));
  EXPECT_EQ(*Abort::Parse(abort.body), (Abort{.id = lab.id, .reason = "bad_share", .concerns = concerned}));
  EXPECT_EQ(lab.member->state(), MemberState::kAborted);
  EXPECT_FALSE(lab.member->CanMask());
  EXPECT_EQ(NameOf(federation.labs[0].member->OnSurvivors({}, {})), "out_of_phase");
  EXPECT_EQ(lab.member->Abort("bad_share", concerned), abort);
}

// Says when it is destroyed: a member that forgot its secrets holds no source of them either.
class WatchedSecrets final : public Secrets {
 public:
  explicit WatchedSecrets(bool& gone) : gone_(gone) {}
  ~WatchedSecrets() override { gone_ = true; }
  crypto::ZeroizingBytes Draw(SecretName name) override { return random_.Draw(name); }
  crypto::ZeroizingBytes DrawBlind(ShareKind kind, const NodeId& receiver) override {
    return random_.DrawBlind(kind, receiver);
  }

 private:
  bool& gone_;
  RandomSecrets random_;
};

TEST(MemberSecretsTest, ARefusalForgetsTheSecretsAndEachAttemptDrawsNewOnes) {
  const Federation federation({.n = 3});
  std::vector<SignedBody> adverts;
  for (int i = 0; i < 2; ++i) {
    bool gone = false;
    MemberInputs inputs = federation.Inputs(federation.labs[0], federation.offer);
    inputs.secrets = std::make_unique<WatchedSecrets>(gone);
    Member member = *Member::Open(federation.offer, std::move(inputs));
    adverts.push_back(member.Advertise());
    EXPECT_FALSE(gone);
    EXPECT_EQ(NameOf(member.OnRoster({})), "own_entry_changed");
    EXPECT_TRUE(gone);
    EXPECT_FALSE(member.Repeats(federation.offer));
  }
  EXPECT_NE(adverts[0], adverts[1]);
}

struct MemberResultTest : testing::Test {
  std::vector<NodeSignature> Sign(const Digest& z_root) {
    std::vector<NodeSignature> out;
    for (std::size_t i = 0; i < federation.labs.size(); ++i) {
      const ResultSignature body{.id = federation.labs[i].id,
                                 .u3_hash = federation.u3_hash,
                                 .nwords = result.message.nwords,
                                 .z_root = z_root};
      out.push_back({body.id, federation.SignAs(i, BodyType::kZ, body.Encode()).signature});
    }
    return out;
  }
  Federation federation{{.n = 4, .corrupt = 1}};
  fsa1::FrozenResult result = [this] {
    federation.Mask();
    return federation.Sum();
  }();
  Member& member = *federation.labs[2].member;
  std::vector<NodeSignature> signatures = Sign(result.message.z_root);
};

TEST_F(MemberResultTest, ASumIsCommittedOnlyByItsCertificate) {
  ASSERT_EQ(NameOf(member.OnResult(result.View())), "");
  EXPECT_EQ(member.state(), MemberState::kVerified);
  EXPECT_EQ(NameOf(member.OnResultCertificate(federation.u3_hash, result.message.z_root, signatures)), "");
  EXPECT_EQ(member.state(), MemberState::kCommitted);
}

TEST_F(MemberResultTest, AnEmptyCertificateCommitsNothing) {
  ASSERT_TRUE(member.OnResult(result.View()).ok());
  EXPECT_EQ(NameOf(member.OnResultCertificate(federation.u3_hash, result.message.z_root, {})),
            "bad_certificate");
  EXPECT_EQ(member.state(), MemberState::kAborted);
}

TEST_F(MemberResultTest, AResultOfAnotherSetIsRefused) {
  result.message.u3_hash.bytes[0] ^= 1;
  EXPECT_EQ(NameOf(member.OnResult(result.View())), "second_u3");
  EXPECT_EQ(member.state(), MemberState::kAborted);
}

TEST_F(MemberResultTest, TagsWhereNoneBelongAndMissingTagsAreRefused) {
  result.message.tau.pop_back();
  EXPECT_EQ(NameOf(member.OnResult(result.View())), "bad_tag");
}

TEST_F(MemberResultTest, ANodeThatDroppedOutTakesASumThatTOfTheCohortSigned) {
  const AttemptContext context = member.context();
  const auto name = [&](std::span<const NodeSignature> certificate) {
    return NameOf(CheckLateResult(context, result.View(), certificate));
  };
  EXPECT_EQ(name(signatures), "");
  EXPECT_EQ(name(std::span(signatures).first(3)), "");
  EXPECT_EQ(name(std::span(signatures).first(2)), "bad_certificate");
  std::vector<NodeSignature> twice{signatures[0], signatures[0], signatures[1]};
  EXPECT_EQ(name(twice), "bad_certificate");
  std::vector<NodeSignature> forged = signatures;
  forged[3].signature = forged[2].signature;
  EXPECT_EQ(name(forged), "bad_certificate");
  EXPECT_EQ(CheckLateResult(context, result.View(), forged)->concerns, forged[3].id);
  forged = signatures;
  forged[3].id.bytes = {0xFF, 0xFF, 0xFF};
  EXPECT_EQ(name(forged), "bad_certificate");
}

TEST_F(MemberResultTest, ALateSumHasItsRootItsLengthAndAPossibleCount) {
  const AttemptContext context = member.context();
  fsa1::FrozenResult changed = result;
  changed.words[3] ^= 1;
  EXPECT_EQ(NameOf(CheckLateResult(context, changed.View(), signatures)), "bad_root");
  changed.words.pop_back();
  EXPECT_EQ(NameOf(CheckLateResult(context, changed.View(), signatures)), "wrong_length");
  // Even t signatures do not make a sum of fewer than u_min.
  changed = result;
  changed.words[0] = 2;
  crypto::MerkleTree tree;
  for (std::size_t w = 0; w < changed.words.size(); w += 2) {
    const auto chunk =
        std::span(changed.words).subspan(w, std::min<std::size_t>(2, changed.words.size() - w));
    Bytes bytes(chunk.size_bytes());
    StoreWords(chunk, bytes);
    tree.Add(bytes);
  }
  changed.message.z_root = tree.Root();
  EXPECT_EQ(NameOf(CheckLateResult(context, changed.View(), Sign(tree.Root()))), "wrong_count");
}

}  // namespace
}  // namespace accord::secagg
