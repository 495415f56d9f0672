// SPDX-License-Identifier: Apache-2.0
#include "controlplane/health/health_monitor.hh"

#include <sys/resource.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <map>
#include <utility>

#include "controlplane/health/check_schedule.hh"
#include "controlplane/health/start_probe.hh"

namespace guideway {
namespace {

namespace asio = boost::asio;
using Clock = std::chrono::steady_clock;

// Starting a probe is two system calls; more than these at once would keep others on the io_context waiting.
constexpr std::size_t starts_per_turn = 64;

std::int64_t steady_ms(Clock::time_point time) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count();
}

// A probe that was asked about so long after its time was over, because this process was stopped or starved, says more
// of this machine than of the backend: its answer may have waited all the while.
constexpr std::int64_t late_ms = 1000;

// What is left of a failure if it was noticed that late.
ProbeResult judged_by_lateness(const ProbeResult& result, std::int64_t took_ms, std::int64_t timeout_ms) {
  if (result.outcome != ProbeOutcome::failed || took_ms < timeout_ms + late_ms) return result;
  ProbeResult late = result;
  late.outcome = ProbeOutcome::inconclusive;
  late.detail = "this machine was late: it looked after " + std::to_string(took_ms) + " ms at what had " +
                std::to_string(timeout_ms) + " ms";
  return late;
}

std::size_t half_of_open_files() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return SIZE_MAX;
  return std::max<std::size_t>(limit.rlim_cur / 2, 1);
}

}  // namespace

class HealthMonitor::State : public std::enable_shared_from_this<HealthMonitor::State> {
 public:
  State(asio::io_context& io, OnResult on_result, std::uint64_t seed, std::size_t running_max)
      : io_(io),
        on_result_(std::move(on_result)),
        running_max_(std::max<std::size_t>(std::min(running_max, half_of_open_files()), 1)),
        schedule_(seed),
        timer_(io) {}

  void set_targets(const std::vector<Target>& targets) {
    if (stopped_) return;
    std::vector<CheckUser> users;
    users.reserve(targets.size());
    for (const Target& target : targets) {
      if (target.check.kind == CheckKind::none) continue;
      const CheckConfig& check = target.check;
      users.push_back({target.id,
                       CheckTarget::of(target.address, target.port, check),
                       {check.interval_ms, check.fast_interval_ms, check.down_interval_ms},
                       check.jitter_percent});
      users.back().target.way = target.way;
    }
    ++generation_;
    for (const CheckSchedule::TargetId id : schedule_.set_users(users, steady_ms(Clock::now()))) {
      const auto probe = probes_.find(id);
      if (probe == probes_.end()) continue;
      probe->second.probe->cancel();
      probes_.erase(probe);
    }
    pump_soon();
  }

  void set_pace(std::uint32_t id, CheckPace pace) {
    if (stopped_) return;
    schedule_.set_pace(id, pace, steady_ms(Clock::now()));
    pump_soon();
  }

  void stop() {
    stopped_ = true;
    timer_.cancel();
    for (const auto& [id, running] : probes_) running.probe->cancel();
    probes_.clear();
  }

  [[nodiscard]] std::size_t distinct_targets() const { return schedule_.target_count(); }
  [[nodiscard]] std::size_t running() const { return probes_.size(); }

 private:
  void pump_soon() {
    if (std::exchange(pump_posted_, true)) return;
    asio::post(io_, [weak = weak_from_this()] {
      if (const auto self = weak.lock()) self->pump();
    });
  }

  void pump() {
    pump_posted_ = false;
    if (stopped_) return;
    const std::size_t room = std::min(running_max_ - std::min(running_max_, probes_.size()), starts_per_turn);
    const std::vector<CheckSchedule::Due> due = schedule_.take_due(steady_ms(Clock::now()), room);
    for (const CheckSchedule::Due& next : due) start(next);
    if (due.size() == starts_per_turn) return pump_soon();
    if (probes_.size() < running_max_) wait();
  }

  void wait() {
    const std::optional<std::int64_t> due_ms = schedule_.next_due_ms();
    if (!due_ms) return;
    timer_.expires_at(Clock::time_point(std::chrono::milliseconds(*due_ms)));
    timer_.async_wait([weak = weak_from_this()](const boost::system::error_code& cancelled) {
      const auto self = weak.lock();
      if (!cancelled && self) self->pump();
    });
  }

  void start(const CheckSchedule::Due& due) {
    ProbeDone done = [weak = weak_from_this(), id = due.id](const ProbeResult& result) {
      if (const auto self = weak.lock()) self->on_done(id, result);
    };
    probes_[due.id] = {start_probe(io_, due.target, std::move(done)), steady_ms(Clock::now()), due.target.timeout_ms};
  }

  void on_done(CheckSchedule::TargetId id, const ProbeResult& found) {
    const std::int64_t now_ms = steady_ms(Clock::now());
    const auto running = probes_.find(id);
    if (running == probes_.end()) return;
    const ProbeResult result = judged_by_lateness(found, now_ms - running->second.began_ms, running->second.timeout_ms);
    probes_.erase(running);
    const std::vector<std::uint32_t> users = schedule_.finished(id, now_ms);
    pump_soon();
    // A listener may replace the targets; who is still to be told then is no longer known, the next result tells all.
    const std::uint64_t generation = generation_;
    for (const std::uint32_t user : users) {
      if (stopped_ || generation != generation_) return;
      on_result_(user, result);
    }
  }

  asio::io_context& io_;
  const OnResult on_result_;
  const std::size_t running_max_;
  CheckSchedule schedule_;
  asio::steady_timer timer_;
  struct Running {
    std::shared_ptr<Probe> probe;
    std::int64_t began_ms = 0;
    std::int64_t timeout_ms = 0;
  };
  std::map<CheckSchedule::TargetId, Running> probes_;
  std::uint64_t generation_ = 0;
  bool pump_posted_ = false;
  bool stopped_ = false;
};

HealthMonitor::HealthMonitor(asio::io_context& io, OnResult on_result, std::uint64_t seed, std::size_t running_max)
    : state_(std::make_shared<State>(io, std::move(on_result), seed, running_max)) {}

HealthMonitor::~HealthMonitor() { stop(); }

void HealthMonitor::set_targets(const std::vector<Target>& targets) { state_->set_targets(targets); }
void HealthMonitor::set_pace(std::uint32_t id, CheckPace pace) { state_->set_pace(id, pace); }
void HealthMonitor::stop() { state_->stop(); }
std::size_t HealthMonitor::distinct_targets() const { return state_->distinct_targets(); }
std::size_t HealthMonitor::running() const { return state_->running(); }

}  // namespace guideway
