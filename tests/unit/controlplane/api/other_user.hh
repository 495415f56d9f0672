// SPDX-License-Identifier: Apache-2.0
// A request as another user of this machine: a child that gives up root and asks. Needs root.
#pragma once

#include <grp.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "tests/unit/controlplane/api/http_client.hh"

namespace guideway {

struct OtherUser {
  uid_t uid = 0;
  gid_t gid = 0;
  std::vector<gid_t> groups;
};

[[nodiscard]] inline HttpAnswer ask_as(const OtherUser& user, const std::string& socket, const std::string& method,
                                       const std::string& target, const std::string& body = "") {
  int ends[2];
  if (::pipe(ends) != 0) return {};
  const UniqueFd out(ends[0]);
  UniqueFd in(ends[1]);
  const pid_t child = ::fork();
  if (child == 0) {
    if (::setgroups(user.groups.size(), user.groups.data()) != 0 || ::setresgid(user.gid, user.gid, user.gid) != 0 ||
        ::setresuid(user.uid, user.uid, user.uid) != 0)
      ::_exit(1);
    const std::string text = ask(socket, method, target, body).text;
    std::size_t written = 0;
    while (written < text.size()) {
      const ssize_t count = ::write(in.get(), text.data() + written, text.size() - written);
      if (count <= 0) ::_exit(1);
      written += static_cast<std::size_t>(count);
    }
    ::_exit(0);
  }
  in.reset();
  HttpAnswer answer;
  char buffer[16384];
  while (true) {
    const ssize_t count = ::read(out.get(), buffer, sizeof buffer);
    if (count <= 0) break;
    answer.text.append(buffer, static_cast<std::size_t>(count));
  }
  ::waitpid(child, nullptr, 0);
  if (answer.text.rfind("HTTP/1.1 ", 0) != 0) return answer;
  answer.status = std::stoi(answer.text.substr(9));
  answer.body = nlohmann::json::parse(answer.text.substr(answer.text.find("\r\n\r\n") + 4), nullptr, false);
  return answer;
}

}  // namespace guideway
