// SPDX-License-Identifier: Apache-2.0
#include "controlplane/cli/ipvsadm/listing.hh"

#include <algorithm>
#include <vector>

#include <fmt/core.h>

#include "controlplane/cli/field.hh"
#include "controlplane/cli/ipvsadm/host_port.hh"
#include "controlplane/config/words.hh"

namespace guideway::ipvsadm {
namespace {

using nlohmann::json;

bool counts_traffic(Columns columns) { return columns == Columns::statistics || columns == Columns::rates; }

std::string title(Columns columns) {
  const std::string service = "Prot LocalAddress:Port";
  const std::string server = "  -> RemoteAddress:Port";
  switch (columns) {
    case Columns::statistics:
      return fmt::format("{:<33} {:>8} {:>8} {:>8} {:>8} {:>8}\n{}\n", service, "Conns", "InPkts", "OutPkts", "InBytes",
                         "OutBytes", server);
    case Columns::rates:
      return fmt::format("{:<33} {:>8} {:>8} {:>8} {:>8} {:>8}\n{}\n", service, "CPS", "InPPS", "OutPPS", "InBPS",
                         "OutBPS", server);
    case Columns::thresholds:
      return fmt::format("{:<33} {:<10} {:<10} {:<10} {:<10}\n{}\n", service, "Uthreshold", "Lthreshold", "ActiveConn",
                         "InActConn", server);
    case Columns::persistent_connections:
      return fmt::format("{:<33} {:<9} {:<11} {:<10} {:<10}\n{}\n", service, "Weight", "PersistConn", "ActiveConn",
                         "InActConn", server);
    case Columns::tunnel_info:
      return service + " Scheduler Flags\n" + server + "           Forward TunnelInfo    Weight ActiveConn InActConn\n";
    default:
      return service + " Scheduler Flags\n" + server + "           Forward Weight ActiveConn InActConn\n";
  }
}

std::string_view forward_word(Forward forward) {
  if (is_tunnel(forward)) return "Tunnel";
  return forward == Forward::l3dsr ? "L3dsr" : "Route";
}

// "gue:6080:-c": without a checksum of its own.
std::string tunnel_text(const ServerWords& server) {
  if (server.forward == Forward::gue) return fmt::format("gue:{}:-c", server.gue_port);
  if (server.forward == Forward::gre) return "gre:-c";
  return server.forward == Forward::ipip ? "ipip" : "n/a";
}

// There are no packets of replies: they go past the balancer.
std::string traffic(const Count& count, bool is_exact, bool are_packets_exact) {
  std::string result;
  for (const std::uint64_t number : {count.connections, count.packets, std::uint64_t{0}})
    result += large_number(number, is_exact || are_packets_exact);
  for (const std::uint64_t number : {count.bytes, std::uint64_t{0}}) result += large_number(number, is_exact);
  return result;
}

std::string server_columns(Columns columns, const ServerWords& server, const Count& count, bool is_exact) {
  switch (columns) {
    case Columns::statistics:
      return traffic(count, is_exact, false);
    case Columns::rates:
      return traffic(count, is_exact, true);  // as ipvsadm has it: of servers only
    case Columns::thresholds:
      return fmt::format(" {:<10} {:<10} {:<10} {:<10}", 0, 0, count.remembered, 0);
    case Columns::persistent_connections:
      return fmt::format(" {:<9} {:<11} {:<10} {:<10}", server.weight, 0, count.remembered, 0);
    case Columns::tunnel_info:
      return fmt::format(" {:<7} {:<13} {:<6} {:<10} {:<10}", forward_word(server.forward), tunnel_text(server),
                         server.weight, count.remembered, 0);
    default:
      return fmt::format(" {:<7} {:<6} {:<10} {:<10}", forward_word(server.forward), server.weight, count.remembered,
                         0);
  }
}

// Prefixes and ranges have no form in ipvsadm; they are shown as the configuration writes them.
std::string plain_text(const AddressPrefix& address, const TableLine& line) {
  const std::string port = line.port_range.empty() ? fmt::format("{}", line.port) : line.port_range;
  const std::string host = address.text();
  return (address.address.family == Family::ipv6 ? "[" + host + "]:" : host + ":") + port;
}

std::string where_text(const AddressPrefix& address, const TableLine& line, bool is_numeric) {
  if (!address.is_one_address() || !line.port_range.empty()) return plain_text(address, line);
  return host_port_text(address.address, line.port, line.protocol, is_numeric);
}

std::string flags_text(const TableLine& line, const json& service) {
  const ServiceWords words = words_of(line.key(), service);
  std::string result;
  if (words.source_bits)
    result += fmt::format(" mask {}", netmask_text(line.address.address.family, *words.source_bits));
  return words.one_packet ? result + " ops" : result;
}

std::string service_text(const VirtualTable& table, const Counters& counters, const List& list, const TableLine& line) {
  const json& service = table.service(line.service);
  const std::string where = fmt::format("{:<4} {}", line.protocol == Protocol::tcp ? "TCP" : "UDP",
                                        where_text(line.address, line, list.is_numeric));
  std::string result =
      counts_traffic(list.columns)
          ? fmt::format("{:<33}{}\n", where, traffic(counters.of_service(line.service), list.is_exact, false))
          : fmt::format("{} {}{}\n", where, word_of(words_of(line.key(), service).scheduler),
                        flags_text(line, service));
  const json& pool = table.pool_of(line.service);
  std::vector<std::pair<ServerWords, std::string>> servers;
  for (const json& backend : list_field(pool, "backends"))
    servers.emplace_back(words_of(backend), text_field(backend, "name"));
  if (list.is_sorted) {
    std::stable_sort(servers.begin(), servers.end(),
                     [](const auto& one, const auto& other) { return one.first.address < other.first.address; });
  }
  for (const auto& [server, name] : servers) {
    result += fmt::format(
        "  -> {:<28}{}\n", where_text(server.address, line, list.is_numeric),
        server_columns(list.columns, server, counters.of_backend(text_field(pool, "name"), name), list.is_exact));
  }
  return result;
}

// The version of the tables, not of Guideway: scripts read it. The size is that of the largest Maglev table, which is
// looked up here where IPVS looks up its connections.
std::string first_line(const VirtualTable& table) {
  std::uint64_t slots = 0;
  for (const TableLine& line : table.lines())
    slots = std::max(slots, count_field(table.service(line.service), "table_slots"));
  return fmt::format("IP Virtual Server version 1.2.1 (size={})\n", slots == 0 ? ServiceConfig{}.table_slots : slots);
}

Result<std::string> timeouts_text(const VirtualTable& table) {
  const auto common = table.timeouts();
  if (!common) return failure_of(common);
  const Timeouts fresh = default_timeouts();
  return fmt::format("Timeout (tcp tcpfin udp): {} {} {}\n", common->tcp_s == 0 ? fresh.tcp_s : common->tcp_s,
                     common->tcp_fin_s == 0 ? fresh.tcp_fin_s : common->tcp_fin_s,
                     common->udp_s == 0 ? fresh.udp_s : common->udp_s);
}

}  // namespace

std::string large_number(std::uint64_t number, bool is_exact) {
  if (is_exact) return fmt::format(" {:>8}", number);
  if (number < 100'000'000) return fmt::format("{:>9}", number);
  if (number < 1'000'000'000) return fmt::format("{:>8}K", number / 1000);
  if (number < 100'000'000'000) return fmt::format("{:>8}M", number / 1'000'000);
  if (number < 100'000'000'000'000) return fmt::format("{:>8}G", number / 1'000'000'000);
  return fmt::format("{:>8}T", number / 1'000'000'000'000);
}

Result<std::string> list_text(const VirtualTable& table, const Counters& counters, const List& list) {
  if (list.columns == Columns::timeouts) return timeouts_text(table);
  if (list.only) {
    const auto line = table.find(*list.only);
    if (!line) return failure_of(line);
    return title(list.columns) + service_text(table, counters, list, *line);
  }
  std::vector<TableLine> lines = table.lines();
  if (list.is_sorted) std::stable_sort(lines.begin(), lines.end(), is_before);
  std::string result = first_line(table) + title(list.columns);
  for (const TableLine& line : lines) result += service_text(table, counters, list, line);
  return result;
}

}  // namespace guideway::ipvsadm
