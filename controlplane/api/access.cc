// SPDX-License-Identifier: Apache-2.0
#include "controlplane/api/access.hh"

#include <grp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <functional>

namespace guideway {
namespace {

Result<std::optional<gid_t>> group_of(const char* key, const std::string& name) {
  if (name.empty()) return std::optional<gid_t>{};
  gid_t number = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  if (error == std::errc() && end == name.data() + name.size()) return std::optional<gid_t>{number};
  std::vector<char> room(65536);
  group entry{};
  group* found = nullptr;
  ::getgrnam_r(name.c_str(), &entry, room.data(), room.size(), &found);
  if (found == nullptr)
    return failure(std::string(key) + ": this machine has no group \"" + name + "\"; make it (groupadd --system " +
                   name + "), or name another");
  return std::optional<gid_t>{found->gr_gid};
}

}  // namespace

std::uint64_t Caller::holder() const {
  return certificate.empty() ? uid : std::hash<std::string>()(certificate) | std::uint64_t{1} << 63U;
}

Result<Caller> caller_of(int socket) {
  ucred credentials{};
  socklen_t length = sizeof credentials;
  if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &credentials, &length) != 0)
    return failure(std::string("the kernel does not tell who connected: ") + std::strerror(errno));
  Caller caller;
  caller.uid = credentials.uid;
  caller.pid = credentials.pid;
  length = 64 * sizeof(gid_t);
  for (int attempt = 0; attempt < 2; ++attempt) {
    caller.groups.resize(length / sizeof(gid_t));
    if (::getsockopt(socket, SOL_SOCKET, SO_PEERGROUPS, caller.groups.data(), &length) == 0) break;
    if (errno != ERANGE) length = 0;  // it says how much room it wants
  }
  caller.groups.resize(length / sizeof(gid_t));
  caller.groups.push_back(credentials.gid);
  return caller;
}

Result<AccessRules> AccessRules::of_groups(const std::string& read_group, const std::string& admin_group) {
  AccessRules rules;
  auto reading = group_of("api_read_group", read_group);
  if (!reading) return failure_of(reading);
  auto administering = group_of("api_admin_group", admin_group);
  if (!administering) return failure_of(administering);
  rules.read_group_ = *reading;
  rules.admin_group_ = *administering;
  return rules;
}

Access AccessRules::of(const Caller& caller) const {
  if (!judges() || caller.uid == 0 || caller.uid == ::geteuid()) return Access::administer;
  const auto is_in = [&](const std::optional<gid_t>& group) {
    return group && std::find(caller.groups.begin(), caller.groups.end(), *group) != caller.groups.end();
  };
  if (is_in(admin_group_)) return Access::administer;
  return is_in(read_group_) ? Access::read : Access::none;
}

std::string refusal(const Caller& caller, Access access) {
  if (!caller.certificate.empty())
    return "certificate " + caller.certificate +
           " may look, but neither change anything nor see the configuration and its secrets: that takes a common "
           "name of api_tls.administrators";
  const std::string who = "user " + std::to_string(caller.uid);
  if (access == Access::read)
    return who +
           " may look, but neither change anything nor see the configuration and its secrets: that takes root or "
           "the group of api_admin_group";
  return who + " may not use this API: that takes root, or the group of api_read_group or api_admin_group";
}

}  // namespace guideway
