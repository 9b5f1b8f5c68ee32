// The node in Python (lab_program.py) in a cohort that is too large for everyone to mask with everyone:
// beside 200 of this implementation it opens its nonce, draws the same neighbour graph, and comes to the same
// model.
#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <string>

#include "base/errors.h"
#include "rpc/process.h"
#include "rpc/registry_view.h"
#include "tests/integration/federation/federation.h"

namespace accord::testing {
namespace {

// A running command of the node in Python; ends with it.
class LabProgram {
 public:
  explicit LabProgram(const std::string& arguments)
      : pipe_(popen((ACCORD_PYTHON " tests/interop/lab_program.py " + arguments).c_str(), "r")) {}
  ~LabProgram() { EXPECT_EQ(pclose(pipe_), 0); }
  LabProgram(const LabProgram&) = delete;
  LabProgram& operator=(const LabProgram&) = delete;

  // The next line of its output; empty at the end.
  [[nodiscard]] std::string Line() {
    std::array<char, 256> line{};
    std::string text = std::fgets(line.data(), line.size(), pipe_) == nullptr ? "" : line.data();
    if (!text.empty() && text.back() == '\n') text.pop_back();
    return text;
  }

 private:
  std::FILE* const pipe_;
};

TEST(GraphInteropTest, ANodeInPythonMasksAlongTheGraphWithTwoHundredOthers) {
  if (rpc::RaiseFileLimit() < 4096) GTEST_SKIP() << "needs 4,096 open files (ulimit -Hn)";
  constexpr std::uint32_t kOthers = 200;
  Federation federation;
  federation.patience = std::chrono::minutes(4);  // a minute of work for two busy cores
  for (std::uint32_t i = 0; i < kOthers; ++i) federation.AddNode("n" + std::to_string(i));
  const auto invite = federation.client().Invite("py", "node", Millis(0));
  ASSERT_TRUE(invite.ok()) << Describe(invite.status());
  const std::string file = federation.Path("py").string();
  EXPECT_EQ(LabProgram("join " + file + " " + invite->token).Line(), "");
  federation.PinAll();
  const auto view = federation.client().GetRegistry(std::nullopt, {});
  ASSERT_TRUE(view.ok()) << Describe(view.status());
  LabProgram py("run " + file + " " + rpc::ToRegistry(*view)->Hash().Hex());
  ASSERT_EQ(py.Line(), "started");

  JobChanges changes;
  changes.secure = "malicious";
  changes.rounds = 1;
  changes.evaluate = false;
  changes.min_nodes = kOthers + 1;
  changes.min_survivors = kOthers + 1;  // its update, too
  changes.corrupt = 20;
  const auto job = federation.Submit(JobText(changes));
  ASSERT_TRUE(job.ok()) << Describe(job.status());
  const rpc::JobView end = federation.WaitForEnd(*job);
  ASSERT_EQ(end.state, job::Phase::kFinished);
  EXPECT_EQ(end.history[0].survivors, kOthers + 1);
  EXPECT_EQ(py.Line(), end.model_hash.Hex()) << "it verified the sum and made the same step";
}

}  // namespace
}  // namespace accord::testing
