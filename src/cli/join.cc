// accord join: a one-time token becomes a context.
#include <algorithm>
#include <string>

#include "base/errors.h"
#include "cli/commands.h"
#include "cli/identity.h"
#include "cli/json.h"
#include "cli/view_text.h"
#include "crypto/join_token.h"

namespace accord::cli {
namespace {

Result<crypto::JoinToken> ReadToken(const std::string& argument, std::istream& in) {
  std::string text = argument;
  if (text == "-") {
    text.clear();
    std::getline(in, text);
  }
  std::erase_if(text, [](char c) { return c == ' ' || c == '\r' || c == '\t'; });
  Result<crypto::JoinToken> token = crypto::ParseJoinToken(text);
  crypto::Cleanse({reinterpret_cast<std::uint8_t*>(text.data()), text.size()});
  return token;
}

// Nodes have more than a TLS key: their own program joins them.
Status CheckRole(const crypto::JoinToken& token) {
  if (token.identity.role == crypto::Role::kOperator || token.identity.role == crypto::Role::kResearcher)
    return {};
  return Fail(
      errors::kTokenInvalid,
      "This token is for a " + std::string(crypto::RoleName(token.identity.role)) + ", not for a person.",
      "On the node's machine: accord-node join TOKEN");
}

Result<Context> JoinAs(Session& session, const crypto::JoinToken& token, const std::string& name) {
  ACCORD_ASSIGN_OR_RETURN(ContextStore store, session.Contexts());
  ACCORD_RETURN_IF_ERROR(store.CheckFree(name));  // before the token is spent
  const crypto::P256Key key = crypto::P256Key::Generate();
  const std::string csr = crypto::MakeCsr(key);
  ACCORD_ASSIGN_OR_RETURN(const rpc::Enrolled enrolled, WithRetries(session.environment(), [&] {
                            return session.environment().network.Enrol(token, csr);
                          }));
  ACCORD_RETURN_IF_ERROR(
      CheckEnrolled(enrolled, key, token.identity.Format(), &token.ca_fingerprint, session.Now()));
  ACCORD_RETURN_IF_ERROR(store.Save(name,
                                    {.coordinator = token.address,
                                     .key = key,
                                     .certificate_pem = enrolled.certificate_pem,
                                     .ca_pem = enrolled.ca_pem},
                                    /*replace=*/false));
  ACCORD_RETURN_IF_ERROR(store.Use(name));
  return store.Load(name);
}

}  // namespace

ExitCode Run(const Join& command, Session& session) {
  Printer& printer = session.printer();
  const Result<crypto::JoinToken> token = ReadToken(command.token, session.environment().in);
  if (!token.ok()) return printer.Failure(token.status());
  if (const Status role = CheckRole(*token); !role.ok()) return printer.Failure(role);
  const std::string& wanted = session.options().context;
  const Result<Context> context = JoinAs(session, *token, wanted.empty() ? token->identity.name : wanted);
  if (!context.ok()) return printer.Failure(context.status());
  return printer.Answer("Joined; this is now the current context.\n" +
                            ContextDetails(*context, session.Now(), printer.style()) +
                            "  look around: accord node list\n",
                        Json(*context));
}

}  // namespace accord::cli
