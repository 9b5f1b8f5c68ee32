#include "update/upload.h"

#include <limits>

#include "model/layout.h"
#include "strategy/streaming.h"
#include "update/exchange.h"
#include "update/headers.h"

namespace accord::update {
namespace {

Result<std::uint64_t> TokensOfRound(const JobSpec& spec) {
  if (spec.model.kind != "llama" || !spec.inner.has_local_steps) return 0;
  ACCORD_ASSIGN_OR_RETURN(const ModelSpec model, model::Resolve(spec.model));
  const std::uint64_t context =
      spec.text.context != 0 ? spec.text.context : model.llama.max_position_embeddings;
  std::uint64_t tokens = strategy::StreamingOf(spec).Interval();
  if (__builtin_mul_overflow(tokens, spec.inner.batch, &tokens) ||
      __builtin_mul_overflow(tokens, context, &tokens))
    return std::numeric_limits<std::uint64_t>::max();
  return tokens;
}

}  // namespace

Result<Upload> UploadOf(const JobSpec& spec, const ModelLayout& global) {
  Upload upload{.parameters = LargestFragment(spec, global)};
  ACCORD_ASSIGN_OR_RETURN(const secagg::Encoding encoding,
                          EncodingFor(spec, round::Purpose::kTrain, upload.parameters, spec.round.min_nodes));
  upload.bytes = encoding.Words() * 8;
  ACCORD_ASSIGN_OR_RETURN(upload.tokens, TokensOfRound(spec));
  return upload;
}

}  // namespace accord::update
