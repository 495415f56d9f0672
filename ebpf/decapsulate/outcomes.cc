// SPDX-License-Identifier: Apache-2.0
// The table of outcomes.
#include "ebpf/decapsulate/outcomes.hh"

namespace guideway::decapsulate {

const std::array<Outcome, GW_DECAPSULATE_OUTCOMES>& outcomes() {
  static constexpr std::array<Outcome, GW_DECAPSULATE_OUTCOMES> table{{
      {"decapsulated_ipip", "inner packets of IP-in-IP, given to the kernel"},
      {"decapsulated_gue", "inner packets of GUE, given to the kernel"},
      {"decapsulated_gre", "inner packets of GRE, given to the kernel"},
      {"restored_l3dsr", "packets of l3dsr, given the service address by their DSCP"},
      {"kernel_not_tunnel", "everything that is not in a tunnel of ours, nor marked by a DSCP of ours"},
      {"kernel_source", "in a tunnel, but from a source that is not allowed"},
      {"kernel_fragment", "fragments of outer packets; the balancer sends none"},
      {"kernel_gre_key", "GRE whose key is not --gre-key"},
      {"kernel_dscp_address", "a service's DSCP, but the destination is not --local"},
      {"kernel_dscp_family", "a service's DSCP, but --dscp names no address of this family"},
      {"kernel_dscp_invalid", "a service's DSCP, but headers impossible or cut short"},
      {"drop_outer_invalid", "outer IP header impossible"},
      {"drop_outer_truncated", "frame shorter than the outer IP header says"},
      {"drop_outer_checksum", "outer IPv4 header checksum wrong"},
      {"drop_tunnel_header", "GUE or GRE header impossible, or with options that are not understood"},
      {"drop_inner_invalid", "inner IP header impossible"},
      {"drop_inner_truncated", "inner packet longer than what the tunnel carried"},
      {"drop_double_tunnel", "the inner packet is a tunnel's again"},
      {"drop_ecn", "outer packet marked as congested, inner flow does not know such marks (RFC 6040)"},
      {"drop_rewrite_failed", "the kernel refused to take the headers off"},
  }};
  return table;
}

}  // namespace guideway::decapsulate
