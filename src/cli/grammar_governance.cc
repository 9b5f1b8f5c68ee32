// Commands of members: keys.
#include "cli/grammar.h"

namespace accord::cli {

void Grammar::AddKeys() {
  CLI::App* key = Noun("key", "Keys that members sign decisions and certificates with");
  const auto create = Add<KeyCreate>(key, "create", "Make a key, encrypted with a passphrase");
  create.app->add_option("--name", create.values->name, "What others know it by, such as fed.example/ke")
      ->required()
      ->type_name("NAME");
  create.app->add_option("-o,--out", create.values->out, "The file to write")->required()->type_name("FILE");
  Choice(create.app->add_option("--kind", create.values->kind, "ed25519; p256 for keys of releases"),
         {"ed25519", "p256"});
  create.app
      ->add_option("--passphrase-file", create.values->passphrase_file,
                   "Its first line is the passphrase, which is asked for otherwise")
      ->type_name("FILE");
  const auto show = Add<KeyShow>(key, "show", "The name and verifier key of a key file; asks for nothing");
  Positional(show.app, "FILE", show.values->file, "The key file");
}

}  // namespace accord::cli
