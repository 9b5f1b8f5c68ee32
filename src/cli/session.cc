#include "cli/session.h"

#include "base/errors.h"
#include "cli/identity.h"
#include "cli/words.h"

namespace accord::cli {

Session::Session(Environment& environment, GlobalOptions options)
    : environment_(environment), options_(std::move(options)), printer_(environment.streams, options_.json) {}

Result<ContextStore> Session::Contexts() const {
  ACCORD_ASSIGN_OR_RETURN(std::filesystem::path home, HomeDirectory(environment_.variables));
  return ContextStore(std::move(home));
}

Result<std::string> Session::ContextName() const {
  if (!options_.context.empty()) return options_.context;
  const auto variable = environment_.variables.find("ACCORD_CONTEXT");
  if (variable != environment_.variables.end() && !variable->second.empty()) return variable->second;
  ACCORD_ASSIGN_OR_RETURN(const ContextStore store, Contexts());
  return store.Current();
}

Result<Context> Session::ContextInForce() const {
  ACCORD_ASSIGN_OR_RETURN(const std::string name, ContextName());
  ACCORD_ASSIGN_OR_RETURN(const ContextStore store, Contexts());
  if (!name.empty()) return store.Load(name);
  ACCORD_ASSIGN_OR_RETURN(const std::vector<Context> contexts, store.List());
  return contexts.empty()
             ? Fail(errors::kContextNone, "This machine has not joined a federation yet.")
             : Fail(errors::kContextNone, "There are several contexts and none was chosen.",
                    "Choose one with: accord context use NAME (list them with: accord context list)");
}

Result<std::unique_ptr<Backend>> Session::Connect() {
  ACCORD_ASSIGN_OR_RETURN(Context context, ContextInForce());
  if (context.expires <= Now()) {
    return Fail(errors::kAuthExpired, "The certificate of context \"" + context.name + "\" expired " +
                                          Ago(context.expires, Now()) + ".");
  }
  ACCORD_ASSIGN_OR_RETURN(std::unique_ptr<Backend> backend, environment_.network.Connect(context));
  if (!PastHalf(context, Now())) return backend;
  ACCORD_ASSIGN_OR_RETURN(ContextStore store, Contexts());
  const Status renewed = RenewIdentity(context, *backend, store, Now());
  if (renewed.ok()) {
    ACCORD_ASSIGN_OR_RETURN(context, store.Load(context.name));
    return environment_.network.Connect(context);
  }
  if (Expiring(context, Now())) {
    printer_.Warn("the certificate of context \"" + context.name + "\" expires " +
                  Until(context.expires, Now()) + " and was not renewed: " + Describe(renewed));
  }
  return backend;
}

}  // namespace accord::cli
