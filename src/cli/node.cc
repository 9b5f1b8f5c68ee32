// accord node ...
#include "cli/commands.h"
#include "cli/json.h"
#include "cli/view_text.h"

namespace accord::cli {

ExitCode Run(const NodeList&, Session& session) {
  return AskAndPrint(
      session, [](Backend& backend) { return backend.ListNodes(); },
      [&](const std::vector<rpc::NodeView>& nodes) {
        return NodeTable(nodes, session.Now(), session.printer().style());
      });
}

ExitCode Run(const NodeShow& command, Session& session) {
  return AskAndPrint(
      session, [&](Backend& backend) { return backend.GetNode(command.node); },
      [&](const rpc::NodeView& node) { return NodeDetails(node, session.Now(), session.printer().style()); });
}

}  // namespace accord::cli
