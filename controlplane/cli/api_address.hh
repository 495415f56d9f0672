// SPDX-License-Identifier: Apache-2.0
// Where guidewayd is asked: the path of its socket, or https://ADDRESS:PORT with a certificate to show.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "dataplane/base/result.hh"
#include "dataplane/net/address.hh"

namespace guideway {

struct ApiAddress {
  std::string where;
  std::string certificate;  // files in PEM: what is shown, its key, and whose certificates are believed
  std::string key;
  std::string ca;

  ApiAddress(std::string place) : where(std::move(place)) {}
  ApiAddress(const char* place) : where(place) {}

  [[nodiscard]] bool is_tls() const { return where.rfind("https://", 0) == 0; }
  // Of https://ADDRESS:PORT, with nothing missing that it takes.
  [[nodiscard]] Result<Endpoint> endpoint() const;
};

}  // namespace guideway
