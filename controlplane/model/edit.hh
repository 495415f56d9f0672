// SPDX-License-Identifier: Apache-2.0
// What an operator may change while the balancer runs, as values. An edit turns one valid configuration into another
// or fails with a sentence; it touches nothing else. docs/api.md lists the edits as JSON.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "controlplane/compile/ledger.hh"
#include "controlplane/config/schema.hh"
#include "controlplane/config/words.hh"
#include "dataplane/base/result.hh"

namespace guideway {

// `keys` are what stands under [[service]] in TOML, as the text of a JSON object.
struct ServiceAdd {
  std::string keys;
  friend bool operator==(const ServiceAdd&, const ServiceAdd&) = default;
};

// A service cannot drain, its address is either served or not: without `force` it must have no enabled backend left.
// A pool of its own goes with it.
struct ServiceRemove {
  std::string name;
  bool force = false;
  friend bool operator==(const ServiceRemove&, const ServiceRemove&) = default;
};

// `keys` is an element of `backends` in TOML, as JSON text; the rest comes from the pool.
struct BackendAdd {
  std::string pool;
  std::string keys;
  friend bool operator==(const BackendAdd&, const BackendAdd&) = default;
};

// Without `force` its flows end in their own time.
struct BackendRemove {
  std::string pool;
  std::string name;
  bool force = false;
  friend bool operator==(const BackendRemove&, const BackendRemove&) = default;
};

// When a drain is over, whatever is left. Asked for as a time from now; what lasts is when that is.
struct DrainEnd {
  std::uint32_t timeout_ms = 0;  // 0: never
  std::int64_t until_ms = 0;     // wall clock; 0: never, or not known yet
  bool removes = false;          // else the backend is disabled
  friend bool operator==(const DrainEnd&, const DrainEnd&) = default;
};

struct BackendState {
  std::string pool;
  std::string name;
  Administrative state = Administrative::enabled;
  DrainEnd end{};
  friend bool operator==(const BackendState&, const BackendState&) = default;
};

struct BackendWeight {
  std::string pool;
  std::string name;
  std::uint32_t weight = 1;
  friend bool operator==(const BackendWeight&, const BackendWeight&) = default;
};

// Of all backends of a service's pool, or of all backends with an address in any pool: short for a BackendState each.
struct ServiceState {
  std::string name;
  Administrative state = Administrative::enabled;
  DrainEnd end{};
  friend bool operator==(const ServiceState&, const ServiceState&) = default;
};
struct HostState {
  std::string address;
  Administrative state = Administrative::enabled;
  DrainEnd end{};
  friend bool operator==(const HostState&, const HostState&) = default;
};

// Some keys with new values, as JSON text (edited.hh); all others stay.
struct ServiceEdit {
  std::string name;
  std::string keys;
  friend bool operator==(const ServiceEdit&, const ServiceEdit&) = default;
};
struct PoolEdit {
  std::string name;
  std::string keys;
  friend bool operator==(const PoolEdit&, const PoolEdit&) = default;
};
struct BackendEdit {
  std::string pool;
  std::string name;
  std::string keys;
  friend bool operator==(const BackendEdit&, const BackendEdit&) = default;
};

using Edit = std::variant<ServiceAdd, ServiceRemove, BackendAdd, BackendRemove, BackendState, BackendWeight,
                          ServiceState, HostState, ServiceEdit, PoolEdit, BackendEdit>;

[[nodiscard]] Result<Config> apply_edit(const Config& config, const Edit& edit);
// All in order, or none.
[[nodiscard]] Result<Config> apply_edits(const Config& config, const std::vector<Edit>& edits);
// What lasts of edits: those that are short for several spelled out, and drains that end with the time when they do.
[[nodiscard]] Result<std::vector<Edit>> spelled_out(const Config& config, const std::vector<Edit>& edits,
                                                    std::int64_t now_ms);
// What follows from drains whose time is over.
[[nodiscard]] std::vector<Edit> ended_drains(const std::vector<Edit>& edits, std::int64_t now_ms);
// The backends that an edit of this configuration removes by force, that is without draining.
[[nodiscard]] std::set<BackendKey> removed_at_once(const Config& config, const Edit& edit);

[[nodiscard]] Result<Edit> edit_from_json(const nlohmann::json& json);
[[nodiscard]] nlohmann::json to_json(const Edit& edit);
// One line with everything, for the audit log: "backend.state web/web-1 draining". Values may be secrets.
[[nodiscard]] std::string text_of(const Edit& edit);
// The same for people and for who may only look: of what was added its name, of what was edited which keys.
[[nodiscard]] std::string summary_of(const Edit& edit);
// The name that configuration gives to what these keys describe: its own, else its address without a check's port.
[[nodiscard]] std::string name_in(const std::string& keys);

}  // namespace guideway
