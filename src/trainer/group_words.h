// What the node and its workers tell one another through the store, before and after they exchange tensors.
// Keys:
//   orders          how many orders the node has given
//   order/N         an Order; gone when it is over
//   answer/N/RANK   an Answer, of a worker that took the order up
//   go/N            a Start: it begins, or not
//   why/N/RANK      why a worker gave up in the middle, in words
// Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/text.h"

namespace accord::trainer {

// What the node wants trained. It begins with the version, so that any two versions understand that much.
struct Order {
  std::string version;     // of the program
  std::uint32_t size = 0;  // of the group; 0: the node has ended, and so do its workers
  std::uint32_t threads = 0;
  std::uint32_t data = 0;  // Learner::DataCrc
  std::string plan;
};

struct Answer {
  std::string host;
  std::uint64_t instance = 0;  // of this process, drawn
  std::string group;           // the ProcessGroup that it still has; empty: none
  std::string refusal;         // why it cannot; empty: ready
};

struct Start {
  std::string group;                     // to meet in, or to go on with; empty: it does not begin
  std::vector<std::uint64_t> instances;  // of the workers that are meant, in the order of their ranks
};

[[nodiscard]] Bytes Encode(const Order& order);
[[nodiscard]] Bytes Encode(const Answer& answer);
[[nodiscard]] Bytes Encode(const Start& start);
// nullopt: not such a thing. Of an order of another version only the version is read.
[[nodiscard]] std::optional<Order> DecodeOrder(ByteView bytes);
[[nodiscard]] std::optional<Answer> DecodeAnswer(ByteView bytes);
[[nodiscard]] std::optional<Start> DecodeStart(ByteView bytes);

// What rank 0 broadcasts before each exchange of tensors: kWords numbers, and room for the batch.
struct Command {
  enum Kind : std::int64_t { kEnd, kLoad, kStep, kCompare };
  static constexpr std::size_t kWords = 5;

  Kind kind = kEnd;
  bool own = false;         // kLoad: the optimizer is that of Ditto's own model
  bool pulled = false;      // kLoad: where the round began comes as well, for the proximal term
  std::uint64_t steps = 0;  // kLoad: taken by the optimizer; kStep: examples of the batch
  double rate = 0.0;        // kStep

  void Put(std::span<std::int64_t> words) const;
  [[nodiscard]] static Command Take(std::span<const std::int64_t> words);
};

}  // namespace accord::trainer
