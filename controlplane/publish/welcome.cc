// SPDX-License-Identifier: Apache-2.0
#include "controlplane/publish/welcome.hh"

#include <string>

#include "controlplane/publish/read_message.hh"

namespace guideway {
namespace {

using door::text_of;

bool capacities_are_possible(const door::Welcome& welcome) {
  return welcome.services_max >= 1 && welcome.services_max <= GW_SERVICES_MAX && welcome.backends_max >= 1 &&
         welcome.backends_max <= GW_BACKENDS_MAX && welcome.worker_count >= 1 &&
         welcome.worker_count <= GW_WORKERS_MAX && welcome.port_count <= GW_PORTS_MAX &&
         welcome.health_bytes == std::uint64_t{welcome.backends_max} * sizeof(std::uint64_t);
}

}  // namespace

Result<Datapath> read_welcome(const door::Welcome& welcome) {
  if (welcome.abi_version != GW_ABI_VERSION) {
    return failure("the datapath was built for ABI version " + std::to_string(welcome.abi_version) +
                   ", guidewayd for version " + std::to_string(GW_ABI_VERSION) + "; install the same release of both");
  }
  if (!capacities_are_possible(welcome)) return failure("the datapath says impossible things of its own size");
  Datapath datapath;
  datapath.name = text_of(welcome.datapath);
  datapath.process_id = welcome.process_id;
  datapath.generation = welcome.generation;
  datapath.capacities = {welcome.services_max, welcome.backends_max, welcome.flows_max};
  datapath.worker_count = welcome.worker_count;
  for (std::uint32_t i = 0; i < welcome.port_count; ++i) {
    const door::PortDescription& port = welcome.ports[i];
    if (port.number >= GW_PORTS_MAX) return failure("the datapath names port " + std::to_string(port.number));
    datapath.ports.push_back(
        {port.number, text_of(port.name), text_of(port.kernel_face), MacAddress{port.mac}, port.mtu_bytes});
  }
  return datapath;
}

}  // namespace guideway
