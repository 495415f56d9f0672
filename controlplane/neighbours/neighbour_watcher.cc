// SPDX-License-Identifier: Apache-2.0
#include "controlplane/neighbours/neighbour_watcher.hh"

#include <linux/rtnetlink.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cerrno>
#include <chrono>
#include <deque>
#include <map>
#include <utility>

#include "controlplane/neighbours/kernel_questions.hh"
#include "controlplane/neighbours/netlink_messages.hh"
#include "controlplane/neighbours/netlink_socket.hh"
#include "controlplane/neighbours/next_hop_table.hh"

namespace guideway {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using Clock = std::chrono::steady_clock;

constexpr std::int64_t tick_ms = 250;
constexpr std::int64_t sweep_pause_ms = 100;      // between two lookups of all routes: a routing daemon can be busy
constexpr std::int64_t sweep_anyway_ms = 30'000;  // route exceptions (path MTU) come without an event
constexpr std::int64_t resync_pause_ms = 200;
constexpr std::int64_t verify_pause_ms = 4'000;  // the kernel needs three seconds to give a neighbour up
constexpr std::size_t lookups_per_turn = 256;
constexpr int notice_pause_factor = 4;  // so many times as long as the last notice took, while routes are looked up
constexpr std::size_t questions_per_tick = 256;

std::int64_t now_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now().time_since_epoch()).count();
}

}  // namespace

class NeighbourWatcher::State : public std::enable_shared_from_this<NeighbourWatcher::State> {
 public:
  State(asio::io_context& io, NetlinkSocket events, KernelQuestions questions, OnChange on_change)
      : io_(io), events_(std::move(events)), questions_(std::move(questions)), on_change_(std::move(on_change)) {}

  [[nodiscard]] Result<void> begin() {
    error_code error;
    readable_.assign(events_.fd(), error);
    if (error) return failure("cannot watch the netlink socket: " + error.message());
    if (const auto read = resync(); !read) return failure_of(read);
    await_events();
    await_tick();
    return {};
  }

  void stop() {
    if (std::exchange(stopped_, true)) return;
    if (readable_.is_open()) readable_.release();  // the socket's own to close
    tick_timer_.cancel();
    sweep_timer_.cancel();
    resync_timer_.cancel();
  }

  void set_wanted(const std::set<IpAddress>& wanted) {
    if (stopped_) return;
    const std::vector<IpAddress> added = table_.set_wanted(wanted, now_ms());
    // Those already in the kernel's tables are answered on return; a flood of new ones takes a few turns.
    to_look_up_.insert(to_look_up_.begin(), added.begin(), added.end());
    look_up_some();
    ask_neighbours();
    notify_soon();
  }

  void hold() { held_ = true; }

  void go_on() {
    if (std::exchange(held_, false) && !stopped_) post_lookups();
  }

  void verify(const IpAddress& address) {
    const std::optional<NeighbourKey> key = table_.verifiable_hop(address);
    if (stopped_ || !key) return;
    const std::int64_t now = now_ms();
    const auto [last, is_first] = verified_ms_.try_emplace(*key, now);
    if (!is_first && now - last->second < verify_pause_ms) return;
    last->second = now;
    questions_.verify(*key);
  }

  [[nodiscard]] const NextHopTable& table() const noexcept { return table_; }

 private:
  void await_events() {
    readable_.async_wait(asio::posix::stream_descriptor::wait_read, [weak = weak_from_this()](const error_code& error) {
      const auto self = weak.lock();
      if (error || !self || self->stopped_) return;
      self->receive_events();
      self->await_events();
    });
  }

  void receive_events() {
    const int error = events_.receive([this](const nlmsghdr* header) { on_event(header); });
    // Anything but "no more" means that events may be missing: read everything again.
    if (error != 0 && error != EAGAIN) resync_soon();
    ask_neighbours();
    notify_soon();
  }

  void on_event(const nlmsghdr* header) {
    const std::int64_t now = now_ms();
    switch (header->nlmsg_type) {
      case RTM_NEWNEIGH:
        if (const auto neighbour = neighbour_of(header)) table_.set_neighbour(*neighbour, now);
        break;
      case RTM_DELNEIGH:
        if (const auto neighbour = neighbour_of(header)) table_.remove_neighbour(neighbour->key, now);
        break;
      case RTM_NEWLINK:
        if (const auto link = link_of(header); link && table_.set_link(*link, now)) sweep_soon();
        break;
      case RTM_DELLINK:
        if (const auto link = link_of(header); link && table_.remove_link(link->index, now)) sweep_soon();
        break;
      default:
        sweep_soon();  // routes, addresses, rules, next hop objects
    }
  }

  [[nodiscard]] Result<void> resync() {
    const auto facts = questions_.all_links_and_neighbours();
    if (!facts) return failure_of(facts);
    table_.replace_facts(facts->links, facts->neighbours, now_ms());
    sweep_soon();
    return {};
  }

  void resync_soon() {
    if (std::exchange(resync_pending_, true)) return;
    resync_timer_.expires_after(std::chrono::milliseconds(resync_pause_ms));
    resync_timer_.async_wait([weak = weak_from_this()](const error_code& cancelled) {
      const auto self = weak.lock();
      if (cancelled || !self || self->stopped_) return;
      self->resync_pending_ = false;
      if (!self->resync()) self->resync_soon();
      self->ask_neighbours();
      self->notify_soon();
    });
  }

  // Looks all routes up again, at once unless that was done just now.
  void sweep_soon() {
    if (std::exchange(sweep_pending_, true)) return;
    sweep_timer_.expires_after(
        std::chrono::milliseconds(std::max<std::int64_t>(swept_ms_ + sweep_pause_ms - now_ms(), 0)));
    sweep_timer_.async_wait([weak = weak_from_this()](const error_code& cancelled) {
      const auto self = weak.lock();
      if (cancelled || !self || self->stopped_) return;
      self->sweep_pending_ = false;
      self->sweep();
    });
  }

  void sweep() {
    swept_ms_ = now_ms();
    const std::vector<IpAddress> all = table_.wanted();
    to_look_up_.assign(all.begin(), all.end());
    look_up_some();
    ask_neighbours();
    notify_soon();
  }

  void look_up_some() {
    for (std::size_t count = 0; count < lookups_per_turn && !to_look_up_.empty(); ++count) {
      look_up(to_look_up_.front());
      to_look_up_.pop_front();
    }
    post_lookups();
  }

  void post_lookups() {
    if (held_ || to_look_up_.empty() || std::exchange(lookups_posted_, true)) return;
    asio::post(io_, [weak = weak_from_this()] {
      const auto self = weak.lock();
      if (!self || self->stopped_) return;
      self->lookups_posted_ = false;
      self->look_up_some();
      self->ask_neighbours();
      self->notify_soon();
    });
  }

  void look_up(const IpAddress& address) {
    const std::optional<Route> route = questions_.route_to(address);
    if (!route) return resync_soon();  // that looks all routes up again
    table_.set_route(address, *route, now_ms());
  }

  void await_tick() {
    tick_timer_.expires_after(std::chrono::milliseconds(tick_ms));
    tick_timer_.async_wait([weak = weak_from_this()](const error_code& cancelled) {
      const auto self = weak.lock();
      if (cancelled || !self || self->stopped_) return;
      self->tick();
      self->await_tick();
    });
  }

  void tick() {
    const std::int64_t now = now_ms();
    table_.tick(now);
    questions_left_ = questions_per_tick;
    ask_neighbours();
    if (now - swept_ms_ >= sweep_anyway_ms) sweep_soon();
    std::erase_if(verified_ms_, [now](const auto& last) { return now - last.second >= verify_pause_ms; });
    notify_soon();
  }

  void ask_neighbours() {
    const std::vector<NextHopTable::Question> due = table_.take_questions(now_ms(), questions_left_);
    questions_left_ -= due.size();
    for (const NextHopTable::Question& question : due) questions_.resolve(question);
  }

  void notify_soon() {
    std::vector<IpAddress> changes = table_.take_changes();
    changed_.insert(changes.begin(), changes.end());
    if (changed_.empty() || notice_posted_) return;
    // While routes are looked up there is more to tell after each turn, and to be told is work over all backends.
    if (!to_look_up_.empty() && Clock::now() < no_notice_before_) return;
    notice_posted_ = true;
    asio::post(io_, [weak = weak_from_this()] {
      const auto self = weak.lock();
      if (!self) return;
      self->notice_posted_ = false;
      const std::set<IpAddress> changed = std::exchange(self->changed_, {});
      if (self->stopped_) return;
      const auto began = Clock::now();
      self->on_change_({changed.begin(), changed.end()});
      self->no_notice_before_ = Clock::now() + notice_pause_factor * (Clock::now() - began);
    });
  }

  asio::io_context& io_;
  NetlinkSocket events_;
  KernelQuestions questions_;
  const OnChange on_change_;
  asio::posix::stream_descriptor readable_{io_};
  asio::steady_timer tick_timer_{io_};
  asio::steady_timer sweep_timer_{io_};
  asio::steady_timer resync_timer_{io_};
  NextHopTable table_;
  std::deque<IpAddress> to_look_up_;
  std::map<NeighbourKey, std::int64_t> verified_ms_;
  std::set<IpAddress> changed_;
  std::size_t questions_left_ = questions_per_tick;
  Clock::time_point no_notice_before_;
  std::int64_t swept_ms_ = 0;
  bool sweep_pending_ = false;
  bool resync_pending_ = false;
  bool lookups_posted_ = false;
  bool held_ = false;
  bool notice_posted_ = false;
  bool stopped_ = false;
};

Result<std::unique_ptr<NeighbourWatcher>> NeighbourWatcher::open(asio::io_context& io, OnChange on_change) {
  auto events =
      NetlinkSocket::open({RTNLGRP_LINK, RTNLGRP_NEIGH, RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR, RTNLGRP_IPV4_ROUTE,
                           RTNLGRP_IPV6_ROUTE, RTNLGRP_IPV4_RULE, RTNLGRP_IPV6_RULE, RTNLGRP_NEXTHOP});
  if (!events) return failure_of(events);
  auto questions = KernelQuestions::open();
  if (!questions) return failure_of(questions);
  auto state = std::make_shared<State>(io, std::move(*events), std::move(*questions), std::move(on_change));
  std::unique_ptr<NeighbourWatcher> watcher(new NeighbourWatcher(state));
  if (const auto begun = state->begin(); !begun) return failure_of(begun);
  return watcher;
}

NeighbourWatcher::NeighbourWatcher(std::shared_ptr<State> state) : state_(std::move(state)) {}
NeighbourWatcher::~NeighbourWatcher() { stop(); }

void NeighbourWatcher::set_wanted(const std::set<IpAddress>& wanted) { state_->set_wanted(wanted); }
std::optional<NextHop> NeighbourWatcher::find(const IpAddress& address) const { return state_->table().find(address); }
std::string NeighbourWatcher::why_unresolved(const IpAddress& address) const {
  return state_->table().why_unresolved(address);
}
bool NeighbourWatcher::undecided(const IpAddress& address) const { return state_->table().undecided(address); }
void NeighbourWatcher::verify(const IpAddress& address) { state_->verify(address); }
void NeighbourWatcher::hold() { state_->hold(); }
void NeighbourWatcher::go_on() { state_->go_on(); }
void NeighbourWatcher::stop() { state_->stop(); }

}  // namespace guideway
