#include "cli/registry_text.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "cli/table.h"
#include "cli/words.h"
#include "rpc/registry_view.h"

namespace accord::cli {
namespace {

constexpr std::uint64_t kLastSecond = 253'402'300'799;  // the end of the year 9999

TimePoint Expires(const secagg::VouchedEntry& node) {
  return TimePoint(std::chrono::seconds(std::min(node.entry.not_after, kLastSecond)));
}

}  // namespace

Result<RegistryListing> MakeListing(const rpc::RegistryView& view) {
  ACCORD_ASSIGN_OR_RETURN(const secagg::Registry registry, rpc::ToRegistry(view));
  RegistryListing listing{.version = registry.version, .hash = registry.Hash(), .nodes = {}};
  for (const rpc::RegistryView::Entry& entry : view.entries) {
    ACCORD_ASSIGN_OR_RETURN(secagg::VouchedEntry vouched, rpc::ToVouched(entry));
    listing.nodes.push_back(std::move(vouched));
  }
  return listing;
}

std::string RegistryText(const RegistryListing& listing, TimePoint now, const Style& style) {
  Facts facts;
  facts.Add("version", std::to_string(listing.version));
  facts.Add("hash", listing.hash.Hex());
  const std::string head = Paint(style, Tone::kStrong, "registry") + "\n" + facts.Render(style) + "\n";
  if (listing.nodes.empty())
    return head + "No nodes yet. Invite one with: accord member invite NAME --role node\n";
  Table table({{"NAME"}, {"MEMBER"}, {"KEY EXPIRES"}, {"NODE"}});
  for (const secagg::VouchedEntry& node : listing.nodes) {
    const TimePoint expires = Expires(node);
    table.Row({{Printable(node.identity.name, 64), Tone::kStrong},
               {Printable(node.entry.org, 64)},
               {Until(expires, now), expires <= now ? Tone::kBad : Tone::kPlain},
               {node.entry.id.Hex()}});
  }
  return head + table.Render(style);
}

std::string Json(const RegistryListing& listing) {
  nlohmann::ordered_json nodes = nlohmann::ordered_json::array();
  for (const secagg::VouchedEntry& node : listing.nodes) {
    nodes.push_back({{"name", node.identity.name},
                     {"spiffe_id", node.identity.Format()},
                     {"id", node.entry.id.Hex()},
                     {"member", node.entry.org},
                     {"key", node.entry.key.Hex()},
                     {"not_after", FormatTime(Expires(node))}});
  }
  const nlohmann::ordered_json all = {
      {"version", listing.version}, {"hash", listing.hash.Hex()}, {"nodes", std::move(nodes)}};
  return all.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace accord::cli
