// Three nations train one vocabulary behind masks, each on text in its own language: what they come to is
// the EM over all their texts in one place.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>

#include "base/errors.h"
#include "base/file.h"
#include "crypto/sha256.h"
#include "data/prune_unigram.h"
#include "data/sentencepiece.h"
#include "model/layout.h"
#include "model/safetensors.h"
#include "tests/integration/federation/federation.h"
#include "tests/support/unigram_em.h"
#include "tests/support/unigram_seed.h"
#include "trainer/torch_trainer.h"

namespace accord::testing {
namespace {

constexpr std::uint64_t kRounds = 4, kContext = 64;

struct Nation {
  std::string name;
  std::vector<std::string> texts;
  std::string held_out;
};

// Goethe, Lorca's folk songs, Pushkin: of unequal length.
const std::vector<Nation> kNations = {
    {"de",
     {"Über allen Gipfeln ist Ruh, in allen Wipfeln spürest du kaum einen Hauch; die Vögelein schweigen im "
      "Walde.",
      "Warte nur, balde ruhest du auch. Wer reitet so spät durch Nacht und Wind? Es ist der Vater mit seinem "
      "Kind.",
      "Er hat den Knaben wohl in dem Arm, er faßt ihn sicher, er hält ihn warm.",
      "Mein Sohn, was birgst du so bang dein Gesicht? Siehst, Vater, du den Erlkönig nicht?"},
     "Der Vater hält den Knaben in dem Wind und die Nacht ist warm."},
    {"es",
     {"En el café de Chinitas dijo Paquiro a su hermano: soy más valiente que tú, más torero y más gitano.",
      "Sacó Paquiro el reló y dijo de esta manera: este toro ha de morir antes de las cuatro y media."},
     "El torero dijo a su hermano de esta manera."},
    {"ru",
     {"Мороз и солнце; день чудесный! Еще ты дремлешь, друг прелестный — пора, красавица, проснись."},
     "День и мороз, пора, друг."}};

class VocabularyTest : public ::testing::Test {
 protected:
  VocabularyTest() {
    std::string all;
    for (const Nation& nation : kNations) {
      for (const std::string& text : nation.texts) all += text + " ";
      for (const std::string& text : nation.texts) texts_.push_back(text);
    }
    file_ = UnigramSeed(PartsOf(all, 5), {.byte_fallback = true});
    seed_ = data::ParseSentencePieceModel(file_).value();
    EXPECT_TRUE(WriteFileAtomic(federation_.Path("seed.model"), file_, FileMode::kShared).ok());
    for (const Nation& nation : kNations) {
      DatasetConfig data{
          .id = "texts", .format = "text", .path = federation_.Path(nation.name + ".txt"), .holdout = 0};
      data.eval_path = federation_.Path(nation.name + "-eval.txt");
      data.tokenizer = federation_.Path("seed.model");
      std::ofstream file(data.path);
      for (const std::string& text : nation.texts) file << text << '\f';
      std::ofstream(data.eval_path) << nation.held_out;
      trainer::TorchOptions options{.threads = 1, .cache = federation_.Path(nation.name + "-cache")};
      federation_.AddNode(nation.name, trainer::MakeTorchTrainerFactory(options).value(), data);
    }
    federation_.PinAll();
  }

  std::string Job(const std::string& weights) const {
    return "version = 1\nname = \"vocabulary\"\npurpose = \"demo\"\nsecure = \"malicious\"\n[model]\nkind = "
           "\"unigram\"\nvocab_size = " +
           std::to_string(seed_.pieces.size()) +
           "\n[data]\ndataset = \"texts\"\ntokenizer = \"sha256:" + crypto::Sha256::Of(file_).Hex() +
           "\"\ncontext = " + std::to_string(kContext) +
           "\n[inner]\nlr = 1.0\nlocal_epochs = 1\nbatch = 1000\n[update]\nbits = 32\nclip = 0.25\nweights = "
           "\"" +
           weights + "\"\nmax_examples = 100\n[eval]\nmetrics = [\"bits_per_byte\"]\n[round]\ncount = " +
           std::to_string(kRounds) + "\nmin_nodes = 3\nmin_survivors = 3\nmax_wait = \"1m\"\n";
  }
  rpc::JobView Trained(const std::string& weights) {
    const auto job = federation_.Submit(Job(weights));
    EXPECT_TRUE(job.ok()) << Describe(job.status());
    rpc::JobView end = federation_.WaitForEnd(*job);
    EXPECT_EQ(end.state, job::Phase::kFinished);
    return end;
  }
  std::vector<float> Frequencies(const rpc::JobView& job) {
    Bytes file;
    const Status got = federation_.client().DownloadBlob(
        job.model_hash, 0, [&](std::uint64_t, std::uint64_t, ByteView bytes) -> Status {
          file.insert(file.end(), bytes.begin(), bytes.end());
          return {};
        });
    EXPECT_TRUE(got.ok()) << Describe(got);
    const auto layout = model::BuildLayout({.kind = "unigram", .llama = {.vocab_size = seed_.pieces.size()}});
    return model::ReadSafetensors(file, *layout).value();
  }
  static double Windows(const Nation& nation) {
    double tokens = 0;
    for (const std::string& text : nation.texts) tokens += static_cast<double>(text.size() + 1);
    return std::ceil(tokens / kContext);
  }

  Federation federation_;
  Bytes file_;
  data::SentencePieceModel seed_;
  std::vector<std::string> texts_;
};

TEST_F(VocabularyTest, IsThatOfAllTextsInOnePlace) {
  const rpc::JobView end = Trained("exact");
  const std::vector<float> federated = Frequencies(end);
  const CentralEm em(seed_);
  std::vector<double> central(em.size(), 1.0 / static_cast<double>(em.size()));
  double windows = 0;
  for (const Nation& nation : kNations) windows += Windows(nation);
  for (std::uint64_t round = 0; round < kRounds; ++round) {
    central = em.Step(texts_, central).counts;
    for (double& count : central) count /= windows * kContext;
  }
  for (std::size_t id = 0; id < central.size(); ++id)
    ASSERT_NEAR(federated[id], central[id], 1e-6) << seed_.pieces[id].text;

  ASSERT_EQ(end.history.size(), kRounds + 1);
  const auto bits_per_byte = [&](std::size_t round) { return end.history[round].metrics[0].value; };
  EXPECT_LT(bits_per_byte(1), bits_per_byte(0));
  EXPECT_LT(bits_per_byte(kRounds), 0.9 * bits_per_byte(0));

  // What the nations take home: a smaller vocabulary that cuts each one's text.
  const auto pieces = data::PruneUnigram(seed_, federated, seed_.pieces.size() - 40);
  ASSERT_TRUE(pieces.ok()) << Describe(pieces.status());
  const auto tokenizer = data::MakeSentencePieceTokenizer(data::WithPieces(file_, *pieces).value());
  ASSERT_TRUE(tokenizer.ok()) << Describe(tokenizer.status());
  for (const Nation& nation : kNations) {
    std::vector<std::int32_t> tokens;
    ASSERT_TRUE((*tokenizer)->Encode(nation.held_out, {}, tokens).ok());
    const auto characters = std::ranges::count_if(nation.held_out, [](char c) { return (c & 0xC0) != 0x80; });
    EXPECT_LT(tokens.size(), characters) << nation.name;
  }
}

// A nation with little text may be given the same say.
TEST_F(VocabularyTest, WithEqualWeightsEachNationCountsTheSame) {
  const std::vector<float> federated = Frequencies(Trained("equal"));
  const CentralEm em(seed_);
  std::vector<double> central(em.size(), 1.0 / static_cast<double>(em.size()));
  for (std::uint64_t round = 0; round < kRounds; ++round) {
    std::vector<double> next(em.size());
    for (const Nation& nation : kNations) {
      const EmStep step = em.Step(nation.texts, central);
      for (std::size_t id = 0; id < next.size(); ++id)
        next[id] += step.counts[id] / (Windows(nation) * kContext) / static_cast<double>(kNations.size());
    }
    central = next;
  }
  for (std::size_t id = 0; id < central.size(); ++id)
    ASSERT_NEAR(federated[id], central[id], 1e-6) << seed_.pieces[id].text;
}

}  // namespace
}  // namespace accord::testing
