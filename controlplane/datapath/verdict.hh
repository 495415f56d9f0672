// SPDX-License-Identifier: Apache-2.0
// Which datapath serves a network device, and what keeps the others from it. No fact is looked for here.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "controlplane/datapath/facts.hh"

namespace guideway {

// xdp_untold: native or generic; this kernel does not tell which before it is tried.
enum class Server { dpdk, xdp_native, xdp_generic, xdp_untold, nothing };

[[nodiscard]] std::string_view name_of(Server server);
[[nodiscard]] bool is_xdp(Server server);

struct Verdict {
  Server server = Server::nothing;
  std::string command;  // what to run; empty if nothing serves it
  // Each a clause with its remedy. A list is empty where nothing is missing.
  std::vector<std::string> missing_for_dpdk;
  std::vector<std::string> missing_for_native;
  std::vector<std::string> missing_for_xdp;  // for any of it
  std::vector<std::string> notes;            // what does not decide, but matters before packets flow
};

[[nodiscard]] Verdict judge(const HostFacts& host, const NicFacts& nic);

}  // namespace guideway
