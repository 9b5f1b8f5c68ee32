// Reads the JSON of signed documents: exactly the fields that a format has, each once, each of its type
// (governance.md section 2). What is lenient here is what two readers of one signed document understand
// differently. Numbers are whole, from 0 to 2^53 - 1, which every reader of JSON holds exactly.
//
//   JsonReader vote(text, "vote");
//   vote_out.voter = vote.Text("voter");
//   ...
//   ACCORD_RETURN_IF_ERROR(vote.Finish());
//
// The first fault is kept; after it every field reads as empty. Nothing that was read counts before Finish()
// has said that all was in order. One thread at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "accord/ids.h"
#include "accord/status.h"
#include "base/text.h"

namespace accord::ledger {

inline constexpr std::size_t kMaxDocumentBytes = 65'535;  // an entry of a log (tlog-tiles: u16 length)
inline constexpr std::uint64_t kMaxJsonInteger = (1ULL << 53) - 1;

class JsonReader {
 public:
  // `what` names the document to people.
  JsonReader(ByteView text, std::string what, std::size_t max_bytes = kMaxDocumentBytes);

  [[nodiscard]] bool Has(std::string_view key) const;
  // Each takes the field of this name, which has to be there.
  [[nodiscard]] std::string Text(std::string_view key);
  [[nodiscard]] std::uint64_t Unsigned(std::string_view key, std::uint64_t most = kMaxJsonInteger);
  [[nodiscard]] std::uint32_t U32(std::string_view key);
  [[nodiscard]] bool Bool(std::string_view key);
  [[nodiscard]] std::vector<std::string> Texts(std::string_view key);
  [[nodiscard]] JsonReader Object(std::string_view key);
  [[nodiscard]] std::vector<JsonReader> Objects(std::string_view key);
  // A FixedBytes in lower-case hex.
  template <class T>
  [[nodiscard]] T Fixed(std::string_view key) {
    return FromHex<T>(key, Text(key));
  }
  [[nodiscard]] accord::Digest Digest(std::string_view key) { return Fixed<accord::Digest>(key); }
  // The same, or empty for none.
  [[nodiscard]] std::optional<accord::Digest> OptionalDigest(std::string_view key);
  [[nodiscard]] std::vector<accord::Digest> Digests(std::string_view key);
  // Padded base64 in its one form.
  [[nodiscard]] Bytes Base64(std::string_view key);

  // A fault of meaning that the caller found in `key`.
  void Refuse(std::string_view key, std::string why);
  // Ok when the document had what was taken from it and nothing else; `ledger.malformed` with the first fault
  // otherwise. Of the whole document, whichever of its objects is asked.
  [[nodiscard]] Status Finish() const;

 private:
  struct Document;
  struct Node;
  JsonReader(std::shared_ptr<Document> document, const void* value, std::string path);
  template <class T>
  [[nodiscard]] T FromHex(std::string_view key, const std::string& text) {
    const auto value = T::FromHex(text);
    if (value && value->Hex() == text) return *value;
    Refuse(key, "it is not " + std::to_string(T::kSize) + " bytes in lower-case hex");
    return {};
  }
  const void* Take(std::string_view key);
  const void* TakeArray(std::string_view key);

  std::shared_ptr<Document> document_;
  const void* value_ = nullptr;  // of the document; null once there is a fault
  std::string path_;
};

}  // namespace accord::ledger
