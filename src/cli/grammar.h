// The grammar of the command line, bound to the values that it fills; for arguments.cc and grammar_*.cc, the
// only files that include CLI11.
#pragma once

#include <CLI/CLI.hpp>
#include <memory>
#include <string>
#include <vector>

#include "base/text.h"
#include "cli/arguments.h"

namespace accord::cli {

// A command, and where its values go; both live as long as the grammar.
template <class C>
struct Typed {
  CLI::App* app;
  C* values;
};

class Grammar {
 public:
  Grammar();

  CLI::App& app() { return app_; }
  [[nodiscard]] Arguments& arguments() { return arguments_; }

 private:
  // A command whose values go into a `C`, which becomes the result when it was typed.
  template <class C>
  Typed<C> Add(CLI::App* parent, const std::string& name, const std::string& help) {
    auto held = std::make_shared<C>();
    CLI::App* command = parent->add_subcommand(name, help)->group("Commands");
    command->callback([this, held] { arguments_.command = *held; });
    return {command, held.get()};
  }
  CLI::App* Noun(const std::string& name, const std::string& help) {
    return app_.add_subcommand(name, help)->group("Commands")->require_subcommand(1);
  }
  void AddGlobals();
  void AddJobs();
  void AddJobChanges(CLI::App* job);
  void AddModels();
  void AddModelUses(CLI::App* model);
  void AddModelBundles(CLI::App* model);
  void AddNodes();
  void AddMembers();
  void AddKeys();
  void AddData();
  void AddCharters();
  void AddProposals();
  void AddLog();
  void AddAttribution();
  void AddPublish();
  void AddPlan();
  void AddOthers();
  void AddContexts();

  CLI::App app_{"Accord: train models across nations without moving anyone's data.", "accord"};
  Arguments arguments_;
};

// An argument that has to be there.
CLI::Option* Positional(CLI::App* command, const std::string& name, std::string& value,
                        const std::string& help);
// One of a few words. The type name is where NodeOf finds them.
void Choice(CLI::Option* option, const std::vector<std::string>& words);

// An option whose value is a duration like 90s, 15m, 2h, 7d.
template <class T>
CLI::Option* Duration(CLI::App* command, const std::string& name, T& value, Millis most,
                      const std::string& help) {
  return command
      ->add_option_function<std::string>(
          name,
          [&value, name, most](const std::string& text) {
            const std::optional<Millis> parsed = ParseDuration(text);
            if (!parsed || *parsed <= Millis(0))
              throw CLI::ValidationError(name,
                                         "\"" + text + "\" is not a duration such as 90s, 15m, 2h or 7d");
            if (*parsed > most)
              throw CLI::ValidationError(name, text + " is more than " + FormatDuration(most));
            value = *parsed;
          },
          help)
      ->type_name("DURATION");
}

}  // namespace accord::cli
