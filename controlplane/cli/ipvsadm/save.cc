// SPDX-License-Identifier: Apache-2.0
#include "controlplane/cli/ipvsadm/save.hh"

#include <algorithm>
#include <vector>

#include <fmt/core.h>

#include "controlplane/cli/field.hh"
#include "controlplane/cli/ipvsadm/host_port.hh"
#include "controlplane/config/json.hh"

namespace guideway::ipvsadm {
namespace {

using nlohmann::json;

// The keys in which two objects differ.
std::string differences(const json& one, const json& other) {
  std::string result;
  const auto add = [&](const std::string& key) { result += (result.empty() ? "" : ", ") + key; };
  for (const auto& [key, value] : one.items()) {
    if (key != "backends" && (!other.contains(key) || other[key] != value)) add(key);
  }
  for (const auto& [key, value] : other.items()) {
    if (!one.contains(key)) add(key);
  }
  return result;
}

// Of each backend, what its words would not bring back.
std::string lost_of_backends(const json& running, const json& restored) {
  for (const json& backend : list_field(running, "backends")) {
    const json& all = list_field(restored, "backends");
    const auto same = std::find_if(all.begin(), all.end(), [&](const json& one) {
      return text_field(one, "address") == text_field(backend, "address");
    });
    if (same == all.end()) return "a backend " + text_field(backend, "name");
    if (const std::string lost = differences(backend, *same); !lost.empty())
      return fmt::format("{} of backend {}", lost, text_field(backend, "name"));
  }
  return list_field(running, "backends").size() == list_field(restored, "backends").size() ? "" : "backends";
}

// Builds the service from its words, as guidewayd would, and compares. Empty: nothing is lost.
std::string lost(const VirtualTable& table, const TableLine& line, const Timeouts& timeouts) {
  if (!line.has_key()) return "a prefix or a range of ports";
  if (!line.is_alone) return "several addresses or protocols";
  const json& service = table.service(line.service);
  json keys = keys_of(words_of(line.key(), service), timeouts);
  for (const json& backend : list_field(table.pool_of(line.service), "backends")) {
    keys["backends"].push_back(keys_of(words_of(backend)));
    keys["backends"].back()["name"] = text_field(backend, "address");
  }
  const auto restored = service_from_json(keys, Config{});
  if (!restored) return restored.error().message;
  std::string of_service = differences(service, to_json(restored->service));
  if (!of_service.empty()) return of_service;
  std::string of_pool = differences(table.pool_of(line.service), to_json(restored->pool));
  return of_pool.empty() ? lost_of_backends(table.pool_of(line.service), to_json(restored->pool)) : of_pool;
}

std::string service_words(const TableLine& line, const json& service, const std::string& where) {
  const ServiceWords words = words_of(line.key(), service);
  std::string result = fmt::format("-A {} -s {}", where, word_of(words.scheduler));
  if (words.source_bits)
    result += fmt::format(" -p -M {}", netmask_text(line.address.address.family, *words.source_bits));
  if (words.one_packet) result += " -o";
  return result + "\n";
}

std::vector<ServerWords> servers_of(const json& pool) {
  std::vector<ServerWords> servers;
  for (const json& backend : list_field(pool, "backends")) servers.push_back(words_of(backend));
  std::sort(servers.begin(), servers.end(),
            [](const ServerWords& one, const ServerWords& other) { return one.address < other.address; });
  return servers;
}

std::string way_words(const ServerWords& server) {
  if (server.forward == Forward::l2) return fmt::format("-g -w {}", server.weight);
  std::string result = fmt::format("-i -w {} --tun-type ", server.weight);
  if (server.forward == Forward::gue) return result + fmt::format("gue --tun-port {} --tun-nocsum", server.gue_port);
  return result + (server.forward == Forward::gre ? "gre --tun-nocsum" : "ipip");
}

std::string timeouts_words(const Timeouts& timeouts) {
  const Timeouts fresh = default_timeouts();
  const auto is_plain = [](std::uint32_t one, std::uint32_t otherwise) { return one == 0 || one == otherwise; };
  if (is_plain(timeouts.tcp_s, fresh.tcp_s) && is_plain(timeouts.tcp_fin_s, fresh.tcp_fin_s) &&
      is_plain(timeouts.udp_s, fresh.udp_s))
    return "";
  return fmt::format("--set {} {} {}\n", timeouts.tcp_s, timeouts.tcp_fin_s, timeouts.udp_s);
}

}  // namespace

Result<std::string> save_text(const VirtualTable& table, bool is_numeric) {
  const auto timeouts = table.timeouts();
  if (!timeouts) return failure("this cannot be saved: " + timeouts.error().message);
  std::vector<TableLine> lines = table.lines();
  std::stable_sort(lines.begin(), lines.end(), is_before);
  std::string result = timeouts_words(*timeouts);
  for (const TableLine& line : lines) {
    if (const std::string what = lost(table, line, *timeouts); !what.empty()) {
      return failure(
          fmt::format("service \"{}\" cannot be saved in ipvsadm's words, which would lose: {}; `guideway "
                      "config show` prints all there is",
                      line.service, what));
    }
    const std::string where = fmt::format("{} {}", line.protocol == Protocol::tcp ? "-t" : "-u",
                                          host_port_text(line.address.address, line.port, line.protocol, is_numeric));
    result += service_words(line, table.service(line.service), where);
    for (const ServerWords& server : servers_of(table.pool_of(line.service)))
      result += fmt::format("-a {} -r {} {}\n", where,
                            host_port_text(server.address, line.port, line.protocol, is_numeric), way_words(server));
  }
  return result;
}

}  // namespace guideway::ipvsadm
