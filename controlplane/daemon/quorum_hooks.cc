// SPDX-License-Identifier: Apache-2.0
#include "controlplane/daemon/quorum_hooks.hh"

#include <chrono>
#include <utility>

namespace guideway {
namespace {

std::vector<std::string> variables_of(const QuorumNews& news) {
  std::string services;
  for (const std::string& service : news.services) services += (services.empty() ? "" : " ") + service;
  return {"GUIDEWAY_POOL=" + news.pool,
          "GUIDEWAY_SERVICES=" + services,
          std::string("GUIDEWAY_QUORUM=") + (news.is_met ? "up" : "down"),
          "GUIDEWAY_QUORUM_NEEDS=" + std::to_string(news.config.quorum),
          "GUIDEWAY_SERVE=" + std::to_string(news.counts.serve),
          "GUIDEWAY_COULD_SERVE=" + std::to_string(news.counts.could_serve)};
}

}  // namespace

void QuorumHooks::tell(QuorumNews news) {
  const std::string pool = news.pool;
  const auto told = told_.find(pool);
  const bool is_known = told != told_.end() && told->second == news.is_met;
  if (is_known || news.command().empty()) {
    // What waited is not true any more.
    if (waiting_.erase(pool) != 0) std::erase(order_, pool);
    told_[pool] = news.is_met;
    return;
  }
  if (waiting_.insert_or_assign(pool, std::move(news)).second) order_.push_back(pool);
  pump();
}

void QuorumHooks::pump() {
  for (std::size_t left = order_.size(); left != 0 && running_.size() < running_max; --left) {
    const std::string pool = std::move(order_.front());
    order_.pop_front();
    if (running_.count(pool) != 0) {
      order_.push_back(pool);
      continue;
    }
    const auto news = waiting_.extract(pool);
    start(news.mapped());
  }
}

void QuorumHooks::start(const QuorumNews& news) {
  told_[news.pool] = news.is_met;
  auto running = std::make_unique<Running>(io_, news);
  auto program = ProgramRun::start(io_, news.command(), variables_of(news),
                                   [this, alive = std::weak_ptr(alive_), pool = news.pool](const ProgramEnd& end) {
                                     if (!alive.expired()) ended(pool, end);
                                   });
  if (!program) return report(news, false, program.error().message);
  running->program = std::move(*program);
  running->deadline.expires_after(std::chrono::milliseconds(news.config.quorum_hook_timeout_ms));
  running->deadline.async_wait([this, pool = news.pool](const boost::system::error_code& error) {
    if (!error) too_late(pool);
  });
  running_[news.pool] = std::move(running);
}

void QuorumHooks::too_late(const std::string& pool) {
  Running& running = *running_.at(pool);
  running.is_late = true;
  running.program->kill();
  report(running.news, false,
         "it did not end within " + std::to_string(running.news.config.quorum_hook_timeout_ms) + " ms and was killed");
}

void QuorumHooks::ended(const std::string& pool, const ProgramEnd& end) {
  const auto found = running_.find(pool);
  if (found == running_.end()) return;
  const std::unique_ptr<Running> running = std::move(found->second);
  running_.erase(found);
  if (!running->is_late) report(running->news, end.is_success(), end.text());
  pump();
}

void QuorumHooks::report(const QuorumNews& news, bool is_success, const std::string& text) {
  failures_.erase(news.pool);
  if (!is_success)
    failures_[news.pool] = "pool " + news.pool + ": " + news.command().front() + ", told that its quorum is " +
                           (news.is_met ? "met" : "lost") + ", failed: " + text;
  on_end_(news, is_success, text);
}

void QuorumHooks::follow(const std::vector<PoolConfig>& pools) {
  if (told_.empty() && failures_.empty() && waiting_.empty()) return;
  std::set<std::string> names;
  for (const PoolConfig& pool : pools) names.insert(pool.name);
  const auto is_gone = [&](const auto& entry) { return names.count(entry.first) == 0; };
  std::erase_if(told_, is_gone);
  std::erase_if(failures_, is_gone);
  std::erase_if(waiting_, is_gone);
  std::erase_if(order_, [&](const std::string& pool) { return waiting_.count(pool) == 0; });
}

void QuorumHooks::stop() {
  waiting_.clear();
  order_.clear();
  alive_ = std::make_shared<bool>(true);  // who ends from now on is nobody's
  for (auto& [pool, running] : std::exchange(running_, {})) {
    running->deadline.cancel();
    running->program->kill();
  }
}

std::vector<std::string> QuorumHooks::warnings() const {
  std::vector<std::string> list;
  list.reserve(failures_.size());
  for (const auto& [pool, sentence] : failures_) list.push_back(sentence);
  return list;
}

}  // namespace guideway
