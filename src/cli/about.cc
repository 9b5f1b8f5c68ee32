// accord --help, version, completion: what needs no coordinator.
#include "accord/version.h"
#include "cli/commands.h"
#include "cli/completion.h"
#include "cli/json.h"

namespace accord::cli {

ExitCode Run(const Help& command, Session& session) {
  return session.printer().Answer(command.text, JsonObject({{"help", command.text}}));
}

ExitCode Run(const Completion& command, Session& session) {
  const std::string script = CompletionScript(CommandTree(), command.shell);
  return session.printer().Answer(script, JsonObject({{"shell", command.shell}, {"script", script}}));
}

ExitCode Run(const Version&, Session& session) {
  const std::string oldest = std::to_string(kProtocolOldest);
  const std::string newest = std::to_string(kProtocolNewest);
  return session.printer().Answer(
      "accord " + std::string(kVersion) + "  protocol " +
          (oldest == newest ? newest : oldest + " to " + newest) + "\n",
      JsonObject(
          {{"version", std::string(kVersion)}, {"protocol_oldest", oldest}, {"protocol_newest", newest}}));
}

}  // namespace accord::cli
