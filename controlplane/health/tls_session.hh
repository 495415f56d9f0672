// SPDX-License-Identifier: Apache-2.0
// TLS as checks speak it: whose certificates are believed, which name is asked for and verified, what went wrong, and
// whether a certificate is about to expire.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "controlplane/health/check_target.hh"
#include "dataplane/base/result.hh"

struct ssl_st;
namespace boost::asio::ssl {
class context;
}

namespace guideway {

// One for all targets that believe the same authorities, since reading them takes milliseconds; read anew when the file
// changed. A file that cannot be read is this machine's failure. Not for several threads.
[[nodiscard]] Result<std::shared_ptr<boost::asio::ssl::context>> tls_context(const CheckQuestion& question);

// Before the handshake. The name is the target's server_name, else that of its host, else its address.
void prepare_tls(ssl_st* session, const CheckTarget& target, std::string_view protocol_inside);

// After a handshake that failed: "TLS handshake failed: certificate has expired".
[[nodiscard]] std::string tls_failure(ssl_st* session, const std::string& error);

// After one that succeeded; empty: nothing to warn of.
[[nodiscard]] std::string certificate_warning(ssl_st* session, std::uint32_t days);
// "certificate expires in 5 days"; `days_left` may be negative.
[[nodiscard]] std::string expiry_text(std::int64_t days_left);

}  // namespace guideway
