// SPDX-License-Identifier: Apache-2.0
#include "controlplane/cli/drain_progress.hh"

#include <algorithm>

#include <fmt/core.h>

#include "controlplane/cli/field.hh"

namespace guideway {
namespace {

using nlohmann::json;

std::string name_of(const json& backend) {
  return fmt::format("{}/{}", text_field(backend, "pool"), text_field(backend, "name"));
}

std::string counted(std::uint64_t flows) { return fmt::format("{} remembered flow{}", flows, flows == 1 ? "" : "s"); }

void add(DrainProgress& progress, const std::string& name, const json& backend, std::int64_t quiet_ms) {
  if (text_field(backend, "state") != "draining") {
    ++progress.interrupted;
    progress.text += fmt::format("{}: is {} ({})\n", name, text_field(backend, "state"), text_field(backend, "reason"));
    return;
  }
  const json& drain = object_field(backend, "drain");
  const bool is_known = drain.contains("quiet_ms") && drain["quiet_ms"].is_number();
  const std::int64_t quiet = is_known ? drain["quiet_ms"].get<std::int64_t>() : 0;
  const std::uint64_t remembered = count_field(backend, "remembered");
  const bool is_drained = is_known && remembered == 0 && quiet >= quiet_ms;
  ++(is_drained ? progress.drained : progress.under_way);
  const json ends = drain.value("ends_in_ms", json());
  progress.text += fmt::format(
      "{}: {}, {}{}\n", name, counted(remembered),
      is_known ? fmt::format("quiet for {} s", quiet / 1000) : std::string("no datapath tells of its packets"),
      ends.is_number() ? fmt::format(", {} in {} s", text_field(drain, "then"), ends.get<std::int64_t>() / 1000) : "");
}

}  // namespace

std::vector<std::string> draining_names(const json& backends, const DrainSelector& selector) {
  const auto fits = [](const std::string& wanted, const std::string& is) { return wanted.empty() || wanted == is; };
  std::vector<std::string> names;
  for (const json& backend : list_field(backends, "backends")) {
    if (text_field(backend, "state") != "draining" || !fits(selector.pool, text_field(backend, "pool")) ||
        !fits(selector.name, text_field(backend, "name")) || !fits(selector.address, text_field(backend, "address")))
      continue;
    names.push_back(name_of(backend));
  }
  return names;
}

DrainProgress drain_progress(const json& backends, const std::vector<std::string>& names, std::int64_t quiet_ms) {
  DrainProgress progress;
  for (const std::string& name : names) {
    const json& list = list_field(backends, "backends");
    const auto found =
        std::find_if(list.begin(), list.end(), [&](const json& backend) { return name_of(backend) == name; });
    if (found == list.end()) {
      ++progress.drained;
      progress.text += name + ": is gone\n";
    } else {
      add(progress, name, *found, quiet_ms);
    }
  }
  return progress;
}

}  // namespace guideway
