// SPDX-License-Identifier: Apache-2.0
// The world's story as JSON lines, for tests/oracle/sim_model.py to tell the same story independently.
#include <cstring>
#include <map>

#include "dataplane/net/endian.hh"
#include "ebpf/abi/snapshot.h"
#include "tests/sim/world.hh"

namespace guideway::sim {

void World::trace_start() {
  if (!trace_.is_open()) return;
  const ServiceConfig& service = config_.services[0];
  const bool follows = service.protocol == Protocol::udp || service.scheduler == Scheduler::round_robin;
  const auto ticks = [](std::uint32_t ms) { return (std::uint64_t{ms} * GW_TICKS_PER_SECOND + 999) / 1000; };
  trace_ << R"({"op":"start","hash_key":")";
  for (const std::uint8_t byte : config_.hash_key) {
    const char* const digits = "0123456789abcdef";
    trace_ << digits[byte >> 4U] << digits[byte & 15U];
  }
  trace_ << R"(","scheduler":")" << (service.scheduler == Scheduler::maglev ? "maglev" : "round-robin")
         << R"(","follows":)" << (follows ? "true" : "false") << R"(,"remembers_nothing":false,"idle":)"
         << ticks(service.idle_timeout_ms) << R"(,"opening":)" << ticks(service.opening_timeout_ms) << R"(,"closing":)"
         << ticks(service.closing_timeout_ms) << R"(,"policy":"drop"})" << '\n';
}

void World::trace_tables(const Compiled& compiled) {
  if (!trace_.is_open()) return;
  const std::vector<std::byte>& wire = *compiled.tables.at(0).bytes;
  std::vector<gw_slot> slots((wire.size() - sizeof(gw_table_header)) / sizeof(gw_slot));
  std::memcpy(slots.data(), wire.data() + sizeof(gw_table_header), slots.size() * sizeof(gw_slot));
  trace_ << R"({"op":"table","slots":[)";
  for (std::size_t i = 0; i < slots.size(); ++i)
    trace_ << (i == 0 ? "[" : ",[") << slots[i].current_backend << ',' << slots[i].home_backend << ']';
  trace_ << "]}\n";
}

void World::trace_packet(const gw_flow_key& key, std::uint8_t tcp_flags, const Packet& packet) {
  if (!trace_.is_open()) return;
  const auto address = [](const __u8* bytes) {
    return std::to_string(bytes[0]) + '.' + std::to_string(bytes[1]) + '.' + std::to_string(bytes[2]) + '.' +
           std::to_string(bytes[3]);
  };
  trace_ << R"({"op":"packet","src":")" << address(key.source) << R"(","dst":")" << address(key.destination)
         << R"(","sport":)" << be16::from_raw(key.source_port_be16).host() << R"(,"dport":)"
         << be16::from_raw(key.destination_port_be16).host() << R"(,"proto":)" << unsigned{key.protocol}
         << R"(,"flags":)" << unsigned{tcp_flags} << R"(,"now":)" << now_ticks_ << R"(,"exit":)"
         << unsigned{packet.exit} << R"(,"backend":)" << packet.backend << "}\n";
}

}  // namespace guideway::sim
