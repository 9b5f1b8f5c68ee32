// The words for values of views: times, ids, states, phases. English for people, exact and short. Pure.
#pragma once

#include <string>
#include <string_view>

#include "accord/clock.h"
#include "accord/ids.h"
#include "cli/style.h"
#include "rpc/views.h"

namespace accord::cli {

// The first 12 hex digits: enough to name a job or model in every command.
template <class Tag, std::size_t N>
[[nodiscard]] std::string ShortId(const FixedBytes<Tag, N>& id) {
  return id.Hex().substr(0, 12);
}

// "17ms", "0.3s", "4.2s", "42s", "3m 10s", "2h 5m", "3d 4h". Negative spans count as none.
[[nodiscard]] std::string Span(Millis span);
// "now", "42s ago", "3m 10s ago"; empty for the epoch, which stands for "never".
[[nodiscard]] std::string Ago(TimePoint then, TimePoint now);
// "in 59m 30s", or "42s ago" when it has passed; empty for the epoch.
[[nodiscard]] std::string Until(TimePoint then, TimePoint now);
// "14:03:22" of the local day, with the date when `now` is of another one: as people read clocks.
[[nodiscard]] std::string LocalTime(TimePoint time, TimePoint now);
// 1234567 is "1,234,567".
[[nodiscard]] std::string Count(std::uint64_t value);
// Four decimals: 0.4312.
[[nodiscard]] std::string Figure(double value);
// A share of one as "0%", "<0.01%", "0.31%", "4.2%", "87%".
[[nodiscard]] std::string Percent(double share);

[[nodiscard]] std::string_view StateName(job::Phase state);  // "running": also in --json
[[nodiscard]] Tone StateTone(job::Phase state);
[[nodiscard]] bool IsOver(job::Phase state);

[[nodiscard]] std::string SecureWords(SecureMode mode);  // "off (no masking)"
[[nodiscard]] Tone SecureTone(SecureMode mode);

[[nodiscard]] std::string_view PhaseName(round::Phase phase);   // "p4 collect": also in --json
[[nodiscard]] std::string_view PhaseWords(round::Phase phase);  // "collecting updates"

// "round 3 of 6", or "final evaluation".
[[nodiscard]] std::string RoundTitle(RoundId round, round::Purpose purpose, std::uint64_t total);
// Text of others by its lines, joined by `between`: nothing of it may draw on the terminal.
[[nodiscard]] std::string PrintableLines(std::string_view text, std::string_view between = "\n");
// The last part of a SPIFFE id with its role: "operator/alice"; other text as it is, made printable.
[[nodiscard]] std::string ShortIdentity(std::string_view spiffe_id);

}  // namespace accord::cli
