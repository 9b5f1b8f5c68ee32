#include "ledger/strict_json.h"

#include <algorithm>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <utility>

#include "base/errors.h"
#include "crypto/base64.h"

namespace accord::ledger {
namespace {

using nlohmann::json;

constexpr int kMaxDepth = 16;

// Why a text is no JSON of ours; nullopt when `root` is.
class Parser {
 public:
  std::optional<std::string> Parse(ByteView text, json& root) {
    const auto visit = [this](int depth, json::parse_event_t event, json& value) {
      See(depth, event, value);
      return true;
    };
    root = json::parse(text.begin(), text.end(), visit, /*allow_exceptions=*/false);
    if (fault_) return fault_;
    if (root.is_discarded()) return "it is no JSON";
    if (!root.is_object()) return "it is no object";
    return std::nullopt;
  }

 private:
  void See(int depth, json::parse_event_t event, const json& value) {
    if (depth > kMaxDepth) fault_ = "it is nested too deep";
    if (event == json::parse_event_t::object_start) keys_.emplace_back();
    if (event == json::parse_event_t::object_end) keys_.pop_back();
    if (event != json::parse_event_t::key || keys_.back().insert(value.get<std::string>()).second) return;
    fault_ = "it has the field \"" + Printable(value.get<std::string>(), 64) + "\" twice";
  }

  std::vector<std::set<std::string>> keys_;  // of the objects that are open
  std::optional<std::string> fault_;
};

}  // namespace

struct JsonReader::Document {
  std::string what;
  json root;
  std::map<const void*, std::pair<std::string, std::set<std::string, std::less<>>>>
      taken;  // by object: path, fields
  std::optional<std::string> fault;

  void Refuse(const std::string& path, const std::string& why) {
    if (!fault) fault = (path.empty() ? "" : path + ": ") + why;
  }
};

JsonReader::JsonReader(ByteView text, std::string what, std::size_t max_bytes)
    : document_(std::make_shared<Document>()) {
  document_->what = std::move(what);
  std::optional<std::string> fault;
  if (text.size() > max_bytes) {
    fault = "it has " + std::to_string(text.size()) + " bytes, and may have " + std::to_string(max_bytes);
  } else {
    fault = Parser().Parse(text, document_->root);
  }
  if (fault) {
    document_->Refuse("", *fault);
  } else {
    value_ = &document_->root;
    document_->taken[value_] = {};
  }
}

JsonReader::JsonReader(std::shared_ptr<Document> document, const void* value, std::string path)
    : document_(std::move(document)), value_(value), path_(std::move(path)) {
  if (value_ != nullptr) document_->taken[value_].first = path_;
}

bool JsonReader::Has(std::string_view key) const {
  return value_ != nullptr && static_cast<const json*>(value_)->contains(key);
}

const void* JsonReader::Take(std::string_view key) {
  if (value_ == nullptr || document_->fault) return nullptr;
  const auto& object = *static_cast<const json*>(value_);
  const auto found = object.find(key);
  document_->taken[value_].second.emplace(key);
  if (found != object.end()) return &*found;
  Refuse(key, "it is missing");
  return nullptr;
}

const void* JsonReader::TakeArray(std::string_view key) {
  const auto* value = static_cast<const json*>(Take(key));
  if (value == nullptr || value->is_array()) return value;
  Refuse(key, "it is no list");
  return nullptr;
}

std::string JsonReader::Text(std::string_view key) {
  const auto* value = static_cast<const json*>(Take(key));
  if (value == nullptr) return "";
  if (value->is_string()) return value->get<std::string>();
  Refuse(key, "it is no text");
  return "";
}

std::uint64_t JsonReader::Unsigned(std::string_view key, std::uint64_t most) {
  const auto* value = static_cast<const json*>(Take(key));
  if (value == nullptr) return 0;
  if (!value->is_number_unsigned()) return Refuse(key, "it is no whole number from 0 on"), 0;
  const auto number = value->get<std::uint64_t>();
  if (number <= std::min(most, kMaxJsonInteger)) return number;
  return Refuse(key, "it is above " + std::to_string(std::min(most, kMaxJsonInteger))), 0;
}

std::uint32_t JsonReader::U32(std::string_view key) {
  return static_cast<std::uint32_t>(Unsigned(key, std::numeric_limits<std::uint32_t>::max()));
}

bool JsonReader::Bool(std::string_view key) {
  const auto* value = static_cast<const json*>(Take(key));
  if (value == nullptr) return false;
  if (value->is_boolean()) return value->get<bool>();
  Refuse(key, "it is neither true nor false");
  return false;
}

std::vector<std::string> JsonReader::Texts(std::string_view key) {
  const auto* list = static_cast<const json*>(TakeArray(key));
  std::vector<std::string> texts;
  if (list == nullptr) return texts;
  for (const json& item : *list) {
    if (!item.is_string()) return Refuse(key, "it has an item that is no text"), std::vector<std::string>();
    texts.push_back(item.get<std::string>());
  }
  return texts;
}

JsonReader JsonReader::Object(std::string_view key) {
  const auto* value = static_cast<const json*>(Take(key));
  if (value != nullptr && !value->is_object()) Refuse(key, "it is no object");
  return {document_, document_->fault ? nullptr : value, path_ + std::string(key) + "."};
}

std::vector<JsonReader> JsonReader::Objects(std::string_view key) {
  const auto* list = static_cast<const json*>(TakeArray(key));
  std::vector<JsonReader> readers;
  if (list == nullptr) return readers;
  for (const json& item : *list) {
    if (!item.is_object()) return Refuse(key, "it has an item that is no object"), std::vector<JsonReader>();
    readers.push_back(
        JsonReader(document_, &item, path_ + std::string(key) + "[" + std::to_string(readers.size()) + "]."));
  }
  return readers;
}

std::optional<Digest> JsonReader::OptionalDigest(std::string_view key) {
  if (Text(key).empty()) return std::nullopt;  // or a fault
  return Digest(key);
}

std::vector<Digest> JsonReader::Digests(std::string_view key) {
  std::vector<accord::Digest> digests;
  for (const std::string& text : Texts(key)) digests.push_back(FromHex<accord::Digest>(key, text));
  return digests;
}

Bytes JsonReader::Base64(std::string_view key) {
  const std::string text = Text(key);
  auto bytes = crypto::FromBase64(text);
  if (bytes) return *std::move(bytes);
  Refuse(key, "it is no base64 with padding");
  return {};
}

void JsonReader::Refuse(std::string_view key, std::string why) {
  document_->Refuse(path_ + std::string(key), why);
}

Status JsonReader::Finish() const {
  if (!document_->fault) {
    for (const auto& [value, object] : document_->taken) {
      for (const auto& [key, item] : static_cast<const json*>(value)->items()) {
        if (!object.second.contains(key))
          document_->Refuse(object.first + Printable(key, 64), "no such field is known");
      }
    }
  }
  if (!document_->fault) return {};
  return Fail(errors::kLedgerMalformed, "the " + document_->what + " is refused: " + *document_->fault);
}

}  // namespace accord::ledger
