#include "coordinator/registry_book.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string>
#include <utility>

#include "base/codec.h"
#include "base/errors.h"
#include "base/file.h"
#include "base/log.h"

namespace accord::coordinator {
namespace {

constexpr std::size_t kLeastStored = 4;  // the length of an LV
constexpr std::string_view kCaFile = "ca.";
constexpr std::uint64_t kMaxCaFile = 1 << 16;

struct FileName {
  std::uint64_t version = 0;
  Digest hash;
};

std::string Format(const FileName& name) { return std::to_string(name.version) + "." + name.hash.Hex(); }

// Nothing for files that are none of the book's, such as what an interrupted write left.
std::optional<FileName> ParseName(const std::string& text) {
  FileName name;
  const char* const end = text.data() + text.size();
  const auto [dot, error] = std::from_chars(text.data(), end, name.version);
  if (error != std::errc() || dot == end || *dot != '.') return std::nullopt;
  const auto hash = Digest::FromHex(std::string_view(dot + 1, end));
  if (!hash) return std::nullopt;
  name.hash = *hash;
  return Format(name) == text ? std::optional(name) : std::nullopt;
}

RegistryVersion Make(std::uint64_t version, std::vector<secagg::VouchedEntry> vouched) {
  RegistryVersion made;
  made.registry.version = version;
  for (const secagg::VouchedEntry& one : vouched) made.registry.entries.push_back(one.entry);
  made.hash = made.registry.Hash();
  made.vouched = std::move(vouched);
  return made;
}

// u64 version, [LV vouched entry]*.
Bytes Encode(const RegistryVersion& version) {
  Writer out;
  out.U64(version.registry.version).U32(static_cast<std::uint32_t>(version.vouched.size()));
  for (const secagg::VouchedEntry& one : version.vouched) out.Lv(one.Encode());
  return std::move(out).Take();
}

Result<std::shared_ptr<const RegistryVersion>> Read(const std::filesystem::path& directory,
                                                    const FileName& name) {
  const std::filesystem::path file = directory / Format(name);
  ACCORD_ASSIGN_OR_RETURN(const Bytes bytes, ReadFile(file));
  Reader in(bytes);
  const std::uint64_t version = in.U64();
  const std::uint32_t count = in.Count(kLeastStored);
  std::vector<secagg::VouchedEntry> vouched;
  for (std::uint32_t i = 0; i < count && in.ok(); ++i) {
    const auto one = secagg::VouchedEntry::Parse(in.Lv());
    if (!one.ok()) in.Refuse();
    if (one.ok()) vouched.push_back(*one);
  }
  RegistryVersion read = Make(version, std::move(vouched));
  if (!in.Done() || read.hash != name.hash || version != name.version) {
    return Fail(errors::kStoreCorrupt, file.string() + " is not the registry that its name says");
  }
  return std::make_shared<const RegistryVersion>(std::move(read));
}

// The entries of all nodes that count, ascending by id.
Result<std::vector<secagg::VouchedEntry>> Vouched(
    const std::vector<store::Member>& members,
    const std::function<bool(const secagg::VouchedEntry&)>& counts) {
  std::vector<secagg::VouchedEntry> vouched;
  for (const store::Member& member : members) {
    if (member.suspended || member.role != crypto::RoleName(crypto::Role::kNode)) continue;
    auto one = secagg::VouchedEntry::Parse(member.registry_entry);
    if (!one.ok() || one->identity.Format() != member.spiffe_id) {
      return Fail(errors::kStoreCorrupt,
                  "the stored registry entry of " + member.spiffe_id + " is not its own");
    }
    if (counts(*one)) vouched.push_back(*std::move(one));
  }
  std::ranges::sort(vouched, {}, [](const secagg::VouchedEntry& one) { return one.entry.id; });
  return vouched;
}

// Nothing for other files, and for one that is not what its name says: its node introduces itself again.
std::optional<crypto::Certificate> ReadCa(const std::filesystem::path& file) {
  const std::string name = file.filename().string();
  if (!name.starts_with(kCaFile)) return std::nullopt;
  const auto pem = ReadFile(file, kMaxCaFile);
  const auto ca = pem.ok() ? crypto::Certificate::FromPem(AsText(*pem)) : pem.status();
  if (!ca.ok() || name != std::string(kCaFile) + ca->info().spki_hash.Hex()) return std::nullopt;
  return *ca;
}

// A new signature over the same entry is no reason to have every lab pin again.
bool SameEntries(const std::vector<secagg::VouchedEntry>& a, const std::vector<secagg::VouchedEntry>& b) {
  return std::ranges::equal(a, b, {}, &secagg::VouchedEntry::entry, &secagg::VouchedEntry::entry);
}

}  // namespace

rpc::RegistryView RegistryVersion::View() const {
  rpc::RegistryView view{.version = registry.version, .entries = {}, .cas = {}};
  for (const secagg::VouchedEntry& one : vouched) {
    view.entries.push_back({one.identity.Format(), one.entry.Encode(), one.signature});
  }
  return view;
}

Result<std::unique_ptr<RegistryBook>> RegistryBook::Open(std::filesystem::path directory,
                                                         store::Members& members) {
  std::unique_ptr<RegistryBook> book(new RegistryBook(std::move(directory), members));
  ACCORD_RETURN_IF_ERROR(book->ReadDirectory());
  if (book->Newest() == nullptr) ACCORD_RETURN_IF_ERROR(book->Refresh());
  return book;
}

Status RegistryBook::ReadDirectory() {
  std::error_code error;
  std::filesystem::create_directories(directory_, error);
  if (error) return ErrnoStatus(error.value(), "cannot make", directory_);
  std::optional<FileName> newest;
  const MutexLock lock(mutex_);
  std::filesystem::directory_iterator files(directory_, error);
  for (; !error && files != std::filesystem::directory_iterator(); files.increment(error)) {
    if (const auto ca = ReadCa(files->path())) cas_.insert_or_assign(ca->info().spki_hash, *ca);
    const auto name = ParseName(files->path().filename().string());
    if (!name) continue;
    versions_[name->hash] = name->version;
    if (!newest || newest->version < name->version) newest = name;
  }
  if (error) return ErrnoStatus(error.value(), "cannot list", directory_);
  if (newest) {
    ACCORD_ASSIGN_OR_RETURN(newest_, Read(directory_, *newest));
  }
  return {};
}

RegistryBook::FilesCheck RegistryBook::CheckFiles(const std::filesystem::path& directory) {
  FilesCheck check;
  std::error_code error;
  std::filesystem::directory_iterator files(directory, error);
  for (; !error && files != std::filesystem::directory_iterator(); files.increment(error)) {
    const auto name = ParseName(files->path().filename().string());
    if (!name) continue;
    if (const auto read = Read(directory, *name); read.ok()) {
      ++check.whole;
    } else {
      check.faults.push_back(read.status());
    }
  }
  if (error) check.faults.push_back(ErrnoStatus(error.value(), "cannot list", directory));
  return check;
}

Status RegistryBook::Refresh() {
  const MutexLock lock(mutex_);
  ACCORD_ASSIGN_OR_RETURN(const std::vector<store::Member> members, members_.List());
  std::vector<crypto::Certificate> cas;
  for (const auto& [key, ca] : cas_) cas.push_back(ca);
  const auto counts = [&, &counts = counts_](const secagg::VouchedEntry& one) {
    return !counts || counts(one, cas);
  };
  ACCORD_ASSIGN_OR_RETURN(std::vector<secagg::VouchedEntry> vouched, Vouched(members, counts));
  if (newest_ && SameEntries(newest_->vouched, vouched)) return {};
  return Append(std::move(vouched));
}

void RegistryBook::CountOnly(Counts counts) {
  const MutexLock lock(mutex_);
  counts_ = std::move(counts);
}

Status RegistryBook::Append(std::vector<secagg::VouchedEntry> vouched) {
  const std::uint64_t version = newest_ ? newest_->registry.version + 1 : 1;
  auto next = std::make_shared<const RegistryVersion>(Make(version, std::move(vouched)));
  ACCORD_RETURN_IF_ERROR(
      WriteFileAtomic(directory_ / Format({version, next->hash}), Encode(*next), FileMode::kShared));
  versions_[next->hash] = version;
  LogInfo("registry.changed", {{"version", std::to_string(version)},
                               {"hash", next->hash.Hex()},
                               {"nodes", std::to_string(next->vouched.size())}});
  newest_ = std::move(next);
  return {};
}

std::shared_ptr<const RegistryVersion> RegistryBook::Newest() const {
  const MutexLock lock(mutex_);
  return newest_;
}

Result<std::shared_ptr<const RegistryVersion>> RegistryBook::Find(const Digest& hash) const {
  FileName name{0, hash};
  {
    const MutexLock lock(mutex_);
    if (newest_->hash == hash) return newest_;
    const auto found = versions_.find(hash);
    if (found == versions_.end()) {
      return Fail(errors::kBlobNotFound, "no registry of this federation has the hash " + hash.Hex(),
                  "Compare the hash with the operator's: accord member registry");
    }
    name.version = found->second;
  }
  return Read(directory_, name);  // files never change
}

Status RegistryBook::KeepCa(const crypto::Certificate& ca) {
  const Digest key = ca.info().spki_hash;
  const MutexLock lock(mutex_);
  if (cas_.contains(key)) return {};
  ACCORD_RETURN_IF_ERROR(
      WriteFileAtomic(directory_ / (std::string(kCaFile) + key.Hex()), AsBytes(ca.pem()), FileMode::kShared));
  cas_.insert_or_assign(key, ca);
  return {};
}

std::vector<std::string> RegistryBook::Cas() const {
  const MutexLock lock(mutex_);
  std::vector<std::string> pems;
  for (const auto& [key, ca] : cas_) pems.push_back(ca.pem());
  return pems;
}

}  // namespace accord::coordinator
