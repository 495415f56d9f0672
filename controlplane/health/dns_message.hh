// SPDX-License-Identifier: Apache-2.0
// DNS messages (RFC 1035) as far as a check needs them: a question, and what an answer says to it. Pure. What comes
// from the network may be anything.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "dataplane/base/result.hh"

namespace guideway {

struct DnsQuestion {
  std::uint16_t id = 0;
  std::string name;    // without the dot at the end; empty: the root
  std::string record;  // one of dns_record_kinds
};

[[nodiscard]] std::string dns_query(const DnsQuestion& question);

// What a message says to the question; nothing if it is not an answer to it.
struct DnsVerdict {
  bool ok = false;
  std::string sentence;  // "www.example A is 192.0.2.1", "SERVFAIL for www.example A"
};
// `expected`, unless empty, is what one of the records must be: an address, a name, "10 mail.example" (MX), a text.
[[nodiscard]] std::optional<DnsVerdict> judge_dns_answer(std::string_view message, const DnsQuestion& question,
                                                         std::string_view expected);

}  // namespace guideway
