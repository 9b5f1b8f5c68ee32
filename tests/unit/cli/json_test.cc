// What scripts read, held to tests/golden/cli/*.json.
#include "cli/json.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "cli/registry_text.h"
#include "tests/unit/cli/golden.h"
#include "tests/unit/cli/views.h"

namespace accord::cli {
namespace {

using nlohmann::ordered_json;

std::string Pretty(const std::string& text) { return ordered_json::parse(text).dump(2) + "\n"; }

TEST(JsonTest, MirrorsEveryView) {
  ExpectGolden("job_running.json", Pretty(Json(RunningJob())));
  ExpectGolden("job_explain.json", Pretty(Json(Explained{RunningJob()})));
  ExpectGolden("job_finished.json", Pretty(Json(FinishedJob())));
  ExpectGolden("nodes.json", Pretty(Json(std::vector<rpc::NodeView>{Nodes()[0], Nodes()[2]})));
  ExpectGolden("members.json", Pretty(Json(Members())));
  ExpectGolden("registry.json", Pretty(Json(*MakeListing(SomeRegistry()))));
  ExpectGolden("models.json", Pretty(Json(Models())));
  ExpectGolden("context.json", Pretty(Json(SomeContexts()[0])));
  ExpectGolden("invite.json",
               Pretty(Json(rpc::InviteView{"accord1_AQ", "spiffe://demo.accord/node/ke", kNow})));
  ExpectGolden("validation.json",
               Pretty(Json(rpc::ValidationView{"digits", 215'370, {430'816, 215'370, 12'288}, {"a note"}})));
  ExpectGolden("log_line.json", Pretty(Json(rpc::LogLineView{kNow, {3}, "ke", "node.trained", "240 steps"})));
}

TEST(JsonTest, WrapsAnswersAndFailures) {
  EXPECT_EQ(JsonAnswer("[]", true), R"({"ok":true,"data":[],"end":true})");
  EXPECT_EQ(JsonAnswer("1", false), R"({"ok":true,"data":1,"end":false})");
  EXPECT_EQ(
      JsonFailure({Code::kNotFound, "job.not_found", "No \"x\".", "Look."}),
      R"({"ok":false,"error":{"code":"job.not_found","message":"No \"x\".","hint":"Look."},"end":true})");
}

TEST(JsonTest, StaysJsonWithBytesThatAreNoText) {
  rpc::JobView job = RunningJob();
  job.name = "\xff\xfe\n";
  EXPECT_TRUE(ordered_json::accept(Json(job)));
}

}  // namespace
}  // namespace accord::cli
