#include "config/cli_config.h"

#include "base/text.h"
#include "config/schemas.h"

namespace accord::config {

const CliContext* CliConfig::Current() const {
  const auto found = contexts.find(context);
  return found == contexts.end() ? nullptr : &found->second;
}

Schema CliSchema(CliConfig& config) {
  Schema s;
  s.Section({"cli"}, "The command line.");
  s.Key("context", Text(config.context), "name of the context in force; `accord context use NAME` sets it");
  s.Section({"context"}, "A section [context.ID] for each federation that this person joined.");
  for (auto& [name, context] : config.contexts) {
    s.Section({"context", name}, "A coordinator, and who this person is there. Written by `accord join`.");
    s.Key("coordinator", Address(context.coordinator), "its address", Need::kRequired);
    s.Key("identity", FilePath(context.identity), "directory of certificate, key and the federation's CA",
          Need::kRequired);
  }
  return s;
}

Result<CliConfig> LoadCliConfig(const Sources& sources) {
  CliConfig config;
  Document document = ReadSources(sources);
  for (const std::string& name : Ids(document, "context")) config.contexts.try_emplace(name);
  Schema schema = CliSchema(config);
  ApplySources(schema, std::move(document));
  for (const auto& [name, context] : config.contexts) {
    if (!IsName(name)) schema.Complain(JoinPath({"context", name}), "is not a name for a context");
  }
  if (!config.context.empty() && config.Current() == nullptr) {
    schema.Complain("cli.context", "there is no [context." + Printable(config.context, 64) + "]");
  }
  ACCORD_RETURN_IF_ERROR(schema.Finish(errors::kConfigInvalid, NameOf(sources)));
  return config;
}

std::string ShowConfig(const CliConfig& config) {
  CliConfig copy = config;
  CliConfig defaults;
  for (const auto& [name, context] : config.contexts) defaults.contexts.try_emplace(name);
  return CliSchema(copy).Show(CliSchema(defaults));
}

}  // namespace accord::config
