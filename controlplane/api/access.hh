// SPDX-License-Identifier: Apache-2.0
// Who may look and who may change. The kernel says who a client of the API socket is (SO_PEERCRED, SO_PEERGROUPS);
// two groups of the configuration say what that means. Root and guidewayd's own user may always do everything.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "dataplane/base/result.hh"

namespace guideway {

enum class Access { none, read, administer };

// A client, as it was when it connected.
struct Caller {
  uid_t uid = 0;
  pid_t pid = 0;
  std::vector<gid_t> groups;  // its own and the supplementary ones
  // By TLS instead: the subject of its certificate ("CN=alice,O=ops"), and its one common name. No user, no process.
  std::string certificate;
  std::string common_name;

  // Whose places in a server it takes.
  [[nodiscard]] std::uint64_t holder() const;
};

[[nodiscard]] Result<Caller> caller_of(int socket);

class AccessRules {
 public:
  // Without groups: whoever the socket's mode lets connect may do everything.
  AccessRules() = default;
  // Groups are names or numbers; an empty one: nobody has that right by a group.
  [[nodiscard]] static Result<AccessRules> of_groups(const std::string& read_group, const std::string& admin_group);

  // Then the socket is for everybody, and each client is judged.
  [[nodiscard]] bool judges() const noexcept { return read_group_.has_value() || admin_group_.has_value(); }
  [[nodiscard]] Access of(const Caller& caller) const;

 private:
  std::optional<gid_t> read_group_;
  std::optional<gid_t> admin_group_;
};

// One sentence for somebody who has `access`, and needs more.
[[nodiscard]] std::string refusal(const Caller& caller, Access access);

}  // namespace guideway
