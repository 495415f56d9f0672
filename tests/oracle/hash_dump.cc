// SPDX-License-Identifier: Apache-2.0
// Writes the hashes of seeded random flows, by the header that both datapaths compile, for siphash_test.py to compare.
// Usage: hash_dump COUNT SEED, with 16 bytes of key on standard input; output: records of 56 bytes, the flow's 40 bytes
// of gw_flow_key, 8 of the hash, 4 of its slot among 65,537 and 4 of its third further slot among 5,000,011.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>
#include <vector>

#include "ebpf/abi/flow_key.h"
#include "ebpf/abi/slot.h"

namespace {

struct Record {
  gw_flow_key flow;
  std::uint64_t hash;
  std::uint32_t slot;
  std::uint32_t probe;
};
static_assert(sizeof(Record) == 56, "siphash_test.py reads it");

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
    for (; block.size() < 4096 && done < count; ++done) {
      const gw_flow_key flow = random_flow(random);
      const std::uint64_t hash = gw_hash_flow(&key, &flow);
      block.push_back({flow, hash, gw_scale(hash, GW_TABLE_SLOTS_DEFAULT), gw_probe_slot(hash, 3, GW_TABLE_SLOTS_MAX)});
    }
    if (std::fwrite(block.data(), sizeof(Record), block.size(), stdout) != block.size()) return 1;
  }
  return 0;
}
