// Compares text with a file of tests/golden/cli. ACCORD_UPDATE_GOLDEN=1 writes the files anew: look at the
// difference before committing it.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

namespace accord::cli {

inline void ExpectGolden(const std::string& name, const std::string& text) {
  const std::string path = std::string(ACCORD_SOURCE_DIR) + "/tests/golden/cli/" + name;
  if (std::getenv("ACCORD_UPDATE_GOLDEN") != nullptr) std::ofstream(path, std::ios::binary) << text;
  std::ifstream file(path, std::ios::binary);
  ASSERT_TRUE(file) << path << " is missing";
  std::ostringstream expected;
  expected << file.rdbuf();
  EXPECT_EQ(expected.str(), text) << path;
}

}  // namespace accord::cli
