// SPDX-License-Identifier: Apache-2.0
// Edits as JSON, strictly: an unknown operation or key is refused, so that a misspelt one is not silently ignored.
#include <array>
#include <initializer_list>
#include <optional>
#include <string_view>

#include <nlohmann/json.hpp>

#include "controlplane/config/duration.hh"
#include "controlplane/model/edit.hh"
#include "controlplane/model/overloaded.hh"

namespace guideway {
namespace {

using nlohmann::json;

Result<void> check_keys(const json& edit, const std::string& op, std::initializer_list<std::string_view> known) {
  for (const auto& [key, value] : edit.items()) {
    bool is_known = key == "op";
    for (std::string_view one : known) is_known = is_known || key == one;
    if (!is_known) return failure(std::string(op).append(": there is no key \"").append(key).append("\""));
  }
  return {};
}

Result<std::string> text(const json& edit, const std::string& op, const char* key) {
  auto found = edit.find(key);
  if (found == edit.end() || !found->is_string() || found->get_ref<const std::string&>().empty()) {
    return failure(op + ": \"" + key + "\" must be a text");
  }
  return found->get<std::string>();
}

Result<bool> force(const json& edit, const std::string& op) {
  auto found = edit.find("force");
  if (found == edit.end()) return false;
  if (!found->is_boolean()) return failure(op + ": \"force\" must be true or false");
  return found->get<bool>();
}

std::optional<Administrative> administrative_of(std::string_view name) {
  for (auto one : {Administrative::enabled, Administrative::draining, Administrative::disabled}) {
    if (name_of(one) == name) return one;
  }
  return std::nullopt;
}

Result<Edit> read_service_add(const json& edit, const std::string& op) {
  if (auto known = check_keys(edit, op, {"service"}); !known) return failure_of(known);
  if (!edit.contains("service") || !edit["service"].is_object()) {
    return failure(op + ": \"service\" must be an object with the keys of [[service]]");
  }
  return Edit(ServiceAdd{edit["service"].dump()});
}

Result<Edit> read_service_remove(const json& edit, const std::string& op) {
  if (auto known = check_keys(edit, op, {"name", "force"}); !known) return failure_of(known);
  auto name = text(edit, op, "name");
  if (!name) return failure_of(name);
  auto forced = force(edit, op);
  if (!forced) return failure_of(forced);
  return Edit(ServiceRemove{*name, *forced});
}

Result<Edit> read_backend_add(const json& edit, const std::string& op) {
  if (auto known = check_keys(edit, op, {"pool", "backend"}); !known) return failure_of(known);
  auto pool = text(edit, op, "pool");
  if (!pool) return failure_of(pool);
  if (!edit.contains("backend") || !(edit["backend"].is_object() || edit["backend"].is_string())) {
    return failure(op + ": \"backend\" must be an object with the keys of a backend, or its address");
  }
  return Edit(BackendAdd{*pool, edit["backend"].dump()});
}

// "draining" may end: after "timeout_ms", or at "until_ms" as it is saved; "then" says how.
Result<DrainEnd> drain_end(const json& edit, const std::string& op, Administrative state) {
  DrainEnd end;
  for (const char* key : {"timeout_ms", "until_ms", "then"}) {
    if (edit.contains(key) && state != Administrative::draining)
      return failure(op + ": \"" + key + "\" only means something with \"state\": \"draining\"");
  }
  if (auto timeout = edit.find("timeout_ms"); timeout != edit.end()) {
    if (!timeout->is_number_unsigned() || timeout->get<std::uint64_t>() > UINT32_MAX || *timeout == 0)
      return failure(op + ": \"timeout_ms\" must be a whole number of milliseconds from 1 to 4294967295");
    end.timeout_ms = timeout->get<std::uint32_t>();
  }
  if (auto until = edit.find("until_ms"); until != edit.end()) {
    if (!until->is_number_unsigned() || until->get<std::uint64_t>() > INT64_MAX)
      return failure(op + ": \"until_ms\" must be milliseconds since 1970");
    end.until_ms = until->get<std::int64_t>();
  }
  if (auto then = edit.find("then"); then != edit.end()) {
    if (*then != "disabled" && *then != "removed") return failure(op + ": \"then\" must be disabled or removed");
    if (end.timeout_ms == 0 && end.until_ms == 0) return failure(op + ": \"then\" needs a \"timeout_ms\"");
    end.removes = *then == "removed";
  }
  return end;
}

void add_drain_end(const DrainEnd& end, json& to) {
  if (end.timeout_ms != 0) to["timeout_ms"] = end.timeout_ms;
  if (end.until_ms != 0) to["until_ms"] = end.until_ms;
  if (end.timeout_ms != 0 || end.until_ms != 0) to["then"] = end.removes ? "removed" : "disabled";
}

Result<Administrative> state_in(const json& edit, const std::string& op) {
  auto word = text(edit, op, "state");
  auto state = word ? administrative_of(*word) : std::nullopt;
  if (!state) return failure(op + ": \"state\" must be enabled, draining or disabled");
  return *state;
}

Result<Edit> read_group_state(const json& edit, const std::string& op) {
  const bool is_host = op == "host.state";
  const char* key = is_host ? "address" : "name";
  if (auto known = check_keys(edit, op, {key, "state", "timeout_ms", "then"}); !known) return failure_of(known);
  auto name = text(edit, op, key);
  if (!name) return failure_of(name);
  auto state = state_in(edit, op);
  if (!state) return failure_of(state);
  auto end = drain_end(edit, op, *state);
  if (!end) return failure_of(end);
  if (is_host) return Edit(HostState{*name, *state, *end});
  return Edit(ServiceState{*name, *state, *end});
}

// "keys": some of those of [[service]], of a pool or of a backend.
Result<std::string> keys_in(const json& edit, const std::string& op) {
  const auto found = edit.find("keys");
  if (found == edit.end() || !found->is_object() || found->empty())
    return failure(op + ": \"keys\" must be an object with the keys to change");
  return found->dump();
}

Result<Edit> read_edit_of_keys(const json& edit, const std::string& op) {
  const bool is_backend = op == "backend.edit";
  auto known = is_backend ? check_keys(edit, op, {"pool", "name", "keys"}) : check_keys(edit, op, {"name", "keys"});
  if (!known) return failure_of(known);
  auto name = text(edit, op, "name");
  if (!name) return failure_of(name);
  auto keys = keys_in(edit, op);
  if (!keys) return failure_of(keys);
  if (op == "service.edit") return Edit(ServiceEdit{*name, *keys});
  if (op == "pool.edit") return Edit(PoolEdit{*name, *keys});
  auto pool = text(edit, op, "pool");
  if (!pool) return failure_of(pool);
  return Edit(BackendEdit{*pool, *name, *keys});
}

Result<Edit> read_backend_edit(const json& edit, const std::string& op) {
  auto pool = text(edit, op, "pool");
  if (!pool) return failure_of(pool);
  auto name = text(edit, op, "name");
  if (!name) return failure_of(name);
  if (op == "backend.remove") {
    if (auto known = check_keys(edit, op, {"pool", "name", "force"}); !known) return failure_of(known);
    auto forced = force(edit, op);
    if (!forced) return failure_of(forced);
    return Edit(BackendRemove{*pool, *name, *forced});
  }
  if (op == "backend.state") {
    if (auto known = check_keys(edit, op, {"pool", "name", "state", "timeout_ms", "until_ms", "then"}); !known)
      return failure_of(known);
    auto state = state_in(edit, op);
    if (!state) return failure_of(state);
    auto end = drain_end(edit, op, *state);
    if (!end) return failure_of(end);
    return Edit(BackendState{*pool, *name, *state, *end});
  }
  if (auto known = check_keys(edit, op, {"pool", "name", "weight"}); !known) return failure_of(known);
  auto weight = edit.find("weight");
  if (weight == edit.end() || !weight->is_number_unsigned() || weight->get<std::uint64_t>() > 65535) {
    return failure(op + ": \"weight\" must be a whole number from 0 to 65535");
  }
  return Edit(BackendWeight{*pool, *name, weight->get<std::uint32_t>()});
}

}  // namespace

Result<Edit> edit_from_json(const json& edit) {
  if (!edit.is_object()) return failure("an edit must be an object with an \"op\"");
  auto op = text(edit, "edit", "op");
  if (!op) return failure_of(op);
  if (*op == "service.add") return read_service_add(edit, *op);
  if (*op == "service.remove") return read_service_remove(edit, *op);
  if (*op == "backend.add") return read_backend_add(edit, *op);
  if (*op == "backend.remove" || *op == "backend.state" || *op == "backend.weight") return read_backend_edit(edit, *op);
  if (*op == "service.state" || *op == "host.state") return read_group_state(edit, *op);
  if (*op == "service.edit" || *op == "pool.edit" || *op == "backend.edit") return read_edit_of_keys(edit, *op);
  return failure(
      "there is no operation \"" + *op +
      "\"; there are service.add, service.edit, service.remove, service.state, pool.edit, backend.add, backend.edit, "
      "backend.remove, backend.state, backend.weight and host.state");
}

json to_json(const Edit& edit) {
  return std::visit(
      Overloaded{
          [](const ServiceAdd& one) -> json {
            return {{"op", "service.add"}, {"service", json::parse(one.keys)}};
          },
          [](const ServiceRemove& one) -> json {
            return {{"op", "service.remove"}, {"name", one.name}, {"force", one.force}};
          },
          [](const BackendAdd& one) -> json {
            return {{"op", "backend.add"}, {"pool", one.pool}, {"backend", json::parse(one.keys)}};
          },
          [](const BackendRemove& one) -> json {
            return {{"op", "backend.remove"}, {"pool", one.pool}, {"name", one.name}, {"force", one.force}};
          },
          [](const BackendState& one) -> json {
            json result{{"op", "backend.state"}, {"pool", one.pool}, {"name", one.name}, {"state", name_of(one.state)}};
            add_drain_end(one.end, result);
            return result;
          },
          [](const ServiceState& one) -> json {
            json result{{"op", "service.state"}, {"name", one.name}, {"state", name_of(one.state)}};
            add_drain_end(one.end, result);
            return result;
          },
          [](const HostState& one) -> json {
            json result{{"op", "host.state"}, {"address", one.address}, {"state", name_of(one.state)}};
            add_drain_end(one.end, result);
            return result;
          },
          [](const BackendWeight& one) -> json {
            return {{"op", "backend.weight"}, {"pool", one.pool}, {"name", one.name}, {"weight", one.weight}};
          },
          [](const ServiceEdit& one) -> json {
            return {{"op", "service.edit"}, {"name", one.name}, {"keys", json::parse(one.keys)}};
          },
          [](const PoolEdit& one) -> json {
            return {{"op", "pool.edit"}, {"name", one.name}, {"keys", json::parse(one.keys)}};
          },
          [](const BackendEdit& one) -> json {
            return {{"op", "backend.edit"}, {"pool", one.pool}, {"name", one.name}, {"keys", json::parse(one.keys)}};
          },
      },
      edit);
}

}  // namespace guideway
