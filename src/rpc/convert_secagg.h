// The messages and parts of messages that masked rounds add to the Session stream (FSA-1), for
// convert_from_node.cc and convert_to_node.cc alone; the rules are those of convert.h. Sizes, counts, and the
// order of lists that carry ids are checked here. Bodies stay the bytes that were signed: what is inside
// them, and so the order of lists that are sorted by it (Roster, Survivors, Collect.shares), is src/secagg's
// to refuse. Pure.
#pragma once

#include <google/protobuf/repeated_field.h>

#include <optional>
#include <string_view>
#include <vector>

#include "accord/status.h"
#include "accord/v1/node.pb.h"
#include "rpc/messages.h"
#include "rpc/strict.h"

namespace accord::rpc {

// ---- parts; `field` names them in errors
void FillSigned(const secagg::SignedBody& body, v1::Signed* out);
void FillInbound(const secagg::InboundShares& shares, v1::InboundShares* out);
void Fill(const ModelProof& proof, v1::ModelProof* out);
void Fill(const GroupSum& sum, v1::GroupSum* out);
void Fill(const Verified::Proof& proof, v1::Verified::Proof* out);
void Fill(const Commit::Opened& opened, v1::Commit::Opened* out);

[[nodiscard]] secagg::SignedBody ReadSigned(Strict& in, const v1::Signed& m, std::string_view field);
[[nodiscard]] std::vector<secagg::InboundShares> ReadInbound(
    Strict& in, const google::protobuf::RepeatedPtrField<v1::InboundShares>& shares);
[[nodiscard]] Result<ModelProof> ReadModelProof(const v1::ModelProof& m);
[[nodiscard]] Result<GroupSum> ReadGroupSum(const v1::GroupSum& m);
[[nodiscard]] Verified::Proof ReadProof(Strict& in, const v1::Verified::Proof& m);
[[nodiscard]] Commit::Opened ReadOpened(Strict& in, const v1::Commit::Opened& m);

// ---- whole messages
void Fill(const Advertised& m, v1::Advertised* out);
void Fill(const GraphNonce& m, v1::GraphNonce* out);
void Fill(const Shared& m, v1::Shared* out);
void Fill(const Masked& m, v1::Masked* out);
void Fill(const SurvivorsSigned& m, v1::SurvivorsSigned* out);
void Fill(const Unmasked& m, v1::Unmasked* out);
void Fill(const Offer& m, v1::Offer* out);
void Fill(const Roster& m, v1::Roster* out);
void Fill(const GraphSet& m, v1::GraphSet* out);
void Fill(const Survivors& m, v1::Survivors* out);
void Fill(const Certificate& m, v1::Certificate* out);

[[nodiscard]] Result<FromNode> Read(const v1::Advertised& m);
[[nodiscard]] Result<FromNode> Read(const v1::GraphNonce& m);
[[nodiscard]] Result<FromNode> Read(const v1::Shared& m);
[[nodiscard]] Result<FromNode> Read(const v1::Masked& m);
[[nodiscard]] Result<FromNode> Read(const v1::SurvivorsSigned& m);
[[nodiscard]] Result<FromNode> Read(const v1::Unmasked& m);
[[nodiscard]] Result<ToNode> Read(const v1::Offer& m);
[[nodiscard]] Result<ToNode> Read(const v1::Roster& m);
[[nodiscard]] Result<ToNode> Read(const v1::GraphSet& m);
[[nodiscard]] Result<ToNode> Read(const v1::Survivors& m);
[[nodiscard]] Result<ToNode> Read(const v1::Certificate& m);

}  // namespace accord::rpc
