// Which BLAS this process computes with, told from the libraries it has mapped. Pure but for ReadMaps.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace accord::trainer {

enum class Blas : std::uint8_t { kUnknown, kReference, kOpenBlas, kMkl, kBlis, kAtlas };

// `maps` as in proc(5), /proc/PID/maps. kUnknown when none is mapped (linked statically, another system).
[[nodiscard]] Blas DetectBlas(std::string_view maps);
// "openblas" and the like, for people.
[[nodiscard]] std::string_view BlasName(Blas blas);
// /proc/self/maps; empty where there is none.
[[nodiscard]] std::string ReadMaps();

}  // namespace accord::trainer
