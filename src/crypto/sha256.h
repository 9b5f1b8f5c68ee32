// SHA-256, at once or in pieces.
#pragma once

#include <memory>
#include <string_view>

#include "accord/ids.h"
#include "base/text.h"

namespace accord::crypto {

// Usage: Sha256 h; h.Update(a).Update(b); Digest d = h.Finish(). One thread at a time.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;

  Sha256& Update(ByteView bytes);
  Sha256& Update(std::string_view text) { return Update(AsBytes(text)); }
  // The digest of all that was added; begins anew.
  [[nodiscard]] Digest Finish();

  [[nodiscard]] static Digest Of(ByteView bytes);
  [[nodiscard]] static Digest Of(std::string_view text) { return Of(AsBytes(text)); }

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace accord::crypto
