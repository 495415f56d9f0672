// SPDX-License-Identifier: Apache-2.0
// Keeps the next hops of all wanted addresses true to the kernel's route, neighbour, link and address tables, by
// netlink on one io_context (single-threaded). What is unresolved is made to resolve (about once a second); what grew
// stale is verified now and then; a MAC that changes is followed as soon as the kernel knows. An entry that merely
// vanishes (garbage collection, a flush) is asked for again and believed for a second meanwhile.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "controlplane/neighbours/next_hop.hh"
#include "dataplane/base/result.hh"
#include "dataplane/net/address.hh"

namespace boost::asio {
class io_context;
}

namespace guideway {

class NeighbourWatcher {
 public:
  // The addresses whose answer changed since the last call; calls are coalesced and come from the io_context, never
  // from within set_wanted(). May call any method but must not destroy the watcher.
  using OnChange = std::function<void(const std::vector<IpAddress>& changed)>;

  // Opens the sockets and reads the tables once. Works without privileges, with slower probing.
  [[nodiscard]] static Result<std::unique_ptr<NeighbourWatcher>> open(boost::asio::io_context& io, OnChange on_change);
  NeighbourWatcher(const NeighbourWatcher&) = delete;
  NeighbourWatcher& operator=(const NeighbourWatcher&) = delete;
  ~NeighbourWatcher();  // stops

  // Replaces the set; what stays is not disturbed. Addresses already in the kernel's tables are resolved on return
  // (on_change names them nonetheless).
  void set_wanted(const std::set<IpAddress>& wanted);
  [[nodiscard]] std::optional<NextHop> find(const IpAddress& address) const;
  // One sentence for people; empty if the address is resolved.
  [[nodiscard]] std::string why_unresolved(const IpAddress& address) const;
  // Wanted, unresolved, and the kernel has not had about a second yet to find out. After a restart a backend that was
  // up is better left alone while this holds; on_change names the address when it ends without a next hop, too.
  [[nodiscard]] bool undecided(const IpAddress& address) const;
  // A hint that the MAC may be wrong (its check failed): makes the kernel verify it now instead of within a minute.
  void verify(const IpAddress& address);
  // Until go_on(), what set_wanted() has left of a flood of addresses is not looked up: there is something more urgent,
  // and what is found could not be used before it is done. Events are followed meanwhile.
  void hold();
  void go_on();
  // Nothing is called any more and the io_context has no work of the watcher left.
  void stop();

 private:
  class State;
  explicit NeighbourWatcher(std::shared_ptr<State> state);
  std::shared_ptr<State> state_;
};

}  // namespace guideway
