// SPDX-License-Identifier: Apache-2.0
// A command line of ipvsadm as what it asks for: options and values checked against each other, nothing left as text.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "controlplane/cli/ipvsadm/words.hh"
#include "dataplane/base/result.hh"

namespace guideway::ipvsadm {

struct AddService {
  ServiceWords words;
};
struct EditService {
  ServiceWords words;
};
struct DeleteService {
  VirtualKey key;
};
struct AddServer {
  VirtualKey key;
  ServerWords words;
};
struct EditServer {
  VirtualKey key;
  ServerWords words;
};
struct DeleteServer {
  VirtualKey key;
  IpAddress address;
};
struct Clear {};
struct SetTimeouts {
  Timeouts timeouts;
};
using Change =
    std::variant<AddService, EditService, DeleteService, AddServer, EditServer, DeleteServer, Clear, SetTimeouts>;

enum class Columns { plain, statistics, rates, thresholds, persistent_connections, tunnel_info, timeouts };
struct List {
  Columns columns = Columns::plain;
  std::optional<VirtualKey> only;
  bool is_numeric = false;
  bool is_sorted = true;
  bool is_exact = false;
};
struct Save {
  bool is_numeric = false;
};
struct Restore {
  bool clears = false;  // first
};
struct Zero {
  std::optional<VirtualKey> only;
};
struct Help {};
struct Version {};
using Request = std::variant<Change, List, Save, Restore, Zero, Help, Version>;

// Words as typed, without the program's name.
[[nodiscard]] Result<Request> read_request(const std::vector<std::string>& words);

}  // namespace guideway::ipvsadm
