#include "crypto/x25519.h"

#include <gtest/gtest.h>

#include <array>

#include "tests/support/fsa1.h"

namespace accord::crypto {
namespace {

using fsa1::Hex;
using fsa1::ToHex;

X25519PublicKey Public(const std::string& hex) { return *X25519PublicKey::FromHex(hex); }

std::string Shared(const std::string& secret, const std::string& peer) {
  const Result<ZeroizingBytes> shared = X25519Key::FromSecret(Hex(secret)).Derive(Public(peer));
  return shared.ok() ? ToHex(shared->view()) : shared.status().error();
}

// RFC 7748 5.2. The second point has its highest bit set, which does not count.
TEST(X25519Test, MatchesTheTestVectorsOfRfc7748) {
  EXPECT_EQ(Shared("a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4",
                   "e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c"),
            "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552");
  EXPECT_EQ(Shared("4b66e9d4d1b4673c5ad22691957d6af5c11b6421e0ea01d42ca4169e7918ba0d",
                   "e5210f12786811d3f4b7959d0538ae2c31dbe7106fc03c3efc4cd549c715a493"),
            "95cbde9476e8907d7aade45cb4b873f88b595a68799fa152e6f8f7647aac7957");
}

// RFC 7748 5.2: k = X25519(k, u), u = the old k, from k = u = 9.
TEST(X25519Test, MatchesTheIteratedVectorsOfRfc7748) {
  X25519PublicKey k{{9}};
  X25519PublicKey u = k;
  for (int i = 1; i <= 1000; ++i) {
    const Result<ZeroizingBytes> next = X25519Key::FromSecret(k.bytes).Derive(u);
    ASSERT_TRUE(next.ok()) << i;
    u = k;
    std::copy(next->view().begin(), next->view().end(), k.bytes.begin());
    if (i == 1) {
      EXPECT_EQ(k.Hex(), "422c8e7a6227d7bca1350b3e2bb7279f7897b87bb6854b783c60e80311ae3079");
    }
  }
  EXPECT_EQ(k.Hex(), "684cf59ba83309552800ef566f2f4d3c1c3887c49360e3875f2eb94d99532c51");
}

// RFC 7748 6.1.
TEST(X25519Test, BothSidesOfRfc7748AgreeOnTheSharedSecret) {
  const X25519Key alice =
      X25519Key::FromSecret(Hex("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a"));
  const X25519Key bob =
      X25519Key::FromSecret(Hex("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb"));
  EXPECT_EQ(alice.PublicKey().Hex(), "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a");
  EXPECT_EQ(bob.PublicKey().Hex(), "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f");
  const std::string shared = "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742";
  EXPECT_EQ(ToHex(alice.Derive(bob.PublicKey()).value().view()), shared);
  EXPECT_EQ(ToHex(bob.Derive(alice.PublicKey()).value().view()), shared);
}

// Points of order 1, 2, 4 and 8 and their encodings that are not reduced: every one gives zero.
TEST(X25519Test, RefusesEveryPointOfLowOrder) {
  const std::string secret = "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a";
  for (const char* const point : {"0000000000000000000000000000000000000000000000000000000000000000",
                                  "0100000000000000000000000000000000000000000000000000000000000000",
                                  "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
                                  "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
                                  "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                                  "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                                  "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                                  "0000000000000000000000000000000000000000000000000000000000000080",
                                  "0100000000000000000000000000000000000000000000000000000000000080"}) {
    EXPECT_EQ(Shared(secret, point), "secagg.bad_key") << point;
  }
}

TEST(X25519Test, MatchesTheProtocolsVectors) {
  const auto kdf = fsa1::Load("kdf.json");
  EXPECT_EQ(X25519Key::FromSecret(Hex(kdf["sk_i"])).PublicKey().Hex(), kdf["pk_i"]);
  EXPECT_EQ(X25519Key::FromSecret(Hex(kdf["sk_j"])).PublicKey().Hex(), kdf["pk_j"]);
  EXPECT_EQ(Shared(kdf["sk_i"], kdf["pk_j"]), kdf["x25519"]);
  EXPECT_EQ(Shared(kdf["sk_j"], kdf["pk_i"]), kdf["x25519"]);
}

}  // namespace
}  // namespace accord::crypto
