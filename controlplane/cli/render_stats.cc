// SPDX-License-Identifier: Apache-2.0
// Counters as tables.
#include <fmt/core.h>

#include "controlplane/cli/field.hh"
#include "controlplane/cli/render.hh"
#include "controlplane/cli/text_table.hh"
#include "controlplane/cli/worker_load.hh"

namespace guideway {
namespace {

using nlohmann::json;

std::string exits_text(const json& stats, bool all) {
  TextTable table({{"EXIT"}, {"PACKETS", right}, {"MEANING"}});
  for (const auto& [name, exit] : object_field(stats, "exits").items()) {
    if (all || count_field(exit, "count") > 0)
      table.add_row({name, text_field(exit, "count"), text_field(exit, "meaning")});
  }
  return table.empty() ? "No packet has left yet.\n" : table.text();
}

std::string workers_text(const json& stats) {
  TextTable table({{"WORKER", right},
                   {"RECEIVED", right},
                   {"BYTES", right},
                   {"PLAIN", right},
                   {"ASKED", right},
                   {"REMEMBERED", right},
                   {"BUSY", right},
                   {"CYCLES/PACKET", right}});
  std::size_t number = 0;
  for (const json& worker : list_field(stats, "workers")) {
    table.add_row({std::to_string(number++), text_field(worker, "received"),
                   bytes_text(count_field(worker, "received_bytes")), text_field(worker, "plain"),
                   text_field(worker, "asked"), text_field(worker, "flows_remembered"),
                   busy_text(json::object(), worker), cost_text(json::object(), worker)});
  }
  return table.empty() ? "" : "\n" + table.text();
}

std::string traffic_text(const json& list, const char* title, bool all) {
  TextTable table({{title}, {"PACKETS", right}, {"BYTES", right}});
  for (const json& each : list) {
    if (!all && count_field(each, "packets") == 0) continue;
    const std::string pool = text_field(each, "pool");
    const std::string name = text_field(each, "name");
    table.add_row({pool == "-" || std::string_view(title) == "SERVICE" ? name : fmt::format("{}/{}", pool, name),
                   text_field(each, "packets"), bytes_text(count_field(each, "bytes"))});
  }
  return table.empty() ? "" : "\n" + table.text();
}

}  // namespace

std::string stats_text(const json& stats, bool all) {
  return exits_text(stats, all) + workers_text(stats) + traffic_text(list_field(stats, "services"), "SERVICE", all) +
         traffic_text(list_field(stats, "backends"), "BACKEND", all);
}

}  // namespace guideway
