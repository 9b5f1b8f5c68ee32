#include "crypto/join_token.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <utility>

#include "base/check.h"
#include "base/codec.h"
#include "base/crc32c.h"
#include "base/errors.h"
#include "crypto/random.h"
#include "crypto/sha256.h"

namespace accord::crypto {
namespace {

constexpr std::string_view kPrefix = "accord1_";
constexpr std::uint8_t kVersion = 1;
constexpr std::size_t kSecretBytes = 32;
constexpr std::size_t kMaxText = 2048;
constexpr std::size_t kMaxAddress = 260;  // a DNS name and a port
constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

// base64url without padding (RFC 4648 5) between buffers that are cleansed; OpenSSL's decoder takes neither
// this alphabet nor a missing padding.
ZeroizingBytes ToBase64Url(std::string_view prefix, ByteView bytes) {
  ZeroizingBytes text(prefix.size() + (bytes.size() * 8 + 5) / 6);
  auto out = std::copy(prefix.begin(), prefix.end(), text.bytes().begin());
  std::uint32_t held = 0;
  int bits = 0;
  for (const std::uint8_t byte : bytes) {
    held = held << 8 | byte;
    for (bits += 8; bits >= 6;) *out++ = static_cast<std::uint8_t>(kAlphabet[held >> (bits -= 6) & 63]);
  }
  if (bits > 0) *out++ = static_cast<std::uint8_t>(kAlphabet[held << (6 - bits) & 63]);
  return text;
}

// Also refuses bits that no encoder would have set.
std::optional<ZeroizingBytes> FromBase64Url(std::string_view text) {
  if (text.size() % 4 == 1) return std::nullopt;
  ZeroizingBytes bytes(text.size() * 6 / 8);
  auto out = bytes.bytes().begin();
  std::uint32_t held = 0;
  int bits = 0;
  for (const char c : text) {
    const std::size_t value = kAlphabet.find(c);
    if (value == std::string_view::npos) return std::nullopt;
    held = held << 6 | static_cast<std::uint32_t>(value);
    bits += 6;
    if (bits >= 8) *out++ = static_cast<std::uint8_t>(held >> (bits -= 8));
  }
  if ((held & ((1U << bits) - 1)) != 0) return std::nullopt;
  return bytes;
}

bool IsHost(std::string_view host) {
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  return !host.empty() && std::ranges::all_of(host, [bracketed](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           (bracketed ? c == ':' || c == '%' : c == '-');
  });
}

bool IsAddress(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (text.size() > kMaxAddress || colon == std::string_view::npos || !IsHost(text.substr(0, colon)))
    return false;
  const std::string_view digits = text.substr(colon + 1);
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  return error == std::errc() && end == digits.data() + digits.size() && port != 0 && digits.front() != '0';
}

Status Invalid(const char* why) {
  return Fail(
      errors::kTokenInvalid, std::string("the join token ") + why,
      "Copy the whole token, or ask an operator for a new one: accord member invite NAME --role ROLE");
}

Result<JoinToken> ParseBody(ByteView body) {
  Reader reader(body);
  if (reader.U8() != kVersion) return Invalid("is of another version");
  JoinToken token;
  token.address = reader.LvText();
  token.ca_fingerprint = reader.Fixed<Digest>();
  const std::string uri = reader.LvText();
  token.secret = ZeroizingBytes::CopyOf(reader.Raw(kSecretBytes));
  if (!reader.Done() || !IsAddress(token.address)) return Invalid("is malformed");
  Result<SpiffeId> identity = SpiffeId::Parse(uri);
  if (!identity.ok()) return Invalid("is malformed");
  token.identity = *std::move(identity);
  return token;
}

}  // namespace

Result<JoinToken> MakeJoinToken(std::string address, const Digest& ca_fingerprint, const SpiffeId& identity) {
  if (!IsAddress(address)) {
    return Fail(errors::kTokenInvalid, "'" + Printable(address) + "' is not host:port",
                "Give the address at which nodes reach the coordinator, for example lab.example:7443");
  }
  return JoinToken{std::move(address), ca_fingerprint, identity, RandomSecret(kSecretBytes)};
}

ZeroizingBytes FormatJoinToken(const JoinToken& token) {
  ACCORD_CHECK(token.secret.size() == kSecretBytes);
  Writer public_part;
  public_part.U8(kVersion).Lv(token.address).Fixed(token.ca_fingerprint).Lv(token.identity.Format());
  // The secret goes only into buffers that are cleansed.
  ZeroizingBytes body(public_part.bytes().size() + kSecretBytes + sizeof(std::uint32_t));
  auto out = std::ranges::copy(public_part.bytes(), body.bytes().begin()).out;
  std::ranges::copy(token.secret.view(), out);
  const ByteView checked = body.view().first(body.size() - sizeof(std::uint32_t));
  const Writer checksum = Writer().U32(Crc32c(checked));
  std::ranges::copy(checksum.bytes(), body.bytes().last<sizeof(std::uint32_t)>().begin());
  return ToBase64Url(kPrefix, body.view());
}

Result<JoinToken> ParseJoinToken(std::string_view text) {
  if (!text.starts_with(kPrefix) || text.size() > kMaxText)
    return Invalid("does not begin with accord1_, or is too long");
  const std::optional<ZeroizingBytes> body = FromBase64Url(text.substr(kPrefix.size()));
  if (!body || body->size() < sizeof(std::uint32_t)) return Invalid("is cut or has a wrong character");
  const ByteView checked = body->view().first(body->size() - sizeof(std::uint32_t));
  if (Reader(body->view().last(sizeof(std::uint32_t))).U32() != Crc32c(checked)) {
    return Invalid("is cut or has a wrong character");
  }
  return ParseBody(checked);
}

Digest TokenHash(ByteView secret) { return Sha256::Of(secret); }

}  // namespace accord::crypto
