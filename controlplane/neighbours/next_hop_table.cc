// SPDX-License-Identifier: Apache-2.0
#include "controlplane/neighbours/next_hop_table.hh"

#include <algorithm>
#include <limits>
#include <tuple>
#include <utility>

namespace guideway {
namespace {

// How long an address may be unresolved before that counts as an answer, and a vanished neighbour is still believed.
constexpr std::int64_t doubt_ms = 1500;
constexpr std::int64_t belief_ms = 1000;
constexpr std::int64_t unresolved_pause_ms = 1000;
constexpr std::int64_t stale_pause_lowest_ms = 15'000;

NeighbourKey hop_of(const IpAddress& address, const Route& route) {
  return {route.link, route.gateway.value_or(address)};
}

}  // namespace

std::vector<IpAddress> NextHopTable::set_wanted(const std::set<IpAddress>& wanted, std::int64_t now_ms) {
  for (auto known = wanted_.begin(); known != wanted_.end();) {
    if (wanted.contains(known->first)) {
      ++known;
      continue;
    }
    leave_hop(known->first, known->second);
    changed_.erase(known->first);
    known = wanted_.erase(known);
  }
  std::vector<IpAddress> added;
  for (const IpAddress& address : wanted) {
    const auto [entry, is_new] = wanted_.try_emplace(address);
    if (!is_new) continue;
    entry->second.since_ms = now_ms;
    entry->second.why_unresolved = "its route has not been looked up yet";
    added.push_back(address);
  }
  return added;
}

std::vector<IpAddress> NextHopTable::wanted() const {
  std::vector<IpAddress> addresses;
  addresses.reserve(wanted_.size());
  for (const auto& [address, entry] : wanted_) addresses.push_back(address);
  return addresses;
}

void NextHopTable::set_route(const IpAddress& address, const Route& route, std::int64_t now_ms) {
  const auto found = wanted_.find(address);
  if (found == wanted_.end() || found->second.route == route) return;
  Wanted& entry = found->second;
  leave_hop(address, entry);
  entry.route = route;
  if (route.link != 0) hops_[hop_of(address, route)].users.insert(address);
  evaluate(address, entry, now_ms);
}

bool NextHopTable::set_link(const Link& link, std::int64_t now_ms) {
  Link& known = links_[link.index];
  if (known == link) return false;
  known = link;
  evaluate_all(now_ms);
  return true;
}

bool NextHopTable::remove_link(int index, std::int64_t now_ms) {
  if (links_.erase(index) == 0) return false;
  evaluate_all(now_ms);
  return true;
}

void NextHopTable::set_neighbour(const Neighbour& neighbour, std::int64_t now_ms) {
  neighbours_[neighbour.key] = neighbour;
  evaluate_users(neighbour.key, now_ms);
}

void NextHopTable::remove_neighbour(const NeighbourKey& key, std::int64_t now_ms) {
  if (neighbours_.erase(key) > 0) evaluate_users(key, now_ms);
}

bool NextHopTable::replace_facts(const std::vector<Link>& links, const std::vector<Neighbour>& neighbours,
                                 std::int64_t now_ms) {
  const std::map<int, Link> links_before = std::exchange(links_, {});
  for (const Link& link : links) links_[link.index] = link;
  neighbours_.clear();
  for (const Neighbour& neighbour : neighbours) neighbours_[neighbour.key] = neighbour;
  evaluate_all(now_ms);
  return links_ != links_before;
}

void NextHopTable::tick(std::int64_t now_ms) {
  for (auto& [address, entry] : wanted_) {
    if (!entry.decided || entry.believed_until_ms) evaluate(address, entry, now_ms);
  }
}

std::optional<NextHop> NextHopTable::find(const IpAddress& address) const {
  const auto found = wanted_.find(address);
  return found == wanted_.end() ? std::nullopt : found->second.next_hop;
}

std::string NextHopTable::why_unresolved(const IpAddress& address) const {
  const auto found = wanted_.find(address);
  return found == wanted_.end() ? "it is not watched" : found->second.why_unresolved;
}

bool NextHopTable::undecided(const IpAddress& address) const {
  const auto found = wanted_.find(address);
  return found != wanted_.end() && !found->second.decided;
}

std::optional<NeighbourKey> NextHopTable::verifiable_hop(const IpAddress& address) const {
  const auto found = wanted_.find(address);
  if (found == wanted_.end() || !found->second.route || found->second.route->link == 0) return std::nullopt;
  const NeighbourKey key = hop_of(address, *found->second.route);
  const auto neighbour = neighbours_.find(key);
  if (neighbour == neighbours_.end()) return std::nullopt;
  const NeighbourState state = neighbour->second.state;
  if (state == NeighbourState::unresolved || state == NeighbourState::permanent) return std::nullopt;
  return key;
}

std::vector<IpAddress> NextHopTable::take_changes() {
  std::vector<IpAddress> changes(changed_.begin(), changed_.end());
  changed_.clear();
  return changes;
}

std::vector<NextHopTable::Question> NextHopTable::take_questions(std::int64_t now_ms, std::size_t count_max) {
  struct DueHop {
    std::int64_t asked_ms = 0;
    const NeighbourKey* key = nullptr;
    Hop* hop = nullptr;
  };
  std::vector<DueHop> due;
  for (auto& [key, hop] : hops_) {
    const std::optional<std::int64_t> pause = pause_ms(key, hop);
    if (!pause) continue;
    if (hop.asked_ms && now_ms - *hop.asked_ms < *pause) continue;
    // Flows hang on those that are merely believed; then come those never asked.
    constexpr std::int64_t first = std::numeric_limits<std::int64_t>::min();
    due.push_back({hop.believed ? first : hop.asked_ms.value_or(first + 1), &key, &hop});
  }
  const std::size_t count = std::min(count_max, due.size());
  std::partial_sort(due.begin(), due.begin() + static_cast<std::ptrdiff_t>(count), due.end(),
                    [](const DueHop& left, const DueHop& right) {
                      return std::tie(left.asked_ms, *left.key) < std::tie(right.asked_ms, *right.key);
                    });
  due.resize(count);
  std::vector<Question> questions;
  for (const DueHop& next : due) {
    next.hop->asked_ms = now_ms;
    next.hop->believed = false;
    const auto neighbour = neighbours_.find(*next.key);
    const bool resolved = neighbour != neighbours_.end() && neighbour->second.state != NeighbourState::unresolved;
    questions.push_back({*next.key, *next.hop->users.begin(), resolved});
  }
  return questions;
}

// How long to wait between questions about a hop; nothing: it needs none.
std::optional<std::int64_t> NextHopTable::pause_ms(const NeighbourKey& key, const Hop& hop) const {
  const auto link = links_.find(key.link);
  if (link == links_.end() || !link->second.running || !link->second.resolves) return std::nullopt;
  const auto neighbour = neighbours_.find(key);
  const NeighbourState state = neighbour == neighbours_.end() ? NeighbourState::unresolved : neighbour->second.state;
  if (state == NeighbourState::unresolved) return hop.believed ? 0 : unresolved_pause_ms;
  if (state != NeighbourState::stale) return std::nullopt;
  // By address, so that what grew stale together is not asked together.
  std::uint32_t spread = 0;
  for (const std::uint8_t byte : key.address.bytes) spread = spread * 31 + byte;
  return stale_pause_lowest_ms + spread % 15'000;
}

void NextHopTable::evaluate(const IpAddress& address, Wanted& wanted, std::int64_t now_ms) {
  const std::optional<NextHop> before = wanted.next_hop;
  wanted.next_hop = resolve(address, wanted, now_ms);
  const bool no_doubt = wanted.next_hop || (wanted.route && wanted.route->link == 0);
  const bool decided = wanted.decided || no_doubt || now_ms - wanted.since_ms >= doubt_ms;
  if (wanted.next_hop != before || decided != wanted.decided) changed_.insert(address);
  wanted.decided = decided;
}

std::optional<NextHop> NextHopTable::resolve(const IpAddress& address, Wanted& wanted, std::int64_t now_ms) {
  const auto unresolved = [&wanted](std::string why) {
    wanted.why_unresolved = std::move(why);
    wanted.believed_until_ms.reset();
    return std::nullopt;
  };
  if (!wanted.route) return std::nullopt;
  const Route& route = *wanted.route;
  if (route.link == 0) return unresolved(route.why_not);
  const auto link = links_.find(route.link);
  if (link == links_.end()) return unresolved("its route leads to an interface that is gone");
  const std::string& name = link->second.name;
  if (!link->second.running) return unresolved("interface " + name + " is down");
  if (!link->second.resolves) {
    return unresolved("its route leads to interface " + name + ", where no neighbour has a MAC address");
  }
  const NeighbourKey key = hop_of(address, route);
  const auto neighbour = neighbours_.find(key);
  if (neighbour == neighbours_.end() || neighbour->second.state == NeighbourState::unresolved) {
    return believe(key, wanted, now_ms);
  }
  wanted.why_unresolved.clear();
  wanted.believed_until_ms.reset();
  const std::uint32_t mtu_bytes =
      route.mtu_bytes == 0 ? link->second.mtu_bytes : std::min(route.mtu_bytes, link->second.mtu_bytes);
  NextHop hop{name,
              neighbour->second.mac,
              link->second.mac,
              route.preferred_source,
              static_cast<std::uint16_t>(std::min(mtu_bytes, 65535u)),
              key.address,
              0,
              ""};
  const auto parent = links_.find(link->second.parent);
  if (link->second.vlan != 0 && parent != links_.end()) {
    hop.vlan = link->second.vlan;
    hop.parent_interface = parent->second.name;
  }
  return hop;
}

// The kernel forgets neighbours that are alive (garbage collection, a flush): before flows are taken from a backend
// for that, it is asked once more, and the old answer stands meanwhile.
std::optional<NextHop> NextHopTable::believe(const NeighbourKey& key, Wanted& wanted, std::int64_t now_ms) {
  const std::string& name = links_.at(key.link).name;
  const bool same_hop =
      wanted.next_hop && wanted.next_hop->interface == name && wanted.next_hop->gateway_or_self == key.address;
  if (same_hop && !wanted.believed_until_ms) {
    wanted.believed_until_ms = now_ms + belief_ms;
    hops_[key].believed = true;
  }
  if (same_hop && now_ms < *wanted.believed_until_ms) return wanted.next_hop;
  wanted.believed_until_ms.reset();
  const std::string protocol = key.address.family == Family::ipv4 ? "ARP" : "neighbour discovery";
  wanted.why_unresolved = key.address.text() + " does not answer " + protocol + " on interface " + name;
  return std::nullopt;
}

void NextHopTable::evaluate_users(const NeighbourKey& key, std::int64_t now_ms) {
  const auto hop = hops_.find(key);
  if (hop == hops_.end()) return;
  for (const IpAddress& address : hop->second.users) evaluate(address, wanted_.at(address), now_ms);
}

void NextHopTable::evaluate_all(std::int64_t now_ms) {
  for (auto& [address, entry] : wanted_) evaluate(address, entry, now_ms);
}

void NextHopTable::leave_hop(const IpAddress& address, const Wanted& wanted) {
  if (!wanted.route || wanted.route->link == 0) return;
  const auto hop = hops_.find(hop_of(address, *wanted.route));
  if (hop == hops_.end()) return;
  hop->second.users.erase(address);
  if (hop->second.users.empty()) hops_.erase(hop);
}

}  // namespace guideway
