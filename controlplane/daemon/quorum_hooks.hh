// SPDX-License-Identifier: Apache-2.0
// Programs that are told when a pool meets or loses its quorum. At most one of a pool runs, for as long as it may, and
// a few of all pools; news that come meanwhile wait, and only the newest of a pool. Nobody is told twice the same.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "controlplane/config/schema.hh"
#include "controlplane/health/pool_health.hh"
#include "controlplane/health/program_run.hh"

namespace guideway {

struct QuorumNews {
  std::string pool;
  std::vector<std::string> services;  // that use it
  PoolCounts counts;
  PoolHealthConfig config;
  bool is_met = false;

  [[nodiscard]] const std::vector<std::string>& command() const noexcept {
    return is_met ? config.quorum_up : config.quorum_down;
  }
};

class QuorumHooks {
 public:
  static constexpr std::size_t running_max = 16;
  // How a program ended: `text` says it.
  using OnEnd = std::function<void(const QuorumNews& news, bool is_success, const std::string& text)>;

  QuorumHooks(boost::asio::io_context& io, OnEnd on_end) : io_(io), on_end_(std::move(on_end)) {}
  QuorumHooks(const QuorumHooks&) = delete;
  QuorumHooks& operator=(const QuorumHooks&) = delete;
  ~QuorumHooks() { stop(); }

  void tell(QuorumNews news);
  // Forgets pools that are no more.
  void follow(const std::vector<PoolConfig>& pools);
  // Kills what runs; nobody is told any more.
  void stop();

  // Of pools whose last program failed: a sentence each.
  [[nodiscard]] std::vector<std::string> warnings() const;

 private:
  struct Running {
    Running(boost::asio::io_context& io, QuorumNews told) : news(std::move(told)), deadline(io) {}

    QuorumNews news;
    boost::asio::steady_timer deadline;
    std::shared_ptr<ProgramRun> program;
    bool is_late = false;
  };

  void pump();
  void start(const QuorumNews& news);
  void too_late(const std::string& pool);
  void ended(const std::string& pool, const ProgramEnd& end);
  void report(const QuorumNews& news, bool is_success, const std::string& text);

  boost::asio::io_context& io_;
  OnEnd on_end_;
  std::map<std::string, QuorumNews> waiting_;
  std::deque<std::string> order_;  // of those that wait
  std::map<std::string, std::unique_ptr<Running>> running_;
  std::map<std::string, bool> told_;
  std::map<std::string, std::string> failures_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace guideway
