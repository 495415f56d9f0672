// SPDX-License-Identifier: Apache-2.0
// Writes the hashes of seeded random flows, by the header that both datapaths compile, for siphash_test.py to compare.
// Usage: hash_dump COUNT SEED, with 16 bytes of key on standard input; output: records of 96 bytes, the flow's 40 bytes
// of gw_flow_key, 8 of the hash, 4 of its slot among 65,537 and 4 of its third further slot among 5,000,011; then the
// hashes of its source (so many bits of it), of that source with a service and of a fragment, and what went into them.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>
#include <vector>

#include "ebpf/abi/flow_key.h"
#include "ebpf/abi/fragment.h"
#include "ebpf/abi/slot.h"
#include "ebpf/abi/source.h"

namespace {

struct Record {
  gw_flow_key flow;
  std::uint64_t hash;
  std::uint32_t slot;
  std::uint32_t probe;
  std::uint64_t source_hash;
  std::uint64_t limit_hash;
  std::uint64_t fragment_hash;
  std::uint32_t source_bits;
  std::uint32_t service_id;
  std::uint32_t identification;
  std::uint32_t zero;
};
static_assert(sizeof(Record) == 96, "siphash_test.py reads it");

void fill(std::uint8_t* bytes, std::size_t count, std::mt19937_64& random) {
  for (std::size_t i = 0; i < count; ++i) bytes[i] = static_cast<std::uint8_t>(random());
}

gw_flow_key random_flow(std::mt19937_64& random) {
  gw_flow_key flow{};
  const bool is_ipv4 = (random() & 1U) != 0;
  const std::size_t address_bytes = is_ipv4 ? 4 : 16;
  fill(flow.source, address_bytes, random);
  fill(flow.destination, address_bytes, random);
  flow.source_port_be16 = static_cast<std::uint16_t>(random());
  flow.destination_port_be16 = static_cast<std::uint16_t>(random());
  flow.protocol = (random() & 1U) != 0 ? 6 : 17;
  flow.family = is_ipv4 ? GW_FAMILY_IPV4 : GW_FAMILY_IPV6;
  return flow;
}

Record record_of(const gw_hash_key& key, std::mt19937_64& random) {
  Record record{};
  record.flow = random_flow(random);
  record.hash = gw_hash_flow(&key, &record.flow);
  record.slot = gw_scale(record.hash, GW_TABLE_SLOTS_DEFAULT);
  record.probe = gw_probe_slot(record.hash, 3, GW_TABLE_SLOTS_MAX);
  const bool is_ipv4 = record.flow.family == GW_FAMILY_IPV4;
  record.source_bits = static_cast<std::uint32_t>(random() % (is_ipv4 ? 33 : 129));
  record.service_id = static_cast<std::uint32_t>(random());
  record.identification = static_cast<std::uint32_t>(random()) & (is_ipv4 ? 0xffffU : 0xffffffffU);
  const gw_source source = gw_mask_source(record.flow.source, record.flow.family, record.source_bits);
  record.source_hash = gw_hash_source(&key, &source, record.flow.family);
  record.limit_hash = gw_hash_limit(&key, &source, record.flow.family, record.service_id);
  record.fragment_hash = gw_hash_fragment(&key, &record.flow, record.identification);
  return record;
}

}  // namespace

int main(int argc, char** argv) {
  gw_hash_key key{};
  if (argc != 3 || std::fread(&key, sizeof key, 1, stdin) != 1) {
    std::fputs("usage: hash_dump COUNT SEED < 16-byte-key\n", stderr);
    return 2;
  }
  const auto count = std::strtoull(argv[1], nullptr, 10);
  std::mt19937_64 random(std::strtoull(argv[2], nullptr, 10));
  std::vector<Record> block;
  for (std::uint64_t done = 0; done < count;) {
    block.clear();
    for (; block.size() < 4096 && done < count; ++done) block.push_back(record_of(key, random));
    if (std::fwrite(block.data(), sizeof(Record), block.size(), stdout) != block.size()) return 1;
  }
  return 0;
}
