// SPDX-License-Identifier: Apache-2.0
#include "controlplane/api/actor.hh"

#include <cstdio>
#include <memory>

#include <pwd.h>

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
  if (pid == 0) return "guidewayd";
  const std::string numbers = "uid " + std::to_string(uid) + ", process " + std::to_string(pid);
  return name.empty() ? numbers : name + " (" + numbers + ")";
}

Actor actor_of(std::uint32_t uid, std::int32_t pid) { return {uid, pid, name_of_user(uid)}; }

}  // namespace guideway
