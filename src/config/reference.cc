// docs/config.md out of the schemas.
#include "config/load.h"
#include "config/schemas.h"

namespace accord::config {

std::string ConfigReference() {
  CoordinatorConfig coordinator;
  CaConfig ca;
  NodeConfig node;
  node.data["ID"].id = "ID";
  JobSpec job;
  job.groups.nodes["NAME"];
  job.samples.prompts["NAME"];
  return "# Settings\n\n"
         "Generated from the schemas in `src/config`; a test holds it equal to them.\n\n"
         "Programs read a TOML file, then the environment (`ACCORD_SECTION__KEY`, as `ACCORD_RPC__LISTEN`), "
         "then\n"
         "flags (`--set section.key=value`); what comes later wins. Lists in the environment and in flags "
         "may be\n"
         "written `a,b`. An unknown key is an error. `--check-config` lists every error at once, each with "
         "its line.\n"
         "Durations are a whole number and `d`, `h`, `m`, `s` or `ms`; sizes are bytes, or with `KiB`, "
         "`MiB`, `GiB`.\n"
         "No file holds a secret.\n\n## accordd\n" +
         CoordinatorSchema(coordinator).Reference() + "\n## accord-node\n" + NodeSchema(node).Reference() +
         "\n## accord-ca\n" + CaSchema(ca).Reference() + "\n## The job file\n" + JobSchema(job).Reference();
}

}  // namespace accord::config
