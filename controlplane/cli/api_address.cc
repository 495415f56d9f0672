// SPDX-License-Identifier: Apache-2.0
#include "controlplane/cli/api_address.hh"

#include <string_view>

namespace guideway {

Result<Endpoint> ApiAddress::endpoint() const {
  constexpr std::string_view scheme = "https://";
  std::string place = is_tls() ? where.substr(scheme.size()) : where;
  if (!place.empty() && place.back() == '/') place.pop_back();
  const auto parsed = Endpoint::parse(place);
  if (!parsed || parsed->port == 0)
    return failure("\"" + where + "\" is not https://ADDRESS:PORT, such as https://127.0.0.1:9661");
  for (const auto& [value, option] :
       {std::pair(&certificate, "--certificate"), std::pair(&key, "--key"), std::pair(&ca, "--ca")}) {
    if (value->empty())
      return failure(where + " takes a certificate, its key and the authority of guidewayd's; " + option +
                     " is missing");
  }
  return *parsed;
}

}  // namespace guideway
