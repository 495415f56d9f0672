// SPDX-License-Identifier: Apache-2.0
#include "controlplane/neighbours/neighbour_watcher.hh"

#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <deque>
#include <map>
#include <utility>

#include "controlplane/neighbours/netlink_messages.hh"
#include "controlplane/neighbours/netlink_socket.hh"
#include "controlplane/neighbours/next_hop_table.hh"
#include "dataplane/base/unique_fd.hh"

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
constexpr std::size_t questions_per_tick = 256;
constexpr int dump_attempts = 4;

std::int64_t now_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now().time_since_epoch()).count();
}

// The kernel tells some kinds of IPv4 routes by the error they give.
std::string why_no_route(int error) {
  if (error == EINVAL) return "its route is a blackhole";
  if (error == EACCES) return "its route says prohibited";
  if (error == EHOSTUNREACH) return "its route says unreachable";
  return std::string("there is no route to it (") + std::strerror(error) + ")";
}

// A datagram to the discard port makes the kernel resolve what it is sent by, and needs no privilege.
void send_discarded_datagram(const IpAddress& address) {
  const bool is_ipv4 = address.family == Family::ipv4;
  const UniqueFd fd(::socket(is_ipv4 ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) return;
  constexpr std::uint16_t discard_port = 9;
  if (is_ipv4) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(discard_port);
    std::memcpy(&to.sin_addr, address.bytes.data(), 4);
    static_cast<void>(::sendto(fd.get(), nullptr, 0, MSG_DONTWAIT, reinterpret_cast<const sockaddr*>(&to), sizeof to));
  } else {
    sockaddr_in6 to{};
    to.sin6_family = AF_INET6;
    to.sin6_port = htons(discard_port);
    std::memcpy(&to.sin6_addr, address.bytes.data(), 16);
    static_cast<void>(::sendto(fd.get(), nullptr, 0, MSG_DONTWAIT, reinterpret_cast<const sockaddr*>(&to), sizeof to));
  }
}

}  // namespace

class NeighbourWatcher::State : public std::enable_shared_from_this<NeighbourWatcher::State> {
 public:
  State(asio::io_context& io, NetlinkSocket events, NetlinkSocket questions, OnChange on_change)
      : io_(io),
        events_(std::move(events)),
        questions_(std::move(questions)),
        on_change_(std::move(on_change)),
        readable_(io),
        tick_timer_(io),
        sweep_timer_(io),
        resync_timer_(io) {}

  [[nodiscard]] Result<void> begin() {
    error_code error;
    readable_.assign(events_.fd(), error);
    if (error) return failure("cannot watch the netlink socket: " + error.message());
    if (const int number = resync(); number != 0) {
      return failure(std::string("cannot read the kernel's links and neighbours: ") + std::strerror(number));
    }
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

  void verify(const IpAddress& address) {
    const std::optional<NeighbourKey> key = table_.verifiable_hop(address);
    if (stopped_ || !key) return;
    const std::int64_t now = now_ms();
    const auto [last, is_first] = verified_ms_.try_emplace(*key, now);
    if (!is_first && now - last->second < verify_pause_ms) return;
    last->second = now;
    static_cast<void>(questions_.ask(verify_neighbour(*key).get(), [](const nlmsghdr*) {}));
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

  // Reads all links and neighbours. Returns 0 or an errno.
  int resync() {
    std::vector<Link> links;
    std::vector<Neighbour> neighbours;
    int error = dump(
        ask_for_all_links,
        [&](const nlmsghdr* header) {
          if (auto link = link_of(header)) links.push_back(std::move(*link));
        },
        [&] { links.clear(); });
    if (error != 0) return error;
    error = dump(
        ask_for_all_neighbours,
        [&](const nlmsghdr* header) {
          if (auto neighbour = neighbour_of(header)) neighbours.push_back(*neighbour);
        },
        [&] { neighbours.clear(); });
    if (error != 0) return error;
    table_.replace_facts(links, neighbours, now_ms());
    sweep_soon();
    return 0;
  }

  template <typename Request, typename Clear>
  int dump(Request request, const NetlinkSocket::Handler& handler, Clear clear) {
    int error = EINTR;
    for (int attempt = 0; attempt < dump_attempts && error == EINTR; ++attempt) {
      clear();
      error = questions_.ask(request().get(), handler);
    }
    return error == EINTR ? 0 : error;  // it changes all the time; the events tell the rest
  }

  void resync_soon() {
    if (std::exchange(resync_pending_, true)) return;
    resync_timer_.expires_after(std::chrono::milliseconds(resync_pause_ms));
    resync_timer_.async_wait([weak = weak_from_this()](const error_code& cancelled) {
      const auto self = weak.lock();
      if (cancelled || !self || self->stopped_) return;
      self->resync_pending_ = false;
      if (self->resync() != 0) self->resync_soon();
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
    if (to_look_up_.empty() || std::exchange(lookups_posted_, true)) return;
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
    std::optional<Route> route;
    const int error = questions_.ask(ask_for_route(address).get(), [&route](const nlmsghdr* header) {
      if (header->nlmsg_type == RTM_NEWROUTE) route = route_of(header);
    });
    if (error == EAGAIN || error == ENOBUFS || error == ENOMEM) return resync_soon();  // ours, not the route's fault
    if (error != 0 || !route) {
      route.emplace();
      route->why_not = why_no_route(error);
    }
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
    for (auto last = verified_ms_.begin(); last != verified_ms_.end();) {
      last = now - last->second >= verify_pause_ms ? verified_ms_.erase(last) : std::next(last);
    }
    notify_soon();
  }

  void ask_neighbours() {
    const std::vector<NextHopTable::Question> due = table_.take_questions(now_ms(), questions_left_);
    questions_left_ -= due.size();
    for (const NextHopTable::Question& question : due) {
      // Asked by netlink, the kernel solicits IPv6 neighbours from a link-local address only, and there may be none yet.
      const bool is_ipv6 = question.neighbour.address.family == Family::ipv6;
      if (is_ipv6 && !question.resolved) send_discarded_datagram(question.sample);
      const int error = questions_.ask(use_neighbour(question.neighbour).get(), [](const nlmsghdr*) {});
      if (error == EPERM && (!is_ipv6 || question.resolved)) send_discarded_datagram(question.sample);
    }
  }

  void notify_soon() {
    std::vector<IpAddress> changes = table_.take_changes();
    changed_.insert(changes.begin(), changes.end());
    if (changed_.empty() || std::exchange(notice_posted_, true)) return;
    asio::post(io_, [weak = weak_from_this()] {
      const auto self = weak.lock();
      if (!self) return;
      self->notice_posted_ = false;
      const std::set<IpAddress> changed = std::exchange(self->changed_, {});
      if (!self->stopped_) self->on_change_({changed.begin(), changed.end()});
    });
  }

  asio::io_context& io_;
  NetlinkSocket events_;
  NetlinkSocket questions_;
  const OnChange on_change_;
  asio::posix::stream_descriptor readable_;
  asio::steady_timer tick_timer_;
  asio::steady_timer sweep_timer_;
  asio::steady_timer resync_timer_;
  NextHopTable table_;
  std::deque<IpAddress> to_look_up_;
  std::map<NeighbourKey, std::int64_t> verified_ms_;
  std::set<IpAddress> changed_;
  std::size_t questions_left_ = questions_per_tick;
  std::int64_t swept_ms_ = 0;
  bool sweep_pending_ = false;
  bool resync_pending_ = false;
  bool lookups_posted_ = false;
  bool notice_posted_ = false;
  bool stopped_ = false;
};

Result<std::unique_ptr<NeighbourWatcher>> NeighbourWatcher::open(asio::io_context& io, OnChange on_change) {
  auto events =
      NetlinkSocket::open({RTNLGRP_LINK, RTNLGRP_NEIGH, RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR, RTNLGRP_IPV4_ROUTE,
                           RTNLGRP_IPV6_ROUTE, RTNLGRP_IPV4_RULE, RTNLGRP_IPV6_RULE, RTNLGRP_NEXTHOP});
  if (!events) return failure_of(events);
  auto questions = NetlinkSocket::open({});
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
void NeighbourWatcher::stop() { state_->stop(); }

}  // namespace guideway
