// SPDX-License-Identifier: Apache-2.0
// What the watcher asks of the kernel, question by question. The kernel answers within the call; nothing waits.
#pragma once

#include <optional>
#include <utility>
#include <vector>

#include "controlplane/neighbours/kernel_facts.hh"
#include "controlplane/neighbours/netlink_messages.hh"
#include "controlplane/neighbours/netlink_socket.hh"
#include "controlplane/neighbours/next_hop_table.hh"
#include "dataplane/base/result.hh"

namespace guideway {

class KernelQuestions {
 public:
  [[nodiscard]] static Result<KernelQuestions> open();

  struct Facts {
    std::vector<Link> links;
    std::vector<Neighbour> neighbours;
  };
  [[nodiscard]] Result<Facts> all_links_and_neighbours();
  // Where the kernel would send a packet; nothing if that could not be found out for a reason of our own.
  [[nodiscard]] std::optional<Route> route_to(const IpAddress& address);
  // Makes the kernel resolve the neighbour, or verify it if it is stale.
  void resolve(const NextHopTable::Question& question);
  // Makes the kernel verify the neighbour at once.
  void verify(const NeighbourKey& key);

 private:
  explicit KernelQuestions(NetlinkSocket socket) : socket_(std::move(socket)) {}
  // Returns 0 or an errno.
  template <typename Fact>
  [[nodiscard]] int dump(NetlinkMessage (*request)(), std::optional<Fact> (*fact_of)(const nlmsghdr*),
                         std::vector<Fact>& facts);

  NetlinkSocket socket_;
};

}  // namespace guideway
