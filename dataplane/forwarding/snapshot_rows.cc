// SPDX-License-Identifier: Apache-2.0
#include "dataplane/forwarding/snapshot_rows.hh"

#include <algorithm>
#include <cstring>

#include "dataplane/base/number.hh"
#include "dataplane/net/endian.hh"
#include "ebpf/abi/source.h"

namespace guideway {
namespace {

// How a row is called in a refusal; written out only there, since a snapshot has tens of thousands of rows.
struct RowName {
  std::string_view kind;
  std::uint32_t position = 0;
  [[gnu::cold]] friend std::string operator+(RowName row, std::string_view field) {
    return std::string(row.kind) + "[" + number(row.position) + "]." + std::string(field);
  }
};

bool is_family(std::uint8_t family) { return family == GW_FAMILY_IPV4 || family == GW_FAMILY_IPV6; }

// Whether nothing is set behind the first `bits` of an address.
inline bool has_no_host_bits(const std::uint8_t* address, std::uint8_t family, std::uint32_t bits) {
  gw_source whole;
  std::memcpy(whole.words, address, sizeof whole.words);
  const gw_source masked = gw_mask_source(address, family, bits);
  return masked.words[0] == whole.words[0] && masked.words[1] == whole.words[1];
}

Result<void> check_key(const gw_service& row, const RowName& name) {
  const gw_service_key& key = row.key;
  if (!is_family(key.family)) return wrong_field(name + "key.family", key.family, "4 or 6");
  if (key.protocol != 6 && key.protocol != 17) return wrong_field(name + "key.protocol", key.protocol, "6 or 17");
  if (key.prefix_bits > gw_address_bits(key.family))
    return wrong_field(name + "key.prefix_bits", key.prefix_bits, "at most " + number(gw_address_bits(key.family)));
  if (!has_no_host_bits(key.address, key.family, key.prefix_bits))
    return failure(name + "key.address has bits behind its prefix_bits of " + number(key.prefix_bits));
  if (std::any_of(std::begin(key.zero), std::end(key.zero), [](std::uint8_t byte) { return byte != 0; }))
    return failure(name + "key.zero is not zero");
  const std::uint16_t port = be16::from_raw(key.port_be16).host();
  if (row.port_last != 0 && (port == 0 || row.port_last <= port))
    return wrong_field(name + "port_last", row.port_last, "0, or above the first port " + number(port));
  return {};
}

Result<void> check_limits(const gw_service& row, const RowName& name) {
  for (const std::uint32_t value : {row.flow_rate, row.flow_burst, row.source_flow_rate, row.source_flow_burst}) {
    if (value > GW_FLOW_RATE_MAX) return wrong_field(name + "*flow_*", value, "at most " + number(GW_FLOW_RATE_MAX));
  }
  if ((row.flow_rate == 0) != (row.flow_burst == 0))
    return wrong_field(name + "flow_burst", row.flow_burst, "0 exactly if flow_rate is 0");
  if ((row.source_flow_rate == 0) != (row.source_flow_burst == 0))
    return wrong_field(name + "source_flow_burst", row.source_flow_burst, "0 exactly if source_flow_rate is 0");
  if (row.source_flow_rate != 0 &&
      (row.limit_source_bits == 0 || row.limit_source_bits > gw_address_bits(row.key.family)))
    return wrong_field(name + "limit_source_bits", row.limit_source_bits,
                       "1 to " + number(gw_address_bits(row.key.family)));
  return {};
}

Result<void> check_choice(const gw_service& row, const RowName& name) {
  if (row.scheduler >= GW_SCHEDULER_COUNT)
    return wrong_field(name + "scheduler", row.scheduler, "below " + number(GW_SCHEDULER_COUNT));
  if (row.policy >= GW_POLICY_COUNT)
    return wrong_field(name + "policy", row.policy, "below " + number(GW_POLICY_COUNT));
  if ((row.flags & ~GW_SERVICE_FLAGS) != 0) return wrong_field(name + "flags", row.flags, "known flags only");
  if (row.scheduler == GW_SCHEDULER_SOURCE &&
      (row.source_bits == 0 || row.source_bits > gw_address_bits(row.key.family)))
    return wrong_field(name + "source_bits", row.source_bits, "1 to " + number(gw_address_bits(row.key.family)));
  if (row.dscp > 63) return wrong_field(name + "dscp", row.dscp, "at most 63");
  if (row.access_list > GW_ACCESS_LISTS_MAX)
    return wrong_field(name + "access_list", row.access_list, "at most " + number(GW_ACCESS_LISTS_MAX));
  constexpr std::uint32_t ticks_max = GW_IDLE_TIMEOUT_SECONDS_MAX * GW_TICKS_PER_SECOND;
  for (const std::uint32_t ticks : {row.idle_ticks, row.opening_ticks, row.closing_ticks}) {
    if (ticks == 0 || ticks > ticks_max) return wrong_field(name + "*_ticks", ticks, "1 to " + number(ticks_max));
  }
  return {};
}

}  // namespace

tl::unexpected<Error> wrong_field(std::string_view what, std::uint64_t value, std::string_view expected) {
  return failure(std::string(what) + " is " + number(value) + ", expected " + std::string(expected));
}

Result<void> check_service(const gw_service& row, std::uint32_t position, std::uint32_t table_count,
                           const Capacities& capacities) {
  const RowName name{"service", position};
  if (auto checked = check_key(row, name); !checked) return checked;
  if (row.id >= capacities.services_max)
    return wrong_field(name + "id", row.id, "below this datapath's capacity of " + number(capacities.services_max));
  if (row.table >= table_count) return wrong_field(name + "table", row.table, "below " + number(table_count));
  if (auto checked = check_choice(row, name); !checked) return checked;
  return check_limits(row, name);
}

Result<void> check_backend(const gw_backend& row, std::uint32_t position, const Capacities& capacities) {
  const RowName name{"backend", position};
  if (row.index >= capacities.backends_max)
    return wrong_field(name + "index", row.index,
                       "below this datapath's capacity of " + number(capacities.backends_max));
  if (row.forward >= GW_FORWARD_COUNT)
    return wrong_field(name + "forward", row.forward, "below " + number(GW_FORWARD_COUNT));
  if (!is_family(row.family)) return wrong_field(name + "family", row.family, "4 or 6");
  if ((row.flags & ~GW_BACKEND_FLAGS) != 0) return wrong_field(name + "flags", row.flags, "known flags only");
  if (row.vlan > 4094) return wrong_field(name + "vlan", row.vlan, "at most 4094");
  const bool is_ipv4 = row.family == GW_FAMILY_IPV4;
  if (row.outer_source_bits > gw_address_bits(row.family) || (!is_ipv4 && row.outer_source_bits < 64))
    return wrong_field(name + "outer_source_bits", row.outer_source_bits, is_ipv4 ? "at most 32" : "64 to 128");
  if (!has_no_host_bits(row.outer_source, row.family, row.outer_source_bits))
    return failure(name + "outer_source has bits behind its outer_source_bits of " + number(row.outer_source_bits));
  const bool is_gue = row.forward == GW_FORWARD_GUE || row.forward == GW_FORWARD_GUE_DIRECT;
  if (is_gue && (row.tunnel_id == 0 || row.tunnel_id > 65535))
    return wrong_field(name + "tunnel_id", row.tunnel_id, "a UDP port");
  return {};
}

Result<void> check_access_prefix(const gw_access_prefix& row, std::uint32_t position) {
  const RowName name{"access_prefix", position};
  if (row.list == 0 || row.list > GW_ACCESS_LISTS_MAX)
    return wrong_field(name + "list", row.list, "1 to " + number(GW_ACCESS_LISTS_MAX));
  if (!is_family(row.family)) return wrong_field(name + "family", row.family, "4 or 6");
  if (row.bits > gw_address_bits(row.family))
    return wrong_field(name + "bits", row.bits, "at most " + number(gw_address_bits(row.family)));
  if (row.allows > 1) return wrong_field(name + "allows", row.allows, "0 or 1");
  if (!has_no_host_bits(row.address, row.family, row.bits))
    return failure(name + "address has bits behind its prefix of " + number(row.bits));
  return {};
}

}  // namespace guideway
