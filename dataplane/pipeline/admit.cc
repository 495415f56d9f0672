// SPDX-License-Identifier: Apache-2.0
// Section 2 of docs/packet-path.md, second half: who may use a service, and how fast flows may begin.
#include "dataplane/net/address.hh"
#include "dataplane/pipeline/steps.hh"
#include "ebpf/abi/source.h"

namespace guideway {
namespace {

bool is_let_in(const Packet& packet, const AccessLists& lists) noexcept {
  const gw_service& row = packet.service->row;
  return row.access_list == 0 ||
         lists.allows(row.access_list, packet.flow, (row.flags & GW_SERVICE_DENIES_BY_DEFAULT) != 0);
}

bool take_token(gw_bucket& bucket, std::uint32_t rate, std::uint32_t burst, const Admission& admission) noexcept {
  return gw_take_token(&bucket, gw_share_of_limit(rate, admission.worker_count),
                       gw_share_of_limit(burst, admission.worker_count), admission.now_ticks) != 0;
}

}  // namespace

gw_exit take_flow_tokens(const Packet& packet, const Admission& admission) noexcept {
  const gw_service& row = packet.service->row;
  if (row.source_flow_rate != 0) {
    const gw_source source = gw_mask_source(packet.flow.source, packet.flow.family, row.limit_source_bits);
    const gw_hash_key key = admission.snapshot.hash_key();
    const std::uint64_t cell = gw_hash_limit(&key, &source, packet.flow.family, row.id) % GW_LIMIT_CELLS;
    if (!take_token(admission.of_sources[cell], row.source_flow_rate, row.source_flow_burst, admission))
      return GW_EXIT_DROP_SOURCE_LIMITED;
  }
  if (row.flow_rate != 0 && !take_token(admission.of_services[row.id], row.flow_rate, row.flow_burst, admission))
    return GW_EXIT_DROP_RATE_LIMITED;
  return GW_EXIT_SENT;
}

void admit(Burst& burst, const Admission& admission) noexcept {
  for_each_active(burst, [&admission](Packet& packet) noexcept {
    if (packet.kind == PacketKind::about_flow) return GW_EXIT_SENT;
    if (!is_let_in(packet, admission.snapshot.access_lists())) return GW_EXIT_DROP_ACCESS_DENIED;
    const bool opens_tcp = packet.opens_flow && packet.flow.protocol == static_cast<std::uint8_t>(Protocol::tcp);
    return opens_tcp ? take_flow_tokens(packet, admission) : GW_EXIT_SENT;
  });
}

}  // namespace guideway
