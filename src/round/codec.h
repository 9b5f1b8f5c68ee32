// Journal bytes of round events (base/codec; the schema version is the job's, src/job/codec.h).
#pragma once

#include <optional>
#include <vector>

#include "base/codec.h"
#include "round/round.h"

namespace accord::round {

void Encode(const Event& event, Writer& out);
// Reads one event; a malformed one makes `in` refuse and gives a Tick.
[[nodiscard]] Event Decode(Reader& in);

void EncodeMetrics(const std::vector<MetricSum>& metrics, Writer& out);
[[nodiscard]] std::vector<MetricSum> DecodeMetrics(Reader& in);

void EncodeSet(const NodeSet& nodes, Writer& out);
[[nodiscard]] NodeSet DecodeSet(Reader& in);

}  // namespace accord::round
