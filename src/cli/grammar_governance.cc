// Commands of members: keys, and certificates of data.
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
      ->add_option("--pkcs11", create.values->pkcs11,
                   "Make none: name the key that a token has, such as pkcs11:token=gov;object=ke")
      ->type_name("URI");
  create.app
      ->add_option("--passphrase-file", create.values->passphrase_file,
                   "Its first line is the passphrase or PIN, which is asked for otherwise")
      ->type_name("FILE");
  const auto show = Add<KeyShow>(key, "show", "The name and verifier key of a key file; asks for nothing");
  Positional(show.app, "FILE", show.values->file, "The key file");
}

void Grammar::AddData() {
  CLI::App* data = Noun("data", "Certify data sets, and verify them");
  const auto certify =
      Add<DataCertify>(data, "certify", "Sign which bytes a data set has, and what it is for");
  DataCertify& wish = *certify.values;
  const auto text = [&](const char* name, std::string& value, const char* help, const char* type) {
    return certify.app->add_option(name, value, help)->type_name(type);
  };
  Positional(certify.app, "DIR", wish.directory, "The directory with the data set's files, and nothing else");
  text("--member", wish.member, "The member that vouches for it", "ID")->required();
  text("--dataset", wish.dataset, "The member's own word for the set", "NAME")->required();
  text("--key", wish.key, "The member's key", "FILE")->required();
  text("--passphrase-file", wish.passphrase_file, "Its first line is the passphrase or PIN", "FILE");
  text("--about", wish.about, "What is said of the data (TOML); asked for otherwise", "FILE");
  text("--schema", wish.schema, "What describes a record; its SHA-256 is signed", "FILE");
  text("--supersedes", wish.supersedes, "The certificate that this one takes the place of", "FILE");
  text("-o,--out", wish.out, "The directory to make; by default DIR.certificate", "DIR");
  const auto verify = Add<DataVerify>(data, "verify", "Compare a directory with its certificate");
  Positional(verify.app, "CERT", verify.values->certificate, "The certificate, or its directory");
  Positional(verify.app, "DIR", verify.values->directory, "The directory with the data");
  verify.app
      ->add_option("--vkey", verify.values->keys,
                   "A verifier key of the member, as the charter has it; one of several has to have signed")
      ->required()
      ->type_name("VKEY");
  verify.app
      ->add_option("--sample", verify.values->sample,
                   "Read the content of so many files, drawn now; names and sizes of all")
      ->type_name("K");
  verify.app->add_option("--manifest", verify.values->manifest, "By default the one beside the certificate")
      ->type_name("FILE");
  const auto show = Add<DataShow>(data, "show", "What a certificate says; verifies nothing");
  Positional(show.app, "FILE", show.values->certificate, "The certificate, or its directory");
}

}  // namespace accord::cli
