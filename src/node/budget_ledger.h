// The durable half of charter/budget.h: which job has which part of this lab's budgets, in <state>/budget.db
// (SQLite, WAL, synchronous=FULL). A reservation is one transaction: what is granted is on the disk before a
// byte of data is read for it. Thread-safe: trainings report what they took from threads of their own.
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <vector>

#include "accord/ids.h"
#include "accord/status.h"
#include "charter/budget.h"

namespace accord::node {

class BudgetLedger {
 public:
  // Opens or makes the file. `store.corrupt`, `store.version`, `store.io`.
  [[nodiscard]] static Result<std::unique_ptr<BudgetLedger>> Open(const std::filesystem::path& state);
  ~BudgetLedger();

  // By job. What another process sees of it while a node runs, too; nothing where there is no file.
  [[nodiscard]] static Result<std::vector<charter::BudgetEntry>> Read(const std::filesystem::path& state);
  [[nodiscard]] Result<std::vector<charter::BudgetEntry>> Entries();

  // charter::Grant, kept: `policy.budget` and nothing changes, or durable.
  [[nodiscard]] Status Reserve(const charter::BudgetEntry& asked, const charter::BudgetCeilings& ceilings);
  // `policy.budget` unless the job has a reservation with time left. Also when nothing can be read.
  [[nodiscard]] Status MayTrain(const Digest& job);
  // Adds to what the job spent.
  [[nodiscard]] Status Spend(const Digest& job, std::uint64_t epsilon_milli, std::chrono::milliseconds wall);
  // The job ended: what it did not spend is free again. Fine for a job that has nothing.
  [[nodiscard]] Status Release(const Digest& job);

 private:
  struct State;
  explicit BudgetLedger(std::unique_ptr<State> state);
  const std::unique_ptr<State> state_;
};

}  // namespace accord::node
