#include "trainer/blas.h"

#include <array>
#include <fstream>
#include <sstream>
#include <utility>

namespace accord::trainer {
namespace {

// Debian installs each implementation as libblas.so.3 in a directory of its own, so the directory tells as
// well as the name. The reference one comes last: the others may map it besides.
constexpr std::array<std::pair<std::string_view, Blas>, 8> kSigns{{
    {"/libopenblas", Blas::kOpenBlas},
    {"/openblas-", Blas::kOpenBlas},
    {"/libmkl_", Blas::kMkl},
    {"/libblis", Blas::kBlis},
    {"/blis-", Blas::kBlis},
    {"/libatlas", Blas::kAtlas},
    {"/atlas/", Blas::kAtlas},
    {"/libblas.so", Blas::kReference},
}};

}  // namespace

Blas DetectBlas(std::string_view maps) {
  for (const auto& [sign, blas] : kSigns) {
    if (maps.find(sign) != std::string_view::npos) return blas;
  }
  return Blas::kUnknown;
}

std::string_view BlasName(Blas blas) {
  switch (blas) {
    case Blas::kReference:
      return "reference BLAS";
    case Blas::kOpenBlas:
      return "OpenBLAS";
    case Blas::kMkl:
      return "MKL";
    case Blas::kBlis:
      return "BLIS";
    case Blas::kAtlas:
      return "ATLAS";
    case Blas::kUnknown:
      break;
  }
  return "BLAS unknown";
}

std::string ReadMaps() {
  std::ifstream file("/proc/self/maps");
  std::ostringstream text;
  text << file.rdbuf();
  return std::move(text).str();
}

}  // namespace accord::trainer
