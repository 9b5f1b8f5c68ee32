#include "cli/completion.h"

#include <functional>

#include "base/check.h"

namespace accord::cli {
namespace {

std::string SpaceSeparated(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words) out += (out.empty() ? "" : " ") + word;
  return out;
}

// Text inside single quotes of a shell.
std::string Quoted(const std::string& text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

using Visit = std::function<void(const CommandNode& node, const std::string& path)>;

// Every command with its words: "", "job", "job submit".
void Walk(const CommandNode& node, const std::string& path, const Visit& visit) {
  visit(node, path);
  for (const CommandNode& child : node.children)
    Walk(child, path.empty() ? child.name : path + " " + child.name, visit);
}

std::vector<std::string> OptionNames(const CommandNode& root, const CommandNode& node) {
  std::vector<std::string> names;
  for (const Option& option : node.options) names.push_back(option.name);
  if (&root == &node) return names;
  for (const Option& option : root.options) {
    if (option.name != "--help") names.push_back(option.name);
  }
  return names;
}

// Arms of a case over the path typed so far: what may follow.
std::string WordCases(const CommandNode& root) {
  std::string out;
  Walk(root, "", [&](const CommandNode& node, const std::string& path) {
    std::vector<std::string> words;
    for (const CommandNode& child : node.children) words.push_back(child.name);
    words.insert(words.end(), node.choices.begin(), node.choices.end());
    out += "    " + Quoted(path) + ") choices=" + Quoted(SpaceSeparated(words)) +
           " flags=" + Quoted(SpaceSeparated(OptionNames(root, node))) +
           " files=" + (node.takes_file ? "1" : "0") + " ;;\n";
  });
  return out;
}

// Arms of a case over the option before the cursor: its values.
std::string ValueCases(const CommandNode& root) {
  std::string out;
  Walk(root, "", [&](const CommandNode& node, const std::string& path) {
    for (const Option& option : node.options) {
      if (!option.takes_value) continue;
      out += "    " + Quoted(path.empty() ? option.name : path + " " + option.name) +
             (path.empty() ? "|*" + Quoted(" " + option.name) : "") +
             ") values=1 choices=" + Quoted(SpaceSeparated(option.choices)) +
             " files=" + (option.is_file ? "1" : "0") + " ;;\n";
    }
  });
  return out;
}

std::string TakingValues(const CommandNode& root) {
  std::vector<std::string> names;
  Walk(root, "", [&](const CommandNode& node, const std::string&) {
    for (const Option& option : node.options) {
      if (option.takes_value) names.push_back(option.name);
    }
  });
  std::string out;
  for (const std::string& name : names) out += (out.empty() ? "" : "|") + name;
  return out;
}

// What bash and zsh share: the tables, and the walk over the words before the cursor.
std::string PosixTables(const CommandNode& root) {
  return "_accord_tables() {  # $1: commands typed so far, $2: the word before the cursor\n"
         "  choices='' flags='' files=0 values=0\n"
         "  case \"$1 $2\" in\n" +
         ValueCases(root) +
         "  esac\n"
         "  [ \"$values\" = 1 ] && return\n"
         "  case \"$1\" in\n" +
         WordCases(root) +
         "  esac\n"
         "}\n"
         "_accord_step() {  # $1: the next word; moves `typed` on when it is a command\n"
         "  if [ \"$skip\" = 1 ]; then skip=0; return; fi\n"
         "  case \"$1\" in\n"
         "    " +
         TakingValues(root) +
         ") skip=1 ;;\n"
         "    -*) ;;\n"
         "    *) _accord_tables \"$typed\" ''\n"
         "       case \" $choices \" in *\" $1 \"*) typed=\"${typed:+$typed }$1\" ;; esac ;;\n"
         "  esac\n"
         "}\n";
}

std::string Bash(const CommandNode& root) {
  return "# bash completion for accord. Use it: source <(accord completion bash)\n" + PosixTables(root) +
         "_accord() {\n"
         "  local current=\"${COMP_WORDS[COMP_CWORD]}\" typed='' skip=0 word choices flags files values\n"
         "  for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do _accord_step \"$word\"; done\n"
         "  _accord_tables \"$typed\" \"${COMP_WORDS[COMP_CWORD-1]}\"\n"
         "  if [ \"$values\" = 0 ] && [[ \"$current\" == -* ]]; then choices=\"$flags\" files=0; fi\n"
         "  COMPREPLY=($(compgen -W \"$choices\" -- \"$current\"))\n"
         "  [ \"$files\" = 1 ] || return 0\n"
         "  compopt -o filenames 2>/dev/null\n"
         "  COMPREPLY+=($(compgen -f -- \"$current\"))\n"
         "}\n"
         "complete -F _accord accord\n";
}

std::string Zsh(const CommandNode& root) {
  return "#compdef accord\n"
         "# zsh completion for accord. Use it: source <(accord completion zsh)\n" +
         PosixTables(root) +
         "_accord() {\n"
         "  local current=\"${words[CURRENT]}\" typed='' skip=0 word choices flags files values\n"
         "  for word in \"${(@)words[2,CURRENT-1]}\"; do _accord_step \"$word\"; done\n"
         "  _accord_tables \"$typed\" \"${words[CURRENT-1]}\"\n"
         "  if [ \"$values\" = 0 ] && [[ \"$current\" == -* ]]; then choices=\"$flags\" files=0; fi\n"
         "  compadd -- ${=choices}\n"
         "  if [ \"$files\" = 1 ]; then _files; fi\n"
         "}\n"
         "compdef _accord accord\n";
}

std::string Fish(const CommandNode& root) {
  std::string out =
      "# fish completion for accord. Use it: accord completion fish | source\ncomplete -c accord -f\n";
  Walk(root, "", [&](const CommandNode& node, const std::string& path) {
    std::string here = "__fish_seen_subcommand_from " + path.substr(path.rfind(' ') + 1);
    if (const std::size_t space = path.find(' '); space != std::string::npos)
      here = "__fish_seen_subcommand_from " + path.substr(0, space) + "; and " + here;
    std::string undecided;  // no child was typed yet
    for (const CommandNode& child : node.children) undecided += " " + child.name;
    if (!undecided.empty()) undecided = "not __fish_seen_subcommand_from" + undecided;
    if (path.empty()) here = "true";
    for (const CommandNode& child : node.children) {
      out += "complete -c accord -n " + Quoted(here + "; and " + undecided) + " -a " + child.name + " -d " +
             Quoted(child.help) + "\n";
    }
    if (!node.choices.empty())
      out += "complete -c accord -n " + Quoted(here) + " -a " + Quoted(SpaceSeparated(node.choices)) + "\n";
    if (node.takes_file) out += "complete -c accord -n " + Quoted(here) + " -F\n";
    for (const Option& option : node.options) {
      out += "complete -c accord" + (path.empty() ? "" : " -n " + Quoted(here)) + " -l " +
             option.name.substr(2) + " -d " + Quoted(option.help) +
             (option.is_file       ? " -r -F"
              : option.takes_value ? " -x"
                                   : "") +
             (option.choices.empty() ? "" : " -a " + Quoted(SpaceSeparated(option.choices))) + "\n";
    }
  });
  return out;
}

}  // namespace

std::string CompletionScript(const CommandNode& root, const std::string& shell) {
  if (shell == "bash") return Bash(root);
  if (shell == "zsh") return Zsh(root);
  ACCORD_CHECK(shell == "fish");
  return Fish(root);
}

}  // namespace accord::cli
