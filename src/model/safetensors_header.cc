#include "model/safetensors_header.h"

#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "base/errors.h"
#include "base/text.h"

namespace accord::model {
namespace {

using Json = nlohmann::json;

// Follows the parser through the one shape that a header may have and stops it at the first other thing, so
// that neither nesting nor a duplicate key costs memory or hides a tensor.
class HeaderSax final : public nlohmann::json_sax<Json> {
 public:
  bool start_object(std::size_t /*size*/) override {
    if (array_ != nullptr || depth_ == 2 || (depth_ == 1 && key_.empty()))
      return Refuse("an object out of place");
    if (++depth_ == 2 && !InMetadata()) tensors_.push_back({.name = key_});
    fields_.clear();
    return true;
  }
  bool end_object() override {
    if (--depth_ == 1 && !InMetadata()) {
      if (fields_.size() != 3) return Refuse("a tensor without dtype, shape or data_offsets");
      if (tensors_.back().offsets.size() != 2) return Refuse("data_offsets that are not two numbers");
    }
    return true;
  }
  bool key(std::string& name) override {
    if (!(depth_ == 1 ? names_ : fields_).insert(name).second) return Refuse("\"" + name + "\" twice");
    (depth_ == 1 ? key_ : field_) = name;
    return !name.empty() || depth_ == 2 || Refuse("a tensor without a name");
  }
  bool string(std::string& value) override {
    if (depth_ != 2) return Refuse("text out of place");
    if (InMetadata()) return true;
    if (array_ != nullptr || field_ != "dtype") return Refuse("text where \"" + field_ + "\" has a list");
    tensors_.back().dtype = value;
    return true;
  }
  bool start_array(std::size_t /*size*/) override {
    const bool shape = field_ == "shape";
    if (depth_ != 2 || InMetadata() || array_ != nullptr || (!shape && field_ != "data_offsets")) {
      return Refuse("a list out of place");
    }
    array_ = shape ? &tensors_.back().shape : &tensors_.back().offsets;
    return true;
  }
  bool end_array() override {
    array_ = nullptr;
    return true;
  }
  bool number_unsigned(number_unsigned_t value) override {
    if (array_ == nullptr) return Refuse("a number out of place");
    array_->push_back(value);
    return true;
  }
  bool number_integer(number_integer_t /*value*/) override { return Refuse("a negative number"); }
  bool number_float(number_float_t /*value*/, const string_t& /*text*/) override {
    return Refuse("a number that is not whole, or too large");
  }
  bool null() override { return Refuse("null"); }
  bool boolean(bool /*value*/) override { return Refuse("a truth value"); }
  bool binary(binary_t& /*value*/) override { return Refuse("binary data"); }
  bool parse_error(std::size_t position, const std::string& /*token*/,
                   const Json::exception& /*why*/) override {
    return Refuse("no JSON at byte " + std::to_string(position));
  }

  [[nodiscard]] const std::string& refusal() const { return refusal_; }
  std::vector<HeaderTensor> Take() && { return std::move(tensors_); }

 private:
  [[nodiscard]] bool InMetadata() const { return key_ == "__metadata__"; }
  bool Refuse(const std::string& what) {
    refusal_ = what;
    return false;
  }

  int depth_ = 0;  // 1 in the header, 2 in a tensor or the metadata
  std::string key_, field_;
  std::set<std::string> names_, fields_;
  std::vector<std::uint64_t>* array_ = nullptr;  // being filled
  std::vector<HeaderTensor> tensors_;
  std::string refusal_;
};

}  // namespace

Result<std::vector<HeaderTensor>> ParseSafetensorsHeader(std::string_view json) {
  const auto refuse = [](const std::string& what) {
    return Fail(errors::kSafetensorsHeader, "the header has " + Printable(what, 200));
  };
  if (!json.starts_with('{')) return refuse("no opening brace");
  HeaderSax sax;
  if (!Json::sax_parse(json, &sax)) return refuse(sax.refusal());
  return std::move(sax).Take();
}

}  // namespace accord::model
