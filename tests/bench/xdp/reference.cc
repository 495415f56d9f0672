// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/xdp/reference.hh"

#include <bpf/bpf.h>
#include <linux/bpf.h>
#include <reference.skel.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "dataplane/net/address.hh"
#include "dataplane/net/endian.hh"
#include "tests/bench/xdp/reference.h"

namespace guideway::bench {
namespace {

static_assert(GW_BENCH_REFERENCE_BACKENDS == backends_each);

std::uint32_t raw_ipv4(std::string_view text) {
  std::uint32_t raw = 0;
  std::memcpy(&raw, IpAddress::parse(text)->bytes.data(), sizeof raw);
  return raw;
}

bool put(const bpf_map* map, const void* key, const void* value) {
  return bpf_map_update_elem(bpf_map__fd(map), key, value, BPF_ANY) == 0;
}

gw_bench_reference_backend backend_at(std::uint32_t index) {
  return {.address_be32 = raw_ipv4("10.0.0." + std::to_string(index + 1)),
          .outer_source_be32 = raw_ipv4("10.1.0.1"),
          .macs = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2}};
}

}  // namespace

Result<std::unique_ptr<Reference>> Reference::load(std::uint32_t room_flows) {
  gw_bench_reference* skeleton = gw_bench_reference__open();
  if (skeleton == nullptr) return failure(std::string("the reference cannot be opened: ") + std::strerror(errno));
  auto reference = std::unique_ptr<Reference>(new Reference(skeleton));
  // As the driver, which calls it.
  bpf_program__set_expected_attach_type(skeleton->progs.balance_by_lru, static_cast<bpf_attach_type>(0));
  bpf_map__set_max_entries(skeleton->maps.flows, room_flows);
  if (gw_bench_reference__load(skeleton) != 0)
    return failure(std::string("the reference cannot be loaded: ") + std::strerror(errno));
  if (auto filled = reference->fill(); !filled) return failure_of(filled);
  return reference;
}

Reference::~Reference() { gw_bench_reference__destroy(skeleton_); }

bool Reference::serves(const Row& row) noexcept {
  return row.has_service && !row.is_ipv6 && row.traffic != Traffic::udp &&
         (row.service == ServiceKind::ipip || row.service == ServiceKind::followed);
}

int Reference::program_fd() const noexcept { return bpf_program__fd(skeleton_->progs.balance_by_lru); }

std::uint64_t Reference::flows_inserted() const noexcept { return skeleton_->bss->flows_inserted; }

Result<void> Reference::fill() const {
  bool is_filled = true;
  for (const ServiceKind kind : {ServiceKind::ipip, ServiceKind::followed}) {
    const gw_bench_service_key key{.address_be32 = raw_ipv4(ipv4_address(kind)),
                                   .port_be16 = be16(service_port).raw(),
                                   .protocol = static_cast<std::uint8_t>(Protocol::tcp)};
    const std::uint32_t is_there = 1;
    is_filled = is_filled && put(skeleton_->maps.services, &key, &is_there);
  }
  for (std::uint32_t i = 0; i < GW_BENCH_REFERENCE_BACKENDS; ++i) {
    const gw_bench_reference_backend backend = backend_at(i);
    is_filled = is_filled && put(skeleton_->maps.backends, &i, &backend);
  }
  for (std::uint32_t i = 0; i < GW_TABLE_SLOTS_DEFAULT; ++i) {
    const std::uint32_t backend = i % GW_BENCH_REFERENCE_BACKENDS;
    is_filled = is_filled && put(skeleton_->maps.slots, &i, &backend);
  }
  if (is_filled) return {};
  return failure(std::string("the reference's maps cannot be filled: ") + std::strerror(errno));
}

}  // namespace guideway::bench
