// SPDX-License-Identifier: Apache-2.0
#include "dataplane/ports/dpdk_rss.hh"

#include <rte_errno.h>
#include <rte_ethdev.h>

#include <array>
#include <cstring>

namespace guideway {
namespace {

constexpr std::uint64_t wanted_fields = RTE_ETH_RSS_IPV4 | RTE_ETH_RSS_FRAG_IPV4 | RTE_ETH_RSS_NONFRAG_IPV4_TCP |
                                        RTE_ETH_RSS_NONFRAG_IPV4_UDP | RTE_ETH_RSS_IPV6 | RTE_ETH_RSS_FRAG_IPV6 |
                                        RTE_ETH_RSS_NONFRAG_IPV6_TCP | RTE_ETH_RSS_NONFRAG_IPV6_UDP |
                                        RTE_ETH_RSS_IPV6_EX | RTE_ETH_RSS_IPV6_TCP_EX | RTE_ETH_RSS_IPV6_UDP_EX;

constexpr std::size_t key_bytes_max = 64;

// Any key without a short period spreads; this one is the output of a 64-bit linear congruential generator (Knuth's
// MMIX constants), so that it is the same on every machine.
std::array<std::uint8_t, key_bytes_max> make_key() {
  std::array<std::uint8_t, key_bytes_max> key{};
  std::uint64_t state = 0x47554944455741ULL;
  for (std::uint8_t& byte : key) {
    state = state * 6364136223846793005ULL + 1442695040888963407ULL;
    byte = static_cast<std::uint8_t>(state >> 56U);
  }
  return key;
}

}  // namespace

bool request_rss(const rte_eth_dev_info& device, rte_eth_conf& configuration) {
  const std::uint64_t fields = device.flow_type_rss_offloads & wanted_fields;
  if (fields == 0) return false;
  static std::array<std::uint8_t, key_bytes_max> key = make_key();  // the driver may keep the pointer
  const std::size_t key_bytes = device.hash_key_size != 0 ? device.hash_key_size : 40;
  configuration.rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
  configuration.rx_adv_conf.rss_conf.rss_hf = fields;
  if (key_bytes <= key_bytes_max) {
    configuration.rx_adv_conf.rss_conf.rss_key = key.data();
    configuration.rx_adv_conf.rss_conf.rss_key_len = static_cast<std::uint8_t>(key_bytes);
  }
  return true;
}

void spread_rss(std::uint16_t device_number, const rte_eth_dev_info& device, std::uint16_t queue_count,
                std::vector<std::string>& warnings) {
  constexpr std::size_t groups_max = RTE_ETH_RSS_RETA_SIZE_512 / RTE_ETH_RETA_GROUP_SIZE;
  if (device.reta_size == 0 || device.reta_size > groups_max * RTE_ETH_RETA_GROUP_SIZE) return;
  std::array<rte_eth_rss_reta_entry64, groups_max> table{};
  for (std::uint16_t i = 0; i < device.reta_size; ++i) {
    rte_eth_rss_reta_entry64& group = table[i / RTE_ETH_RETA_GROUP_SIZE];
    group.mask = ~std::uint64_t{0};
    group.reta[i % RTE_ETH_RETA_GROUP_SIZE] = static_cast<std::uint16_t>(i % queue_count);
  }
  const int outcome = rte_eth_dev_rss_reta_update(device_number, table.data(), device.reta_size);
  if (outcome != 0 && outcome != -ENOTSUP)
    warnings.push_back(std::string("the driver keeps its own RSS table (") + rte_strerror(-outcome) +
                       "): packets may be spread unevenly over the workers");
}

}  // namespace guideway
