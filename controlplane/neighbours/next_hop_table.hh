// SPDX-License-Identifier: Apache-2.0
// Wanted addresses and what follows for them from the kernel's facts. Pure: facts and time (steady milliseconds) are
// handed in; the answers that changed, and the neighbours that the kernel should be asked about, are taken out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "controlplane/neighbours/kernel_facts.hh"
#include "controlplane/neighbours/next_hop.hh"

namespace guideway {

class NextHopTable {
 public:
  // Returns the new ones: their routes are to be looked up.
  std::vector<IpAddress> set_wanted(const std::set<IpAddress>& wanted, std::int64_t now_ms);
  [[nodiscard]] std::vector<IpAddress> wanted() const;

  void set_route(const IpAddress& address, const Route& route, std::int64_t now_ms);
  // Returns whether it was news: routes may have changed with it.
  bool set_link(const Link& link, std::int64_t now_ms);
  bool remove_link(int index, std::int64_t now_ms);
  void set_neighbour(const Neighbour& neighbour, std::int64_t now_ms);
  void remove_neighbour(const NeighbourKey& key, std::int64_t now_ms);
  // All facts anew, after some were missed: what is not in them is gone. Returns whether a link changed.
  bool replace_facts(const std::vector<Link>& links, const std::vector<Neighbour>& neighbours, std::int64_t now_ms);
  // Lets time pass: beliefs and benefits of doubt run out.
  void tick(std::int64_t now_ms);

  [[nodiscard]] std::optional<NextHop> find(const IpAddress& address) const;
  [[nodiscard]] std::string why_unresolved(const IpAddress& address) const;
  [[nodiscard]] bool undecided(const IpAddress& address) const;
  // The neighbour that an address is reached by, if it is one that can be verified.
  [[nodiscard]] std::optional<NeighbourKey> verifiable_hop(const IpAddress& address) const;

  // Wanted addresses whose answer changed, or was decided, since the last call.
  [[nodiscard]] std::vector<IpAddress> take_changes();

  struct Question {
    NeighbourKey neighbour;
    IpAddress sample;       // an address that is reached by it
    bool resolved = false;  // to be verified only
  };
  // Neighbours to make the kernel resolve or verify now, the longest unasked first: unresolved ones about once a
  // second, stale ones every 15 to 30 s. Those returned count as asked.
  [[nodiscard]] std::vector<Question> take_questions(std::int64_t now_ms, std::size_t count_max);

 private:
  struct Wanted {
    std::optional<Route> route;
    std::optional<NextHop> next_hop;
    std::string why_unresolved;
    std::int64_t since_ms = 0;
    bool decided = false;
    std::optional<std::int64_t> believed_until_ms;  // its neighbour vanished and is being asked again
  };
  struct Hop {
    std::set<IpAddress> users;
    std::optional<std::int64_t> asked_ms;
    bool believed = false;  // ask at once
  };

  void evaluate(const IpAddress& address, Wanted& wanted, std::int64_t now_ms);
  // Sets the next hop or the reason why there is none.
  [[nodiscard]] std::optional<NextHop> resolve(const IpAddress& address, Wanted& wanted, std::int64_t now_ms);
  [[nodiscard]] std::optional<NextHop> believe(const NeighbourKey& key, Wanted& wanted, std::int64_t now_ms);
  void evaluate_users(const NeighbourKey& key, std::int64_t now_ms);
  void evaluate_all(std::int64_t now_ms);
  void leave_hop(const IpAddress& address, const Wanted& wanted);
  [[nodiscard]] std::optional<std::int64_t> pause_ms(const NeighbourKey& key, const Hop& hop) const;

  std::map<int, Link> links_;
  std::map<NeighbourKey, Neighbour> neighbours_;
  std::map<IpAddress, Wanted> wanted_;
  std::map<NeighbourKey, Hop> hops_;
  std::set<IpAddress> changed_;
};

}  // namespace guideway
