// The scripts must be valid shell, and the bash one must complete: it is run, not only read.
#include "cli/completion.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>
#include <set>
#include <sstream>

#include "tests/support/temp_dir.h"

namespace accord::cli {
namespace {

struct Output {
  int exit_code = -1;
  std::string text;
};

Output Shell(const std::string& command) {
  Output output;
  FILE* pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) return output;
  char buffer[4096];
  while (const std::size_t got = fread(buffer, 1, sizeof buffer, pipe)) output.text.append(buffer, got);
  output.exit_code = pclose(pipe);
  return output;
}

class CompletionTest : public ::testing::Test {
 protected:
  CompletionTest() { std::ofstream(dir_ / "accord.bash") << CompletionScript(CommandTree(), "bash"); }

  // What bash offers for these words, the last one being typed.
  std::set<std::string> Complete(const std::string& words, int cursor) {
    const Output output =
        Shell("cd '" + dir_.path().string() + "' && bash -c 'source ./accord.bash; COMP_WORDS=(" + words +
              "); COMP_CWORD=" + std::to_string(cursor) + "; _accord; printf \"%s\\n\" \"${COMPREPLY[@]}\"'");
    std::set<std::string> found;
    std::istringstream lines(output.text);
    for (std::string line; std::getline(lines, line);) {
      if (!line.empty()) found.insert(line);
    }
    return found;
  }

  accord::testing::TempDir dir_;
};

TEST_F(CompletionTest, TheBashScriptParses) {
  EXPECT_EQ(Shell("bash -n '" + (dir_ / "accord.bash").string() + "' 2>&1").exit_code, 0);
}

TEST_F(CompletionTest, OffersNounsVerbsOptionsAndValues) {
  EXPECT_EQ(Complete("accord j", 1), (std::set<std::string>{"job", "join"}));
  EXPECT_EQ(Complete("accord job s", 2), (std::set<std::string>{"submit", "show", "samples"}));
  EXPECT_EQ(Complete("accord --context x job w", 4), (std::set<std::string>{"watch", "wait"}));
  EXPECT_EQ(Complete("accord job wait x --t", 4), (std::set<std::string>{"--timeout"}));
  EXPECT_EQ(Complete("accord member invite ke --role \"\"", 5),
            (std::set<std::string>{"node", "operator", "researcher"}));
  EXPECT_EQ(Complete("accord completion \"\"", 2), (std::set<std::string>{"bash", "zsh", "fish"}));
  EXPECT_EQ(Complete("accord job show job", 3), (std::set<std::string>{}));
}

TEST_F(CompletionTest, OffersFilesWhereFilesAreMeant) {
  std::ofstream(dir_ / "job.toml") << "version = 1\n";
  EXPECT_EQ(Complete("accord job submit jo", 3), (std::set<std::string>{"job.toml"}));
  EXPECT_EQ(Complete("accord model download x --out jo", 5), (std::set<std::string>{"job.toml"}));
}

TEST_F(CompletionTest, EveryShellKnowsEveryCommand) {
  for (const std::string shell : {"bash", "zsh", "fish"}) {
    const std::string script = CompletionScript(CommandTree(), shell);
    for (const CommandNode& noun : CommandTree().children) {
      for (const CommandNode& verb : noun.children)
        EXPECT_NE(script.find(verb.name), std::string::npos) << shell << " " << noun.name << " " << verb.name;
    }
  }
}

}  // namespace
}  // namespace accord::cli
