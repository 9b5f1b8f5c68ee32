#include "charter/release.h"

#include <nlohmann/json.hpp>
#include <string>

#include "ledger/strict_json.h"

namespace accord::charter {

Bytes Encode(const ModelRelease& release) {
  const nlohmann::ordered_json json{{"job_id", release.job.Hex()},
                                    {"model_sha256", release.model.Hex()},
                                    {"signature_sha256", release.signature.Hex()},
                                    {"provenance_sha256", release.provenance.Hex()},
                                    {"time", release.time}};
  const std::string text = json.dump();
  return {text.begin(), text.end()};
}

Result<ModelRelease> ParseModelRelease(ByteView payload) {
  ledger::JsonReader in(payload, "release of a model");
  const ModelRelease release{.job = in.Digest("job_id"),
                             .model = in.Digest("model_sha256"),
                             .signature = in.Digest("signature_sha256"),
                             .provenance = in.Digest("provenance_sha256"),
                             .time = in.Unsigned("time")};
  ACCORD_RETURN_IF_ERROR(in.Finish());
  return release;
}

}  // namespace accord::charter
