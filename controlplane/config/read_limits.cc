// SPDX-License-Identifier: Apache-2.0
// Who may use a service, and how many new flows a second.
#include <algorithm>

#include <fmt/core.h>

#include "controlplane/config/draft.hh"

namespace guideway {
namespace {

struct LimitKeys {
  std::string_view rate;
  std::string_view burst;
};

FlowLimit read_limit(TableReader& reader, const LimitKeys& keys) {
  FlowLimit limit;
  const auto rate = reader.integer(keys.rate, 1, GW_FLOW_RATE_MAX,
                                   "new flows a second from 1 to 100000000, or leave it out for no limit");
  const auto burst = reader.integer(keys.burst, 1, GW_FLOW_RATE_MAX, "new flows at once from 1 to 100000000");
  if (rate) limit = {*rate, burst.value_or(*rate)};
  if (reader.has(keys.burst) && !reader.has(keys.rate))
    reader.fail(keys.burst, fmt::format("only means something beside {}; add that, or leave it out", keys.rate));
  return limit;
}

void read_bits(TableReader& reader, std::string_view key, std::uint32_t most, bool is_used, std::uint8_t& bits) {
  if (const auto given = reader.integer(key, 1, most, fmt::format("a number of bits from 1 to {}", most)))
    bits = static_cast<std::uint8_t>(*given);
  if (reader.has(key) && !is_used)
    reader.fail(key, "only means something beside source_flows_per_second; add that, or leave it out");
}

}  // namespace

void read_access(TableReader& reader, AccessList& access) {
  constexpr std::string_view example = R"(["192.0.2.0/24", "2001:db8::/32"])";
  access.allow = read_prefixes(reader, "allow", example, read_prefix);
  access.deny = read_prefixes(reader, "deny", example, read_prefix);
  std::sort(access.allow.begin(), access.allow.end());
  std::sort(access.deny.begin(), access.deny.end());
  for (const AddressPrefix& prefix : access.deny) {
    if (std::binary_search(access.allow.begin(), access.allow.end(), prefix))
      reader.fail("deny", fmt::format("{} stands in allow too; leave it out of one of the two", prefix.text()));
  }
}

void read_flow_limits(TableReader& reader, ServiceConfig& service) {
  service.new_flows = read_limit(reader, {"new_flows_per_second", "new_flows_burst"});
  service.source_flows = read_limit(reader, {"source_flows_per_second", "source_flows_burst"});
  const bool is_used = reader.has("source_flows_per_second");
  read_bits(reader, "source_flows_bits_ipv4", 32, is_used, service.source_flows_bits_ipv4);
  read_bits(reader, "source_flows_bits_ipv6", 128, is_used, service.source_flows_bits_ipv6);
}

}  // namespace guideway
