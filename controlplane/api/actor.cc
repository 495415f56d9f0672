// SPDX-License-Identifier: Apache-2.0
#include "controlplane/api/actor.hh"

#include <cstdio>
#include <memory>

#include <pwd.h>
#include <unistd.h>

#include "controlplane/api/access.hh"

namespace guideway {
namespace {

std::string name_of_user(std::uint32_t uid) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen("/etc/passwd", "re"), std::fclose);
  if (!file) return "";
  while (const passwd* each = ::fgetpwent(file.get())) {
    if (each->pw_uid == uid) return each->pw_name;
  }
  return "";
}

}  // namespace

std::string Actor::text() const {
  if (is_guidewayd()) return "guidewayd";
  if (!certificate.empty())
    return name.empty() ? "certificate " + certificate : name + " (certificate " + certificate + ")";
  const std::string numbers = "uid " + std::to_string(uid) + ", process " + std::to_string(pid);
  return name.empty() ? numbers : name + " (" + numbers + ")";
}

Actor actor_of(const Caller& caller) {
  if (!caller.certificate.empty()) return {0, 0, caller.common_name, caller.certificate};
  return {caller.uid, caller.pid, name_of_user(caller.uid), ""};
}

Actor own_actor() { return {::geteuid(), 0, "", ""}; }

}  // namespace guideway
