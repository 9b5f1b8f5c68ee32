// What a node uploads in a round, and what for.
#include "update/upload.h"

#include <gtest/gtest.h>

#include "update/global_state.h"

namespace accord::update {
namespace {

JobSpec Uploader() {
  JobSpec spec;
  spec.model = {.kind = "llama", .llama = {.preset = "2m"}};
  spec.text.context = 128;
  spec.inner.has_local_steps = true;
  spec.inner.local_steps = 12;
  spec.inner.batch = 8;
  spec.update.bits = 8;
  spec.update.max_examples = 1'000;
  spec.round.min_nodes = 4;
  return spec;
}

Upload Of(const JobSpec& spec) { return UploadOf(spec, GlobalLayout(spec).value()).value(); }

TEST(UploadTest, IsOfTheWholeModelForTheTokensOfARound) {
  const Upload upload = Of(Uploader());
  EXPECT_EQ(upload.parameters, 1'968'384U);
  EXPECT_EQ(upload.tokens, 12U * 8 * 128);
  // 8 + 2 bits a field, six to a word; beside them a few words of headers.
  EXPECT_GE(upload.bytes, 8U * ((1'968'384 + 5) / 6));
  EXPECT_LE(upload.bytes, 8U * ((1'968'384 + 5) / 6 + 16));
}

TEST(UploadTest, OfFragmentsIsTheLargestForTheStepsBetweenTwo) {
  JobSpec spec = Uploader();
  spec.streaming.fragments = 4;
  spec.inner.keep_state = true;
  const Upload upload = Of(spec);
  EXPECT_EQ(upload.tokens, 3U * 8 * 128);
  EXPECT_EQ(upload.parameters, 4U * 192 * 192 + 3 * 192 * 576 + 2 * 192 + 259 * 192) << "with the embedding";
  EXPECT_LT(upload.bytes, Of(Uploader()).bytes / 3);
}

TEST(UploadTest, CountsTokensWhereAJobSaysHowMany) {
  JobSpec spec = Uploader();
  spec.text.context = 0;
  EXPECT_EQ(Of(spec).tokens, 12U * 8 * 512) << "the preset's positions";
  spec.inner.local_steps = 1'000'000'000;
  spec.inner.batch = 1'000'000;
  spec.model.llama.max_position_embeddings = 1 << 20;
  EXPECT_EQ(Of(spec).tokens, ~0ULL) << "more than can be said";
  spec = Uploader();
  spec.inner.has_local_steps = false;
  EXPECT_EQ(Of(spec).tokens, 0U) << "of epochs only a node knows";
  spec.model = {.kind = "mlp", .input = {4}, .classes = 2};
  spec.inner.has_local_steps = true;
  EXPECT_EQ(Of(spec).tokens, 0U);
}

}  // namespace
}  // namespace accord::update
