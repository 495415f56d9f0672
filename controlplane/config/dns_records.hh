// SPDX-License-Identifier: Apache-2.0
// The names and kinds of record that a DNS check may ask for.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace guideway {

struct DnsRecordKind {
  std::string_view name;
  std::uint16_t number = 0;
};
inline constexpr std::array dns_record_kinds{
    DnsRecordKind{"A", 1},   DnsRecordKind{"AAAA", 28}, DnsRecordKind{"CNAME", 5},
    DnsRecordKind{"MX", 15}, DnsRecordKind{"NS", 2},    DnsRecordKind{"PTR", 12},
    DnsRecordKind{"SOA", 6}, DnsRecordKind{"SRV", 33},  DnsRecordKind{"TXT", 16}};

// 0: there is none of that name.
[[nodiscard]] constexpr std::uint16_t dns_record_number(std::string_view name) noexcept {
  for (const DnsRecordKind& kind : dns_record_kinds) {
    if (kind.name == name) return kind.number;
  }
  return 0;
}

// Labels of 1 to 63 bytes, 253 together, without a dot at the end; empty: the root.
[[nodiscard]] constexpr bool is_dns_name(std::string_view name) noexcept {
  if (name.empty() || name.size() > 253) return name.empty();
  std::size_t label = 0;
  for (const char c : name) {
    if (c <= 0x20 || c == 0x7f || (c == '.' && label == 0)) return false;
    label = c == '.' ? 0 : label + 1;
    if (label > 63) return false;
  }
  return label != 0;
}

}  // namespace guideway
