// Commands of members: keys, certificates of data, charters, proposals, the log.
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
  CLI::App* data = Noun("data", "Certify data sets, verify them, and find those of others");
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
      ->check(NotWhole)
      ->type_name("K");
  verify.app->add_option("--manifest", verify.values->manifest, "By default the one beside the certificate")
      ->type_name("FILE");
  const auto show = Add<DataShow>(data, "show", "What a certificate says; verifies nothing");
  Positional(show.app, "FILE", show.values->certificate, "The certificate, or its directory");
  const auto submit = Add<DataSubmit>(data, "submit", "Put a certificate into the log, for all to find");
  Positional(submit.app, "CERT", submit.values->certificate, "The certificate's directory, or the file");
  const auto list = Add<DataList>(data, "list", "The federation's certified data sets, searched");
  const auto query = [&](const char* name, std::string& value, const char* help, const char* type) {
    list.app->add_option(name, value, help)->type_name(type);
  };
  query("--language", list.values->language, "Such as pt, which also finds pt-BR", "TAG");
  query("--modality", list.values->modality, "Such as text, image, table", "WORD");
  query("--license,--licence", list.values->license, "The whole of it or its end, such as by/4.0", "TEXT");
  query("--purpose", list.values->purpose, "What it may be used for, as jobs name it", "NAME");
  query("--member", list.values->member, "Who vouches for it", "ID");
  query("--text", list.values->text, "Within name, description or keywords", "TEXT");
}

namespace {

// --key and --passphrase-file of a command that signs.
template <class C>
void SigningKey(const Typed<C>& command) {
  command.app->add_option("--key", command.values->key, "The member's key: accord key create")
      ->required()
      ->type_name("FILE");
  command.app
      ->add_option("--passphrase-file", command.values->passphrase_file,
                   "Its first line is the passphrase, which is asked for otherwise")
      ->type_name("FILE");
}

}  // namespace

// A model with all that shows where it comes from.
void Grammar::AddModelBundles(CLI::App* model) {
  const auto make =
      Add<ModelBundle>(model, "bundle", "Release a job's model, with what shows where it comes from");
  Positional(make.app, "JOB", make.values->job, "The job, which has finished");
  make.app->add_option("-o,--out", make.values->out, "The directory to make")->required()->type_name("DIR");
  make.app
      ->add_option("--release-key", make.values->release_key,
                   "The release key that the charter has of your member: accord key create --kind p256")
      ->required()
      ->type_name("FILE");
  make.app
      ->add_option("--release-passphrase-file", make.values->release_passphrase_file,
                   "Its first line is the release key's passphrase, which is asked for otherwise")
      ->type_name("FILE");
  make.app
      ->add_option("--certificate", make.values->certificates,
                   "The certificate of a data set, or its directory, for what the log has not; once for each")
      ->type_name("PATH");
  SigningKey(make);
  const auto charter = [](const auto& command) {
    command.app
        ->add_option("--charter", command.values->charter,
                     "SHA-256 of the federation's first charter, as a member told you; else as pinned")
        ->type_name("SHA256");
  };
  const auto endorse =
      Add<ModelEndorse>(model, "endorse", "Check a bundle, then sign for your member what it is");
  Positional(endorse.app, "DIR", endorse.values->bundle, "The bundle");
  charter(endorse);
  SigningKey(endorse);
  const auto release = Add<ModelRelease>(model, "release", "Put into the log that a complete bundle is out");
  Positional(release.app, "DIR", release.values->bundle, "The bundle");
  charter(release);
  SigningKey(release);
  const auto verify =
      Add<ModelVerify>(model, "verify", "Check a bundle, asking nobody, and say what was checked");
  Positional(verify.app, "DIR", verify.values->bundle, "The bundle");
  charter(verify);
  verify.app->add_flag(
      "--log", verify.values->log,
      "Ask the coordinator, too: whether its log has this model's release, with these papers");
}

void Grammar::AddCharters() {
  CLI::App* charter = Noun("charter", "Who decides: members, their rights, how many it takes");
  const auto init = Add<CharterInit>(charter, "init", "Write the draft of a first charter");
  init.app->add_option("-o,--out", init.values->out, "The file to write")->type_name("FILE");
  init.app->add_option("--federation", init.values->federation, "What the federation is called")->required();
  init.app->add_option("--member", init.values->member, "What your member is called, such as ke")->required();
  init.app->add_option("--witness", init.values->witness, "Your witness's key: accord-node witness")
      ->required()
      ->type_name("VKEY");
  init.app
      ->add_option("--release-key", init.values->release_key, "Your key for released models, if there is one")
      ->type_name("FILE");
  init.app
      ->add_option("--ca", init.values->ca,
                   "The CA of your nodes: ca.pem of accord-ca; else the coordinator's")
      ->type_name("FILE");
  SigningKey(init);
  init.app->add_flag("--solo", init.values->solo, "A federation of one: sign, submit and pin it at once");
  const auto sign = Add<CharterSign>(charter, "sign", "Sign a draft, or what others have signed");
  Positional(sign.app, "FILE", sign.values->file, "A draft (.toml) or a charter with signatures (.json)");
  sign.app->add_option("-o,--out", sign.values->out, "The file to write; else FILE with .json")
      ->type_name("FILE");
  sign.app->add_flag("--amends", sign.values->amends, "The draft follows the log's newest version");
  SigningKey(sign);
  const auto check = Add<CharterCheck>(charter, "check", "What a draft or charter says, and who has signed");
  Positional(check.app, "FILE", check.values->file, "The file");
  check.app->add_flag("--amends", check.values->amends, "The draft follows the log's newest version");
  const auto submit = Add<CharterSubmit>(charter, "submit", "Put a signed charter into the log");
  Positional(submit.app, "FILE", submit.values->file, "The charter with its signatures (.json)");
  const auto show = Add<CharterShow>(charter, "show", "The newest charter of the log, checked");
  show.app->add_flag("--toml", show.values->toml, "As a draft, for an amendment");
  const auto pin = Add<CharterPin>(charter, "pin", "Hold the log to this first charter from now on");
  Positional(pin.app, "HASH", pin.values->hash, "The SHA-256 that a member told you");
}

void Grammar::AddProposals() {
  CLI::App* proposal = Noun("proposal", "What members are asked to train, and how they vote");
  const auto create = Add<ProposalCreate>(proposal, "create", "Propose a job");
  Positional(create.app, "FILE", create.values->file, "The job file");
  create.app
      ->add_option("--data", create.values->data, "A certified data set that it trains on; once for each")
      ->type_name("MEMBER=sha256:HEX");
  create.app
      ->add_option("--start", create.values->start,
                   "The checkpoint whose weights the job's [model] start names: a file or a directory")
      ->type_name("PATH");
  create.app->add_option("--recipient", create.values->recipients,
                         "Who gets the model: members, or \"public\"");
  create.app->add_option("--license", create.values->license, "Of the model, by its SPDX id");
  create.app->add_option("--days", create.values->days, "For how long it may run")
      ->check(CLI::Range(1, 3'650))
      ->type_name("N");
  create.app->add_option("--max-wall", create.values->max_wall_s, "Most seconds at a node, in all")
      ->check(CLI::Range(1, 3'650 * 86'400))
      ->type_name("S");
  create.app->add_option("--max-mem", create.values->max_mem_mb, "Most memory at a node")
      ->check(CLI::Range(1, 1 << 30))
      ->type_name("MB");
  create.app->add_flag("--gpu", create.values->gpu, "It may use GPUs");
  SigningKey(create);
  (void)Add<ProposalList>(proposal, "list", "All proposals, and how they stand");
  const auto show = Add<ProposalShow>(proposal, "show", "One proposal, its votes and its job file");
  Positional(show.app, "PROPOSAL", show.values->proposal, "Its id, or the beginning of it");
  const auto vote = Add<ProposalVote>(proposal, "vote", "Say yes or no for your member");
  Positional(vote.app, "PROPOSAL", vote.values->proposal, "Its id, or the beginning of it");
  Choice(Positional(vote.app, "DECISION", vote.values->decision, "approve or reject"), {"approve", "reject"});
  vote.app->add_option("--days", vote.values->days, "For how long it holds")
      ->check(CLI::Range(1, 3'650))
      ->type_name("N");
  SigningKey(vote);
}

void Grammar::AddLog() {
  CLI::App* log = Noun("log", "The public record: charters, proposals, votes");
  (void)Add<LogKey>(log, "key", "The key that charters name the log by");
  (void)Add<LogShow>(log, "show", "Every entry, checked against the head");
  const auto verify = Add<LogVerify>(log, "verify", "Check entries, head, witnesses and charter");
  auto* const copy = verify.app->add_option("--dir", verify.values->directory,
                                            "A copy of the log's files, checked without asking anybody");
  auto* const genesis = verify.app->add_option(
      "--charter", verify.values->charter,
      "SHA-256 of the federation's first charter, as a member told you: what the copy has to begin with");
  copy->type_name("DIR")->needs(genesis);
  genesis->type_name("SHA256")->needs(copy);
  const auto watch = Add<LogWatch>(log, "watch", "Tell each new entry, and hold the log to what it was");
  watch.app->add_option("--from", watch.values->from, "Begin with this entry; else with those that come")
      ->check(NotWhole)
      ->type_name("INDEX");
  Duration(watch.app, "--every", watch.values->every, Millis(3'600'000), "How often to ask; by default 2s");
  const auto proof = Add<LogProof>(log, "proof", "A file that proves that an entry is in the log");
  proof.app->add_option("INDEX", proof.values->index, "The entry")->check(NotWhole)->required();
  proof.app->add_option("-o,--out", proof.values->out, "The file to write; else it is shown")
      ->type_name("FILE");
}

void Grammar::AddAttribution() {
  CLI::App* attribution = Noun("attribution", "Who gave what to a job");
  const auto report = Add<AttributionReport>(attribution, "report",
                                             "Rounds, examples, compute and privacy that each member gave");
  Positional(report.app, "JOB", report.values->job, "Its id, or the beginning of it");
  const auto publish = Add<AttributionPublish>(
      attribution, "publish", "Sign for your member what a job's updates were worth on its data; once a job");
  Positional(publish.app, "FILE", publish.values->worth,
             "What your node kept: worth/JOB in its state directory");
  SigningKey(publish);
}

void Grammar::AddPublish() {
  const auto publish = Add<Publish>(&app_, "publish", "Write the public record as pages for everybody");
  publish.app->add_option("-o,--out", publish.values->out, "The directory, new or one that it wrote before")
      ->type_name("DIR");
  publish.app->add_option("--texts", publish.values->texts, "The pages' words in another language (TOML)")
      ->type_name("FILE");
  publish.app->add_flag("--print-texts", publish.values->print_texts,
                        "Show the words in English, to be translated");
}

}  // namespace accord::cli
