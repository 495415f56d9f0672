// SPDX-License-Identifier: Apache-2.0
// An ICMP check: one echo request, IPv4 or IPv6, that must be answered within the timeout. It uses the kernel's ping
// socket, which needs no privilege where net.ipv4.ping_group_range lets it, else a raw one, which needs CAP_NET_RAW;
// with neither it is this machine that cannot.
#pragma once

#include <memory>

#include "controlplane/health/check_target.hh"
#include "controlplane/health/probe_result.hh"

namespace boost::asio {
class io_context;
}

namespace guideway {

[[nodiscard]] std::shared_ptr<Probe> start_icmp_probe(boost::asio::io_context& io, const CheckTarget& target,
                                                      ProbeDone done);

}  // namespace guideway
