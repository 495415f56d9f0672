// SPDX-License-Identifier: Apache-2.0
// Receive-side scaling: which of its queues a NIC puts a packet into. Set explicitly (key, fields, table), because a
// driver's defaults may hash by addresses only, or use one queue.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

struct rte_eth_conf;
struct rte_eth_dev_info;

namespace guideway {

// Asks for Toeplitz over addresses and TCP/UDP ports, as far as the device can; nothing where it has no RSS.
// Returns whether it was asked for.
bool request_rss(const rte_eth_dev_info& device, rte_eth_conf& configuration);
// After the device is configured: every queue gets the same part of the table. A device that has no table of its own
// is left alone.
void spread_rss(std::uint16_t device_number, const rte_eth_dev_info& device, std::uint16_t queue_count,
                std::vector<std::string>& warnings);

}  // namespace guideway
