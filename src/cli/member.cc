// accord member ...
#include "base/errors.h"
#include "cli/commands.h"
#include "cli/json.h"
#include "cli/registry_text.h"
#include "cli/view_text.h"

namespace accord::cli {
namespace {

// A SPIFFE id as it is; a name by the list of members, if it has only one role.
Result<std::string> Resolve(Backend& backend, const std::string& member) {
  if (member.starts_with("spiffe://")) return member;
  ACCORD_ASSIGN_OR_RETURN(const std::vector<rpc::MemberView> members, backend.ListMembers());
  std::string found;
  for (const rpc::MemberView& view : members) {
    if (view.name != member) continue;
    if (!found.empty()) {
      return Fail(errors::kCliUsage, "Several members are named \"" + Printable(member, 64) + "\".",
                  "Give the SPIFFE id; the list has it: accord member list");
    }
    found = view.spiffe_id;
  }
  if (found.empty())
    return Fail(errors::kMemberNotFound, "No member is named \"" + Printable(member, 64) + "\".");
  return found;
}

ExitCode SetSuspended(Session& session, const std::string& member, bool suspended) {
  return AskAndPrint(
      session,
      [&](Backend& backend) -> Result<rpc::MemberView> {
        ACCORD_ASSIGN_OR_RETURN(const std::string id, Resolve(backend, member));
        return WithRetries(session.environment(), [&] { return backend.SuspendMember(id, suspended); });
      },
      [&](const rpc::MemberView& view) { return MemberChange(view, session.printer().style()); });
}

}  // namespace

ExitCode Run(const MemberInvite& command, Session& session) {
  if (!IsName(command.name)) {
    return session.printer().Failure(
        Fail(errors::kCliUsage, "\"" + Printable(command.name, 64) + "\" is not a name for a member.",
             "Use 1 to 64 of a-z, 0-9, '-', '_' and '.', beginning with a letter or digit."));
  }
  return AskAndPrint(
      session, [&](Backend& backend) { return backend.Invite(command.name, command.role, command.ttl); },
      [&](const rpc::InviteView& invite) {
        return InviteText(invite, command.role, session.Now(), session.printer().style());
      });
}

ExitCode Run(const MemberList&, Session& session) {
  return AskAndPrint(
      session, [](Backend& backend) { return backend.ListMembers(); },
      [&](const std::vector<rpc::MemberView>& members) {
        return MemberTable(members, session.Now(), session.printer().style());
      });
}

ExitCode Run(const MemberRegistry&, Session& session) {
  return AskAndPrint(
      session,
      [](Backend& backend) -> Result<RegistryListing> {
        ACCORD_ASSIGN_OR_RETURN(const rpc::RegistryView view, backend.GetRegistry());
        return MakeListing(view);
      },
      [&](const RegistryListing& listing) {
        return RegistryText(listing, session.Now(), session.printer().style());
      });
}

ExitCode Run(const MemberSuspend& command, Session& session) {
  return SetSuspended(session, command.member, true);
}

ExitCode Run(const MemberRestore& command, Session& session) {
  return SetSuspended(session, command.member, false);
}

}  // namespace accord::cli
