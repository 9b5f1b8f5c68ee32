// accord context ...
#include "base/errors.h"
#include "cli/commands.h"
#include "cli/json.h"
#include "cli/view_text.h"

namespace accord::cli {

ExitCode Run(const ContextList&, Session& session) {
  Printer& printer = session.printer();
  const Result<ContextStore> store = session.Contexts();
  if (!store.ok()) return printer.Failure(store.status());
  const auto contexts = store->List();
  if (!contexts.ok()) return printer.Failure(contexts.status());
  const Result<std::string> current = session.ContextName();
  if (!current.ok()) return printer.Failure(current.status());
  return printer.Answer(ContextTable(*contexts, *current, session.Now(), printer.style()), Json(*contexts));
}

ExitCode Run(const ContextUse& command, Session& session) {
  Printer& printer = session.printer();
  Result<ContextStore> store = session.Contexts();
  if (!store.ok()) return printer.Failure(store.status());
  if (const Status used = store->Use(command.name); !used.ok()) return printer.Failure(used);
  return printer.Answer("The current context is " + command.name + ".\n",
                        JsonObject({{"name", command.name}}));
}

ExitCode Run(const ContextShow& command, Session& session) {
  Printer& printer = session.printer();
  const Result<ContextStore> store = session.Contexts();
  if (!store.ok()) return printer.Failure(store.status());
  const Result<std::string> name = command.name.empty() ? session.ContextName() : command.name;
  if (!name.ok()) return printer.Failure(name.status());
  if (name->empty()) return printer.Failure(Fail(errors::kContextNone, "No context is in force."));
  const Result<Context> context = store->Load(*name);
  if (!context.ok()) return printer.Failure(context.status());
  return printer.Answer(ContextDetails(*context, session.Now(), printer.style()), Json(*context));
}

ExitCode Run(const ContextRemove& command, Session& session) {
  Printer& printer = session.printer();
  Result<ContextStore> store = session.Contexts();
  if (!store.ok()) return printer.Failure(store.status());
  if (const Status removed = store->Remove(command.name); !removed.ok()) return printer.Failure(removed);
  return printer.Answer("Removed context " + command.name + " and its key from this machine.\n",
                        JsonObject({{"name", command.name}}));
}

}  // namespace accord::cli
