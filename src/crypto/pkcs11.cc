#include "crypto/pkcs11.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/params.h>
#include <p11-kit/p11-kit.h>
#include <p11-kit/pkcs11.h>
#include <p11-kit/uri.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/errors.h"
#include "crypto/ecdsa.h"
#include "crypto/openssl_internal.h"
#include "crypto/sha256.h"

namespace accord::crypto {
namespace {

using UriPtr = std::unique_ptr<P11KitUri, OpensslFree<p11_kit_uri_free>>;

constexpr std::size_t kMaxAttributeBytes = 1'024;
constexpr std::size_t kFieldBytes = 32;  // of P-256
constexpr std::array<std::uint8_t, 10> kP256Parameters{0x06, 0x08, 0x2a, 0x86, 0x48,
                                                       0xce, 0x3d, 0x03, 0x01, 0x07};  // DER of the OID

Status TokenStatus(const std::string& what, CK_RV code) {
  if (code == CKR_PIN_INCORRECT || code == CKR_PIN_INVALID || code == CKR_PIN_LEN_RANGE)
    return Fail(errors::kKeyPassphrase, "the token refuses the PIN; after a few more it locks itself");
  return Fail(errors::kKeyToken, what + ": " + p11_kit_strerror(code));
}

Result<UriPtr> ParseUri(const std::string& text) {
  UriPtr uri(p11_kit_uri_new());
  const auto refuse = [&](const std::string& why) {
    return Fail(errors::kKeyUri, Printable(text) + " " + why);
  };
  const int code = p11_kit_uri_parse(text.c_str(), P11_KIT_URI_FOR_ANY, uri.get());
  if (code != P11_KIT_URI_OK) return refuse(std::string("is no PKCS#11 URI: ") + p11_kit_uri_message(code));
  if (p11_kit_uri_any_unrecognized(uri.get()) != 0) return refuse("has an attribute that is not known");
  if (p11_kit_uri_get_pin_value(uri.get()) != nullptr || p11_kit_uri_get_pin_source(uri.get()) != nullptr)
    return refuse("holds a PIN or where it is; the PIN is asked for");
  return uri;
}

// The modules of the machine, or the one that the URI names. In use until it ends.
class Modules {
 public:
  static Result<std::unique_ptr<Modules>> Load(P11KitUri* uri) {
    std::unique_ptr<Modules> modules(new Modules);
    const char* path = p11_kit_uri_get_module_path(uri);
    modules->configured_ = path == nullptr;
    if (path == nullptr) {
      modules->list_ = p11_kit_modules_load_and_initialize(0);
      if (modules->list_ == nullptr)
        return TokenStatus("cannot load the modules of p11-kit", CKR_GENERAL_ERROR);
      return modules;
    }
    CK_FUNCTION_LIST* module = p11_kit_module_load(path, 0);
    if (module == nullptr)
      return Fail(errors::kKeyToken, "cannot load the module " + Printable(path) + ": " + p11_kit_message());
    modules->one_[0] = module;
    if (const CK_RV code = p11_kit_module_initialize(module); code != CKR_OK)
      return TokenStatus("cannot start the module", code);
    modules->started_ = true;
    return modules;
  }
  ~Modules() {
    if (list_ != nullptr) p11_kit_modules_finalize_and_release(list_);
    if (started_) p11_kit_module_finalize(one_[0]);
    if (one_[0] != nullptr) p11_kit_module_release(one_[0]);
  }
  Modules(const Modules&) = delete;
  Modules& operator=(const Modules&) = delete;

  [[nodiscard]] CK_FUNCTION_LIST** list() { return configured_ ? list_ : one_.data(); }

 private:
  Modules() = default;
  bool configured_ = true;
  CK_FUNCTION_LIST** list_ = nullptr;
  std::array<CK_FUNCTION_LIST*, 2> one_{};  // ended by a null pointer
  bool started_ = false;
};

struct Place {
  CK_FUNCTION_LIST* module;
  CK_SLOT_ID slot;
};

// Where the tokens are that a URI names.
std::vector<Place> PlacesOf(Modules& modules, P11KitUri* uri) {
  std::vector<Place> found;
  const CK_SLOT_ID wanted = p11_kit_uri_get_slot_id(uri);
  for (CK_FUNCTION_LIST** module = modules.list(); *module != nullptr; ++module) {
    CK_INFO library;
    CK_ULONG count = 0;
    if ((*module)->C_GetInfo(&library) != CKR_OK || p11_kit_uri_match_module_info(uri, &library) != 1 ||
        (*module)->C_GetSlotList(CK_TRUE, nullptr, &count) != CKR_OK)
      continue;
    std::vector<CK_SLOT_ID> slots(count);
    if ((*module)->C_GetSlotList(CK_TRUE, slots.data(), &count) != CKR_OK) continue;
    slots.resize(std::min<std::size_t>(count, slots.size()));
    for (const CK_SLOT_ID slot : slots) {
      CK_SLOT_INFO about;
      CK_TOKEN_INFO token;
      if ((wanted == static_cast<CK_SLOT_ID>(-1) || wanted == slot) &&
          (*module)->C_GetSlotInfo(slot, &about) == CKR_OK && p11_kit_uri_match_slot_info(uri, &about) == 1 &&
          (*module)->C_GetTokenInfo(slot, &token) == CKR_OK && p11_kit_uri_match_token_info(uri, &token) == 1)
        found.push_back({*module, slot});
    }
  }
  return found;
}

// A session with the one token that a URI names.
class Session {
 public:
  static Result<std::unique_ptr<Session>> Open(P11KitUri* uri) {
    ACCORD_ASSIGN_OR_RETURN(std::unique_ptr<Modules> modules, Modules::Load(uri));
    const std::vector<Place> found = PlacesOf(*modules, uri);
    if (found.size() != 1) {
      return Fail(errors::kKeyToken,
                  std::to_string(found.size()) +
                      " tokens are as the URI says; it has to name one, by token= or serial=");
    }
    std::unique_ptr<Session> session(new Session(std::move(modules), found[0].module));
    const CK_RV code = session->module_->C_OpenSession(found[0].slot, CKF_SERIAL_SESSION, nullptr, nullptr,
                                                       &session->handle_);
    if (code != CKR_OK) return TokenStatus("cannot open the token", code);
    session->open_ = true;
    return session;
  }
  ~Session() {
    if (open_) module_->C_CloseSession(handle_);
  }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  [[nodiscard]] Status Login(CK_USER_TYPE user, ByteView pin) {
    auto* text = const_cast<std::uint8_t*>(pin.data());
    const CK_RV code = module_->C_Login(handle_, user, text, pin.size());
    if (code == CKR_OK || code == CKR_USER_ALREADY_LOGGED_IN) return {};
    return TokenStatus("the token refuses the log-in", code);
  }

  // The one object that has all of these.
  [[nodiscard]] Result<CK_OBJECT_HANDLE> Find(std::vector<CK_ATTRIBUTE> wanted, const std::string& what) {
    std::array<CK_OBJECT_HANDLE, 2> found{};
    CK_ULONG count = 0;
    CK_RV code = module_->C_FindObjectsInit(handle_, wanted.data(), wanted.size());
    if (code == CKR_OK) {
      code = module_->C_FindObjects(handle_, found.data(), found.size(), &count);
      module_->C_FindObjectsFinal(handle_);
    }
    if (code != CKR_OK) return TokenStatus("cannot look for the " + what, code);
    if (count == 1) return found[0];
    return Fail(errors::kKeyToken,
                std::string(count == 0 ? "the token has no " : "the token has more than one ") + what +
                    " as the URI says; object= and id= name one");
  }

  [[nodiscard]] Result<Bytes> Read(CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type) {
    Bytes value(kMaxAttributeBytes);
    CK_ATTRIBUTE attribute{type, value.data(), value.size()};
    const CK_RV code = module_->C_GetAttributeValue(handle_, object, &attribute, 1);
    if (code != CKR_OK) return TokenStatus("cannot read what the token says of the key", code);
    value.resize(attribute.ulValueLen);
    return value;
  }
  [[nodiscard]] Result<CK_ULONG> ReadNumber(CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type) {
    ACCORD_ASSIGN_OR_RETURN(const Bytes value, Read(object, type));
    CK_ULONG number = 0;
    if (value.size() != sizeof number) return TokenStatus("a number of the key is none", CKR_GENERAL_ERROR);
    std::copy(value.begin(), value.end(), reinterpret_cast<std::uint8_t*>(&number));
    return number;
  }
  // Whether the token wants the PIN at each use; tokens that do not know the question do not.
  [[nodiscard]] bool AsksEachTime(CK_OBJECT_HANDLE key) {
    const Result<Bytes> value = Read(key, CKA_ALWAYS_AUTHENTICATE);
    return value.ok() && *value == Bytes{CK_TRUE};
  }

  // `again`: the PIN, for keys that ask for it each time.
  [[nodiscard]] Result<Bytes> Sign(CK_OBJECT_HANDLE key, CK_MECHANISM_TYPE mechanism, ByteView message,
                                   const std::optional<ZeroizingBytes>& again) {
    CK_MECHANISM how{mechanism, nullptr, 0};
    CK_RV code = module_->C_SignInit(handle_, &how, key);
    if (code != CKR_OK) return TokenStatus("the token does not sign with this key", code);
    if (again) ACCORD_RETURN_IF_ERROR(Login(CKU_CONTEXT_SPECIFIC, again->view()));
    Bytes signature(2 * kFieldBytes);
    CK_ULONG size = signature.size();
    code = module_->C_Sign(handle_, const_cast<std::uint8_t*>(message.data()), message.size(),
                           signature.data(), &size);
    if (code != CKR_OK || size != signature.size())
      return TokenStatus("the token made no signature", code != CKR_OK ? code : CKR_DATA_LEN_RANGE);
    return signature;
  }

 private:
  Session(std::unique_ptr<Modules> modules, CK_FUNCTION_LIST* module)
      : modules_(std::move(modules)), module_(module) {}

  std::unique_ptr<Modules> modules_;
  CK_FUNCTION_LIST* module_;
  CK_SESSION_HANDLE handle_ = 0;
  bool open_ = false;
};

// What is in the DER of an OCTET STRING shorter than 128 bytes; other bytes are themselves, since tokens
// differ.
ByteView Unwrapped(ByteView der) {
  const bool wrapped = der.size() >= 2 && der[0] == 0x04 && der[1] == der.size() - 2;
  return wrapped ? der.subspan(2) : der;
}

// The SubjectPublicKeyInfo of a point on P-256; empty where it is none.
Bytes SpkiOfPoint(ByteView point) {
  char group[] = "prime256v1";
  std::array<OSSL_PARAM, 3> params{
      OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0),
      OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, const_cast<std::uint8_t*>(point.data()),
                                        point.size()),
      OSSL_PARAM_construct_end()};
  const PkeyCtxPtr ctx(EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr));
  ACCORD_CHECK(ctx != nullptr && EVP_PKEY_fromdata_init(ctx.get()) == 1);
  EVP_PKEY* made = nullptr;
  if (EVP_PKEY_fromdata(ctx.get(), &made, EVP_PKEY_PUBLIC_KEY, params.data()) != 1) return {};
  return SpkiOf(PkeyPtr(made).get());
}

// The DER of (r, s), which PKCS#11 has as two numbers of one width.
Bytes DerOfPair(ByteView pair) {
  using SignaturePtr = std::unique_ptr<ECDSA_SIG, OpensslFree<ECDSA_SIG_free>>;
  const SignaturePtr signature(ECDSA_SIG_new());
  const int half = static_cast<int>(pair.size() / 2);
  ACCORD_CHECK(signature != nullptr && ECDSA_SIG_set0(signature.get(), BN_bin2bn(pair.data(), half, nullptr),
                                                      BN_bin2bn(pair.data() + half, half, nullptr)) == 1);
  std::uint8_t* der = nullptr;
  const int size = i2d_ECDSA_SIG(signature.get(), &der);
  ACCORD_CHECK(size > 0);
  Bytes bytes(der, der + size);
  OPENSSL_free(der);
  return bytes;
}

class TokenKey final : public SigningKey {
 public:
  TokenKey(std::unique_ptr<Session> session, CK_OBJECT_HANDLE key, SignatureKind kind, Bytes public_key,
           std::optional<ZeroizingBytes> pin)
      : session_(std::move(session)),
        key_(key),
        kind_(kind),
        public_key_(std::move(public_key)),
        pin_(std::move(pin)) {}

  [[nodiscard]] SignatureKind kind() const override { return kind_; }
  [[nodiscard]] Bytes PublicKey() const override { return public_key_; }
  [[nodiscard]] Result<Bytes> Sign(ByteView message) const override {
    const ErrorScope scope;
    ACCORD_ASSIGN_OR_RETURN(Bytes signature, Raw(message));
    if (kind_ == SignatureKind::kEcdsaP256) signature = DerOfPair(signature);
    if (!Verifies(message, signature))
      return Fail(errors::kKeyToken, "the token signed with another key than the public one beside it");
    return signature;
  }

 private:
  // Tokens that hash by themselves are rarer than those that sign a hash.
  [[nodiscard]] Result<Bytes> Raw(ByteView message) const {
    if (kind_ == SignatureKind::kEd25519) return session_->Sign(key_, CKM_EDDSA, message, pin_);
    return session_->Sign(key_, CKM_ECDSA, Sha256::Of(message).bytes, pin_);
  }
  [[nodiscard]] bool Verifies(ByteView message, ByteView signature) const {
    if (kind_ == SignatureKind::kEcdsaP256) return EcdsaVerify(public_key_, message, signature);
    return Ed25519Verify(*Ed25519PublicKey::FromBytes(AsText(public_key_)), message,
                         *Ed25519Signature::FromBytes(AsText(signature)));
  }

  std::unique_ptr<Session> session_;
  CK_OBJECT_HANDLE key_;
  SignatureKind kind_;
  Bytes public_key_;
  std::optional<ZeroizingBytes> pin_;
};

CK_ATTRIBUTE ClassOf(CK_OBJECT_CLASS& value) { return {CKA_CLASS, &value, sizeof value}; }

// Of the URI: id and label, where it has them.
Result<CK_OBJECT_HANDLE> FindPrivateKey(Session& session, P11KitUri* uri) {
  CK_OBJECT_CLASS private_key = CKO_PRIVATE_KEY;
  std::vector<CK_ATTRIBUTE> wanted{ClassOf(private_key)};
  for (const CK_ATTRIBUTE_TYPE type : {CKA_ID, CKA_LABEL}) {
    if (const CK_ATTRIBUTE* attribute = p11_kit_uri_get_attribute(uri, type)) wanted.push_back(*attribute);
  }
  return session.Find(std::move(wanted), "private key");
}

Result<Bytes> ReadPublicKey(Session& session, CK_OBJECT_HANDLE key, SignatureKind kind) {
  ACCORD_ASSIGN_OR_RETURN(Bytes id, session.Read(key, CKA_ID));
  CK_OBJECT_CLASS public_key = CKO_PUBLIC_KEY;
  ACCORD_ASSIGN_OR_RETURN(
      const CK_OBJECT_HANDLE object,
      session.Find({ClassOf(public_key), {CKA_ID, id.data(), id.size()}}, "public key of the same id"));
  ACCORD_ASSIGN_OR_RETURN(const Bytes der, session.Read(object, CKA_EC_POINT));
  const ByteView point = Unwrapped(der);
  if (kind == SignatureKind::kEd25519) {
    if (point.size() != Ed25519PublicKey::kSize) return Fail(errors::kKeyToken, "the key is not Ed25519");
    return Bytes(point.begin(), point.end());
  }
  ACCORD_ASSIGN_OR_RETURN(const Bytes parameters, session.Read(object, CKA_EC_PARAMS));
  Bytes spki;
  if (std::ranges::equal(parameters, kP256Parameters)) spki = SpkiOfPoint(point);
  if (spki.empty()) return Fail(errors::kKeyToken, "the key is not on the curve P-256");
  return spki;
}

}  // namespace

Result<std::unique_ptr<const SigningKey>> OpenTokenKey(const std::string& uri_text, ByteView pin) {
  const ErrorScope scope;
  ACCORD_ASSIGN_OR_RETURN(const UriPtr uri, ParseUri(uri_text));
  ACCORD_ASSIGN_OR_RETURN(std::unique_ptr<Session> session, Session::Open(uri.get()));
  ACCORD_RETURN_IF_ERROR(session->Login(CKU_USER, pin));
  ACCORD_ASSIGN_OR_RETURN(const CK_OBJECT_HANDLE key, FindPrivateKey(*session, uri.get()));
  ACCORD_ASSIGN_OR_RETURN(const CK_ULONG type, session->ReadNumber(key, CKA_KEY_TYPE));
  if (type != CKK_EC_EDWARDS && type != CKK_EC)
    return Fail(errors::kKeyToken, "the key is neither Ed25519 nor of an elliptic curve for ECDSA");
  const SignatureKind kind = type == CKK_EC ? SignatureKind::kEcdsaP256 : SignatureKind::kEd25519;
  ACCORD_ASSIGN_OR_RETURN(Bytes public_key, ReadPublicKey(*session, key, kind));
  std::optional<ZeroizingBytes> again;
  if (session->AsksEachTime(key)) again = ZeroizingBytes::CopyOf(pin);
  return std::unique_ptr<const SigningKey>(
      new TokenKey(std::move(session), key, kind, std::move(public_key), std::move(again)));
}

}  // namespace accord::crypto
