#include "model/peft_export.h"

#include <nlohmann/json.hpp>
#include <vector>

#include "base/file.h"
#include "model/safetensors.h"
#include "model/whole_directory.h"

namespace accord::model {

std::string PeftConfigJson(const PeftAdapter& adapter) {
  // The modules by their whole names: a plan's short ones could take more in another program's model.
  std::vector<std::string> modules;
  for (const AdaptedMatrix& matrix : adapter.adapter.matrices) modules.push_back(matrix.module);
  nlohmann::ordered_json json = {{"base_model_name_or_path", adapter.spec.base},
                                 {"bias", "none"},
                                 {"fan_in_fan_out", false},
                                 {"inference_mode", true},
                                 {"init_lora_weights", true},
                                 {"lora_alpha", adapter.spec.alpha},
                                 {"lora_dropout", 0.0},
                                 {"modules_to_save", nullptr},
                                 {"peft_type", "LORA"},
                                 {"r", adapter.adapter.rank},
                                 {"target_modules", modules},
                                 {"task_type", nullptr}};
  if (adapter.model.kind == "llama") json["task_type"] = "CAUSAL_LM";
  return json.dump(2) + "\n";
}

Status WritePeftAdapter(const std::filesystem::path& directory, const PeftAdapter& adapter) {
  return WriteWholeDirectory(directory, [&](const std::filesystem::path& in) -> Status {
    ACCORD_RETURN_IF_ERROR(WriteSafetensors(in / "adapter_model.safetensors", adapter.adapter.layout,
                                            adapter.weights, FileMode::kPrivate)
                               .status());
    return WriteFileAtomic(in / "adapter_config.json", AsBytes(PeftConfigJson(adapter)), FileMode::kPrivate);
  });
}

}  // namespace accord::model
