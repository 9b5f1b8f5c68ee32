#include "model/hf_config.h"

#include <nlohmann/json.hpp>

#include "base/errors.h"
#include "base/text.h"
#include "model/llama.h"

namespace accord::model {
namespace {

using Json = nlohmann::json;

Status BadConfig(const std::string& what) { return Fail(errors::kModelConfig, "config.json: " + what); }

// The text of a value for people: short, and fit for a terminal whatever it is.
std::string Shown(const Json& value) {
  return Printable(value.dump(-1, ' ', true, Json::error_handler_t::replace), 80);
}

std::string_view TorchDtype(FloatFormat format) {
  if (format == FloatFormat::kF16) return "float16";
  return format == FloatFormat::kBf16 ? "bfloat16" : "float32";
}

// Takes keys out of one object; the first that is wrong is what Finish says.
class Reader {
 public:
  explicit Reader(const Json& object) : object_(object) {}

  void Whole(const char* key, std::uint64_t& value, bool required = true) {
    const Json* found = Find(key);
    if (found == nullptr) {
      if (required) Refuse(std::string(key) + " is missing");
    } else if (!found->is_number_unsigned() || *found == 0) {
      Refuse(std::string(key) + " is " + Shown(*found) + ", not a whole number above 0");
    } else {
      value = found->get<std::uint64_t>();
    }
  }
  void Number(const char* key, double& value) {
    const Json* found = Find(key);
    if (found == nullptr) return;
    if (!found->is_number()) return Refuse(std::string(key) + " is " + Shown(*found) + ", not a number");
    value = found->get<double>();
  }
  void Bool(const char* key, bool& value) {
    const Json* found = Find(key);
    if (found == nullptr) return;
    if (!found->is_boolean())
      return Refuse(std::string(key) + " is " + Shown(*found) + ", not true or false");
    value = found->get<bool>();
  }
  // The key is absent, null, or this.
  void Only(const char* key, const Json& wanted) {
    const Json* found = Find(key);
    if (found == nullptr || *found == wanted) return;
    Refuse(std::string(key) + " is " + Shown(*found) + "; only " + Shown(wanted) + " is known here");
  }
  void Never(const char* key) {
    const Json* found = Find(key);
    if (found != nullptr) Refuse(std::string(key) + " is " + Shown(*found) + "; none is known here");
  }
  // nullptr: absent or null, which LlamaConfig does not tell apart.
  [[nodiscard]] const Json* Find(const char* key) const {
    const auto found = object_.find(key);
    return found == object_.end() || found->is_null() ? nullptr : &*found;
  }
  void Refuse(const std::string& what) {
    if (first_.ok()) first_ = BadConfig(what);
  }
  [[nodiscard]] const Status& Finish() const { return first_; }

 private:
  const Json& object_;
  Status first_;
};

void CheckKnown(Reader& reader) {
  if (reader.Find("model_type") == nullptr) reader.Refuse("model_type is missing");
  reader.Only("model_type", "llama");
  reader.Only("architectures", Json::array({"LlamaForCausalLM"}));
  reader.Only("hidden_act", "silu");
  reader.Only("attention_bias", false);
  reader.Only("mlp_bias", false);
  reader.Never("rope_scaling");
  reader.Never("quantization_config");
}

// transformers 5 has the base of the positions in an object of its own.
void ReadRope(Reader& reader, LlamaSpec& spec) {
  reader.Number("rope_theta", spec.rope_theta);
  const Json* rope = reader.Find("rope_parameters");
  if (rope == nullptr) return;
  if (!rope->is_object()) return reader.Refuse("rope_parameters is " + Shown(*rope) + ", not an object");
  Reader inner(*rope);
  inner.Only("rope_type", "default");
  inner.Number("rope_theta", spec.rope_theta);
  if (!inner.Finish().ok()) reader.Refuse("rope_parameters is " + Shown(*rope));
}

}  // namespace

std::string HfConfigJson(const LlamaSpec& resolved, const HfDetails& details) {
  const nlohmann::ordered_json json = {{"architectures", {"LlamaForCausalLM"}},
                                       {"attention_bias", false},
                                       {"attention_dropout", 0.0},
                                       {"bos_token_id", details.bos},
                                       {"eos_token_id", details.eos},
                                       {"head_dim", HeadSize(resolved)},
                                       {"hidden_act", "silu"},
                                       {"hidden_size", resolved.hidden_size},
                                       {"initializer_range", kLlamaInitDeviation},
                                       {"intermediate_size", resolved.intermediate_size},
                                       {"max_position_embeddings", resolved.max_position_embeddings},
                                       {"mlp_bias", false},
                                       {"model_type", "llama"},
                                       {"num_attention_heads", resolved.num_attention_heads},
                                       {"num_hidden_layers", resolved.num_hidden_layers},
                                       {"num_key_value_heads", resolved.num_key_value_heads},
                                       {"rms_norm_eps", resolved.rms_norm_eps},
                                       {"rope_scaling", nullptr},
                                       {"rope_theta", resolved.rope_theta},
                                       {"tie_word_embeddings", resolved.tie_word_embeddings},
                                       {"torch_dtype", TorchDtype(details.format)},
                                       {"use_cache", true},
                                       {"vocab_size", resolved.vocab_size}};
  return json.dump(2) + "\n";
}

bool NamesModelType(std::string_view json) {
  const Json object = Json::parse(json, nullptr, false);
  return !object.is_object() || object.contains("model_type");
}

std::string DifferenceOf(const LlamaSpec& config, const LlamaSpec& job) {
  std::string first;
  const auto compare = [&](const char* key, auto LlamaSpec::*field) {
    if (!first.empty() || config.*field == job.*field) return;
    first =
        std::string(key) + " is " + Json(config.*field).dump() + ", in the job " + Json(job.*field).dump();
  };
  compare("vocab_size", &LlamaSpec::vocab_size);
  compare("hidden_size", &LlamaSpec::hidden_size);
  compare("intermediate_size", &LlamaSpec::intermediate_size);
  compare("num_hidden_layers", &LlamaSpec::num_hidden_layers);
  compare("num_attention_heads", &LlamaSpec::num_attention_heads);
  compare("num_key_value_heads", &LlamaSpec::num_key_value_heads);
  compare("rms_norm_eps", &LlamaSpec::rms_norm_eps);
  compare("rope_theta", &LlamaSpec::rope_theta);
  compare("tie_word_embeddings", &LlamaSpec::tie_word_embeddings);
  return first;
}

Result<LlamaSpec> ParseHfConfig(std::string_view json) {
  const Json object = Json::parse(json, nullptr, false);
  if (!object.is_object()) return BadConfig("not a JSON object");
  LlamaSpec spec{.rms_norm_eps = 1e-6, .tie_word_embeddings = false};  // LlamaConfig's defaults
  Reader reader(object);
  CheckKnown(reader);
  reader.Whole("vocab_size", spec.vocab_size);
  reader.Whole("hidden_size", spec.hidden_size);
  reader.Whole("intermediate_size", spec.intermediate_size);
  reader.Whole("num_hidden_layers", spec.num_hidden_layers);
  reader.Whole("num_attention_heads", spec.num_attention_heads);
  reader.Whole("num_key_value_heads", spec.num_key_value_heads, false);
  reader.Whole("max_position_embeddings", spec.max_position_embeddings);
  reader.Number("rms_norm_eps", spec.rms_norm_eps);
  reader.Bool("tie_word_embeddings", spec.tie_word_embeddings);
  ReadRope(reader, spec);
  ACCORD_RETURN_IF_ERROR(reader.Finish());
  ACCORD_ASSIGN_OR_RETURN(spec, ResolveLlama(std::move(spec)));
  reader.Only("head_dim", HeadSize(spec));
  ACCORD_RETURN_IF_ERROR(reader.Finish());
  return spec;
}

}  // namespace accord::model
