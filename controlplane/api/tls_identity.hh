// SPDX-License-Identifier: Apache-2.0
// Certificates of the API's TLS port: which this side shows, whose it takes, and who a client is by its own.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>

#include "controlplane/api/access.hh"
#include "controlplane/config/schema.hh"
#include "dataplane/base/result.hh"

struct ssl_st;
namespace boost::asio::ssl {
class context;
}

namespace guideway {

class TlsIdentity {
 public:
  [[nodiscard]] static Result<TlsIdentity> load(const ApiTlsConfig& config);

  // For the next client: files that were renewed are read again. What cannot be read is logged, and what was there
  // before goes on.
  [[nodiscard]] std::shared_ptr<boost::asio::ssl::context> context();

  // After the handshake, which only ends well with a certificate of the authority.
  [[nodiscard]] static Caller caller_of(ssl_st* session);
  [[nodiscard]] Access access_of(const Caller& caller) const;

 private:
  // What tells that the files are still those that were read.
  using Stamp = std::array<std::int64_t, 9>;

  explicit TlsIdentity(const ApiTlsConfig& config) : config_(config) {}
  [[nodiscard]] Stamp stamp() const;
  [[nodiscard]] Result<void> read();

  ApiTlsConfig config_;
  Stamp stamp_{};
  std::shared_ptr<boost::asio::ssl::context> context_;
};

}  // namespace guideway
