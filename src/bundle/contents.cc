#include "bundle/contents.h"

#include <algorithm>

#include "base/errors.h"
#include "crypto/sha256.h"

namespace accord::bundle {

bool PathOrder::operator()(std::string_view a, std::string_view b) const {
  const auto rank = [](char c) { return c == '/' ? 0 : static_cast<unsigned char>(c) + 1; };
  return std::ranges::lexicographical_compare(a, b, {}, rank, rank);
}

Result<ByteView> Contents::Find(std::string_view file) const {
  const auto found = files.find(file);
  if (found != files.end()) return ByteView(found->second);
  return Refuse(file, "it is missing");
}

ByPath<Digest> SignedFiles(const Contents& contents) {
  ByPath<Digest> digests{{std::string(kModelFile), contents.model}};
  for (const auto& [file, bytes] : contents.files) {
    if (file != kSignatureFile && file != kProvenanceFile) digests[file] = crypto::Sha256::Of(bytes);
  }
  return digests;
}

Status Refuse(std::string_view file, const std::string& why) {
  return Fail(errors::kModelBundle, Printable(file, 200) + ": " + why);
}

}  // namespace accord::bundle
