// SPDX-License-Identifier: Apache-2.0
#include "controlplane/health/check_target.hh"

namespace guideway {
namespace {

// RFC 9110, section 4.2.3 and 7.2: an IPv6 address stands in brackets, http's own port is left out.
std::string host_of(const IpAddress& address, std::uint16_t port) {
  if (port != 80) return Endpoint{address, port}.text();
  return address.family == Family::ipv6 ? "[" + address.text() + "]" : address.text();
}

}  // namespace

CheckTarget CheckTarget::of(const IpAddress& address, std::uint16_t port, const CheckConfig& check) {
  CheckTarget target;
  target.kind = check.kind;
  target.address = address;
  target.port = check.port != 0 ? check.port : port;
  target.timeout_ms = check.timeout_ms;
  if (check.kind == CheckKind::tcp) {
    target.send = check.send;
    target.expect = check.expect;
  }
  if (check.kind == CheckKind::redis) target.password = check.password;
  if (check.kind != CheckKind::http) return target;
  target.path = check.path;
  target.host = check.host;
  if (target.host.empty()) target.host = host_of(address, target.port);
  target.status_min = check.status_min;
  target.status_max = check.status_max;
  return target;
}

}  // namespace guideway
