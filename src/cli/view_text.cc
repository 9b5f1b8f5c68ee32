#include "cli/view_text.h"

#include "base/text.h"
#include "cli/table.h"
#include "cli/words.h"

namespace accord::cli {
namespace {

std::string Joined(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words) out += (out.empty() ? "" : ", ") + Printable(word, 64);
  return out;
}

Cell Presence(const rpc::NodeView& node) {
  if (node.suspended) return {"suspended", Tone::kBad};
  return node.connected ? Cell("connected", Tone::kGood) : Cell("not connected", Tone::kWarn);
}

Cell Expiry(TimePoint expires, TimePoint now) {
  return {Until(expires, now), expires <= now ? Tone::kBad : Tone::kPlain};
}

}  // namespace

std::string NodeTable(const std::vector<rpc::NodeView>& nodes, TimePoint now, const Style& style) {
  if (nodes.empty()) return "No nodes yet. Invite one with: accord member invite NAME --role node\n";
  Table table({{"NAME"}, {"STATE"}, {"SINCE"}, {"VERSION"}, {"JOBS"}, {"DESCRIPTION"}});
  for (const rpc::NodeView& node : nodes) {
    table.Row({{Printable(node.name, 64), Tone::kStrong},
               Presence(node),
               {Ago(node.since, now)},
               {Printable(node.version, 32)},
               {Joined(node.jobs)},
               {Printable(node.description, 120)}});
  }
  return table.Render(style);
}

std::string NodeDetails(const rpc::NodeView& node, TimePoint now, const Style& style) {
  Facts facts;
  facts.Add("state", Presence(node));
  facts.Add("since", node.since == TimePoint{} ? "" : Ago(node.since, now) + "  " + FormatTime(node.since));
  facts.Add("id", node.id.Hex());
  facts.Add("identity", Printable(node.spiffe_id));
  facts.Add("version", Printable(node.version, 32));
  facts.Add("description", Printable(node.description));
  facts.Add("jobs", node.jobs.empty() ? "none" : Joined(node.jobs));
  return Paint(style, Tone::kStrong, Printable(node.name, 64)) + "\n" + facts.Render(style);
}

std::string MemberTable(const std::vector<rpc::MemberView>& members, TimePoint now, const Style& style) {
  if (members.empty()) return "No members yet. Invite one with: accord member invite NAME --role ROLE\n";
  Table table({{"NAME"}, {"ROLE"}, {"STATE"}, {"JOINED"}, {"CERTIFICATE EXPIRES"}, {"ID"}});
  for (const rpc::MemberView& member : members) {
    table.Row({{Printable(member.name, 64), Tone::kStrong},
               {Printable(member.role, 32)},
               member.suspended ? Cell("suspended", Tone::kBad) : Cell("active", Tone::kGood),
               {Ago(member.enrolled, now)},
               Expiry(member.certificate_expires, now),
               {Printable(member.spiffe_id)}});
  }
  return table.Render(style);
}

std::string MemberChange(const rpc::MemberView& member, const Style& style) {
  return Paint(style, Tone::kStrong, Printable(member.name, 64)) + " (" + Printable(member.role, 32) +
         ") is " +
         (member.suspended ? Paint(style, Tone::kBad, "suspended") + "; its connections were cut"
                           : Paint(style, Tone::kGood, "active") + " again") +
         "\n";
}

std::string InviteText(const rpc::InviteView& invite, std::string_view role, TimePoint now,
                       const Style& style) {
  const std::string program = role == "node" ? "accord-node" : "accord";
  Facts facts;
  facts.Add("for", ShortIdentity(invite.spiffe_id));
  facts.Add("valid", "once, until " + FormatTime(invite.expires) + " (" + Until(invite.expires, now) + ")");
  facts.Add("use it", program + " join TOKEN");
  facts.Add("note", "the token is a secret: send it over a channel that you trust");
  return Printable(invite.token, 4'096) + "\n" + facts.Render(style);
}

std::string ModelTable(const std::vector<rpc::ModelView>& models, const Style& style) {
  if (models.empty()) return "No models yet. A job has one after its first round: accord job list\n";
  Table table({{"MODEL"},
               {"JOB"},
               {"NAME"},
               {"ROUND", Align::kRight},
               {"KIND"},
               {"SIZE", Align::kRight},
               {"SECURE"}});
  for (const rpc::ModelView& model : models) {
    table.Row({{ShortId(model.hash)},
               {ShortId(model.job)},
               {Printable(model.job_name, 64), Tone::kStrong},
               {std::to_string(model.round.value)},
               model.final ? Cell("final", Tone::kGood) : Cell("newest"),
               {FormatBytes(model.bytes)},
               {SecureWords(model.secure), SecureTone(model.secure)}});
  }
  return table.Render(style);
}

std::string ContextTable(const std::vector<Context>& contexts, const std::string& current, TimePoint now,
                         const Style& style) {
  if (contexts.empty()) return "No contexts yet. Join a federation with: accord join TOKEN\n";
  Table table({{""}, {"NAME"}, {"COORDINATOR"}, {"IDENTITY"}, {"CERTIFICATE EXPIRES"}});
  for (const Context& context : contexts) {
    table.Row({{context.name == current ? "*" : "", Tone::kGood},
               {context.name, Tone::kStrong},
               {Printable(context.coordinator)},
               {ShortIdentity(context.spiffe_id)},
               Expiry(context.expires, now)});
  }
  return table.Render(style);
}

std::string ContextDetails(const Context& context, TimePoint now, const Style& style) {
  Facts facts;
  facts.Add("coordinator", Printable(context.coordinator));
  facts.Add("identity", Printable(context.spiffe_id));
  facts.Add("certificate", {"expires " + Until(context.expires, now) + "  " + FormatTime(context.expires),
                            context.expires <= now ? Tone::kBad : Tone::kPlain});
  facts.Add("directory", context.directory.string());
  return Paint(style, Tone::kStrong, context.name) + "\n" + facts.Render(style);
}

}  // namespace accord::cli
