// Version of Accord and of the protocol between a coordinator and its nodes.
#pragma once

#include <cstdint>
#include <string_view>

namespace accord {

inline constexpr std::string_view kVersion = "0.1.0";

// A peer speaks every protocol version of [kProtocolOldest, kProtocolNewest]; the newest common one is used,
// and a peer without a common one is told which side must be upgraded.
inline constexpr std::uint32_t kProtocolOldest = 1;
inline constexpr std::uint32_t kProtocolNewest = 1;

}  // namespace accord
