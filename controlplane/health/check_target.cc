// SPDX-License-Identifier: Apache-2.0
#include "controlplane/health/check_target.hh"

namespace guideway {
namespace {

// RFC 9110, section 4.2.3 and 7.2: an IPv6 address stands in brackets, the scheme's own port is left out.
std::string host_of(const CheckTarget& target) {
  if (target.port != (target.tls ? 443 : 80)) return Endpoint{target.address, target.port}.text();
  return target.address.family == Family::ipv6 ? "[" + target.address.text() + "]" : target.address.text();
}

}  // namespace

CheckTarget CheckTarget::of(const IpAddress& address, std::uint16_t port, const CheckConfig& check) {
  CheckTarget target{settled(static_cast<const CheckQuestion&>(check)), address, 0, check.timeout_ms};
  if (has_port(check.kind)) target.port = check.port != 0 ? check.port : port;
  const bool has_host = target.kind == CheckKind::http || target.kind == CheckKind::grpc;
  if (has_host && target.host.empty()) target.host = host_of(target);
  return target;
}

}  // namespace guideway
