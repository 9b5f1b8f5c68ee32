// The bundle that the unit tests make, as a directory: for tests with tools that others wrote.
//
//   write_bundle DIR    prints the hash of the first charter
#include <cstdio>
#include <filesystem>

#include "base/file.h"
#include "tests/unit/bundle/fixture.h"

int main(int argc, char** argv) {
  if (argc != 2) return 4;
  const std::filesystem::path directory = argv[1];
  accord::bundle::Scene scene;
  const accord::bundle::Contents whole = accord::bundle::Whole(scene.Gather());
  for (const auto& [file, bytes] : whole.files) {
    if (!accord::WriteFileAtomic(directory / file, bytes, accord::FileMode::kShared).ok()) return 1;
  }
  const auto model = accord::AsBytes("model");  // whose hash the scene has
  if (!accord::WriteFileAtomic(directory / accord::bundle::kModelFile, model, accord::FileMode::kShared).ok())
    return 1;
  std::puts(scene.release.genesis.Hex().c_str());
  return ::testing::Test::HasFailure() ? 1 : 0;
}
