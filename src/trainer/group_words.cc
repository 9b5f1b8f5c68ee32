#include "trainer/group_words.h"

#include <bit>
#include <utility>

#include "accord/version.h"
#include "base/codec.h"

namespace accord::trainer {

Bytes Encode(const Order& order) {
  Writer out;
  out.Lv(order.version).U32(order.size).U32(order.threads).U32(order.data).Lv(order.plan);
  return std::move(out).Take();
}

Bytes Encode(const Answer& answer) {
  Writer out;
  out.Lv(answer.host).U64(answer.instance).Lv(answer.group).Lv(answer.refusal);
  return std::move(out).Take();
}

Bytes Encode(const Start& start) {
  Writer out;
  out.Lv(start.group).U32(static_cast<std::uint32_t>(start.instances.size()));
  for (const std::uint64_t instance : start.instances) out.U64(instance);
  return std::move(out).Take();
}

std::optional<Order> DecodeOrder(ByteView bytes) {
  Reader in(bytes);
  Order order{.version = in.LvText()};
  if (in.ok() && order.version != accord::kVersion) return order;
  order.size = in.U32();
  order.threads = in.U32();
  order.data = in.U32();
  order.plan = in.LvText();
  return in.Done() ? std::optional(std::move(order)) : std::nullopt;
}

std::optional<Answer> DecodeAnswer(ByteView bytes) {
  Reader in(bytes);
  Answer answer{.host = in.LvText()};
  answer.instance = in.U64();
  answer.group = in.LvText();
  answer.refusal = in.LvText();
  return in.Done() ? std::optional(std::move(answer)) : std::nullopt;
}

std::optional<Start> DecodeStart(ByteView bytes) {
  Reader in(bytes);
  Start start{.group = in.LvText(), .instances = {}};
  const std::uint32_t count = in.Count(8);
  for (std::uint32_t i = 0; i < count; ++i) start.instances.push_back(in.U64());
  return in.Done() ? std::optional(std::move(start)) : std::nullopt;
}

void Command::Put(std::span<std::int64_t> words) const {
  words[0] = kind;
  words[1] = own ? 1 : 0;
  words[2] = pulled ? 1 : 0;
  words[3] = static_cast<std::int64_t>(steps);
  words[4] = std::bit_cast<std::int64_t>(rate);
}

Command Command::Take(std::span<const std::int64_t> words) {
  return {.kind = static_cast<Kind>(words[0]),
          .own = words[1] != 0,
          .pulled = words[2] != 0,
          .steps = static_cast<std::uint64_t>(words[3]),
          .rate = std::bit_cast<double>(words[4])};
}

}  // namespace accord::trainer
