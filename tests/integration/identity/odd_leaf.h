// Leaves that no CA of ours makes, each wrong in what a test says, made with OpenSSL itself: signed by the CA
// all the same.
#pragma once

#include <string>
#include <vector>

#include "accord/clock.h"
#include "crypto/x509.h"

namespace accord::coordinator::testing {

struct LeafShape {
  std::vector<std::string> uris;
  std::string basic_constraints = "critical,CA:FALSE";
  std::string key_usage = "critical,digitalSignature";
  std::string extended_key_usage = "serverAuth,clientAuth";  // empty: none
  TimePoint begins, ends;
  std::size_t padding = 0;  // bytes of a comment
};

// PEM. `key` is that of the leaf.
[[nodiscard]] std::string OddLeaf(const LeafShape& shape, const crypto::P256Key& key,
                                  const crypto::P256Key& ca_key, const crypto::Certificate& ca);

}  // namespace accord::coordinator::testing
