// SPDX-License-Identifier: Apache-2.0
// What a DNS check asks, and which answer it wants.
#include <utility>

#include <fmt/core.h>

#include "controlplane/config/dns_records.hh"
#include "controlplane/config/draft.hh"

namespace guideway {

void read_dns_question(TableReader& reader, CheckQuestion& question) {
  if (auto query = reader.text("query", "a name such as \"www.example.com\", or \".\"")) {
    const std::string_view bare = std::string_view(*query).substr(0, query->size() - (query->ends_with('.') ? 1 : 0));
    if (!query->empty() && is_dns_name(bare))
      question.query = std::move(*query);
    else
      reader.fail("query", fmt::format("{} is not a name in the DNS; give one such as \"www.example.com\", or \".\"",
                                       reader.find("query")->quoted()));
  }
  std::vector<std::string_view> records;
  records.reserve(dns_record_kinds.size());
  for (const DnsRecordKind& kind : dns_record_kinds) records.push_back(kind.name);
  if (const auto index = reader.choice_index("record", records)) question.record = records.at(*index);
  if (auto answer = reader.text("answer", "what a record must be, such as \"192.0.2.1\"")) {
    if (answer->size() <= 255)
      question.answer = std::move(*answer);
    else
      reader.fail("answer", fmt::format("has {} bytes; give up to 255", answer->size()));
  }
  if (const auto transport =
          reader.choice<DnsTransport>("transport", {{"udp", DnsTransport::udp}, {"tcp", DnsTransport::tcp}}))
    question.transport = *transport;
}

}  // namespace guideway
