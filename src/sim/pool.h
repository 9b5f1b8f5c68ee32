// Work that the programs hand to threads, on virtual time: each piece is done whole, some time after it was
// asked for, in that order. An asio executor, so that the shells take it for a pool of threads.
#pragma once

#include <functional>
#include <memory>
#include <utility>
//
#include <boost/asio/execution.hpp>
#include <boost/asio/execution_context.hpp>
#include <boost/asio/io_context.hpp>

namespace accord::sim {

class Pool {
 public:
  // `run` gets each piece of work; it does it later, or never when the process has ended by then.
  Pool(boost::asio::io_context& context, std::function<void(std::function<void()>)> run)
      : context_(context), run_(std::move(run)) {}

  class Executor {
   public:
    explicit Executor(Pool& pool) : pool_(&pool) {}
    template <class Work>
    void execute(Work work) const {  // work may be move-only
      pool_->run_([shared = std::make_shared<Work>(std::move(work))] { std::move (*shared)(); });
    }
    [[nodiscard]] boost::asio::execution_context& query(boost::asio::execution::context_t) const noexcept {
      return pool_->context_;
    }
    [[nodiscard]] static constexpr boost::asio::execution::blocking_t query(
        boost::asio::execution::blocking_t) noexcept {
      return boost::asio::execution::blocking.never;
    }
    [[nodiscard]] Executor require(boost::asio::execution::blocking_t::never_t) const noexcept {
      return *this;
    }
    friend bool operator==(const Executor& a, const Executor& b) noexcept { return a.pool_ == b.pool_; }
    friend bool operator!=(const Executor& a, const Executor& b) noexcept { return a.pool_ != b.pool_; }

   private:
    Pool* pool_;
  };
  [[nodiscard]] Executor get_executor() { return Executor(*this); }

 private:
  boost::asio::io_context& context_;
  const std::function<void(std::function<void()>)> run_;
};

}  // namespace accord::sim
