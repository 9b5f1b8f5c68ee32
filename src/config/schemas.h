// The schemas of all files, bound to the struct that they fill. Internal to this module.
#pragma once

#include "accord/job_spec.h"
#include "config/ca_config.h"
#include "config/coordinator_config.h"
#include "config/node_config.h"
#include "config/schema.h"

namespace accord::config {

// The struct must outlive the schema.
[[nodiscard]] Schema JobSchema(JobSpec& job);
[[nodiscard]] Schema CaSchema(CaConfig& config);
[[nodiscard]] Schema CoordinatorSchema(CoordinatorConfig& config);
[[nodiscard]] Schema NodeSchema(NodeConfig& config);  // a section for each id that config.data has

void LogSection(Schema& schema, LogConfig& log);
// What is wrong with a trust domain, or with a name of a server's certificate; empty: nothing.
[[nodiscard]] std::string CheckTrustDomain(const std::string& text);
[[nodiscard]] std::string CheckServerName(const std::string& text);

// File, environment and flags in this order. A file that cannot be read is a problem of the document.
[[nodiscard]] Document ReadSources(const Sources& sources);
// Applies it, without the variables that belong to another program of the same machine.
void ApplySources(Schema& schema, Document document);
// The ids of [section.<id>] in the document, in order.
[[nodiscard]] std::set<std::string> Ids(const Document& document, std::string_view section);
// What messages call the configuration as a whole: the file, or "configuration".
[[nodiscard]] std::string NameOf(const Sources& sources);

}  // namespace accord::config
