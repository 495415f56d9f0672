// SPDX-License-Identifier: Apache-2.0
// Options to requests.
#include <array>
#include <charconv>
#include <string_view>
#include <utility>

#include <fmt/core.h>

#include "controlplane/cli/ipvsadm/host_port.hh"
#include "controlplane/cli/ipvsadm/options.hh"
#include "controlplane/cli/ipvsadm/request.hh"

namespace guideway::ipvsadm {
namespace {

constexpr std::uint32_t weight_max = 65535;
constexpr std::uint32_t timeout_s_max = 7 * 24 * 3600;

Result<std::uint32_t> number(const std::string& text, std::string_view what, std::uint32_t low, std::uint32_t high) {
  std::uint32_t value = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || problem != std::errc{} || end != text.data() + text.size() || value < low || value > high)
    return failure(fmt::format("{} \"{}\" is not a number from {} to {}", what, text, low, high));
  return value;
}

Result<VirtualKey> read_key(const CommandLine& line) {
  if (line.has(Option::tcp_service) && line.has(Option::udp_service))
    return failure("-t and -u name two services; give one");
  const bool is_tcp = line.has(Option::tcp_service);
  if (!is_tcp && !line.has(Option::udp_service)) return failure("the service is missing; name it with -t or -u");
  const Protocol protocol = is_tcp ? Protocol::tcp : Protocol::udp;
  const std::string text = line.value(is_tcp ? Option::tcp_service : Option::udp_service);
  const auto where = parse_host_port(text, protocol);
  if (!where) return failure_of(where);
  if (!where->port) return failure(fmt::format("the service \"{}\" has no port; add one, or :0 for every port", text));
  return VirtualKey{protocol, where->address, *where->port};
}

Result<std::uint8_t> read_netmask(const std::string& text, Family family) {
  if (family == Family::ipv6) {
    const auto bits = number(text, "the prefix length", 1, 128);
    if (!bits) return failure_of(bits);
    return static_cast<std::uint8_t>(*bits);
  }
  const auto mask = IpAddress::parse(text);
  std::uint32_t word = 0;
  if (mask && mask->family == Family::ipv4) {
    for (std::size_t i = 0; i < 4; ++i) word = word << 8U | mask->bytes[i];
  }
  std::uint8_t bits = 0;
  while (bits < 32 && (word >> (31U - bits) & 1U) != 0) ++bits;
  if (bits == 0 || (bits < 32 && word << bits != 0))
    return failure(fmt::format("\"{}\" is not a netmask such as 255.255.255.0", text));
  return bits;
}

// Persistence is the scheduler source here: a client's backend comes from its address alone.
Result<void> read_persistence(const CommandLine& line, ServiceWords& words) {
  const bool is_persistent = line.has(Option::persistent);
  if (line.has(Option::netmask) && !is_persistent) return failure("-M goes with -p");
  if (!is_persistent) return {};
  if (!line.value(Option::persistent).empty())
    return failure(
        "-p takes no time here: a client stays with its backend for as long as the backends stay the same; leave the "
        "number out");
  if (words.scheduler != Scheduler::source) {
    return failure(
        fmt::format("-p goes with -s sh only: a client is sent by its address, so that \"{}\" would have no "
                    "say; write -s sh -p",
                    word_of(words.scheduler)));
  }
  if (!line.has(Option::netmask)) return {};
  const auto bits = read_netmask(line.value(Option::netmask), words.key.address.family);
  if (!bits) return failure_of(bits);
  if (*bits != AddressPrefix::bits_of(words.key.address.family)) words.source_bits = *bits;
  return {};
}

// Flags that say what the schedulers do anyway.
Result<void> read_flags(const std::string& flags, Scheduler scheduler) {
  std::string_view rest = flags;
  while (!rest.empty()) {
    const std::size_t comma = rest.find(',');
    const std::string_view flag = rest.substr(0, comma);
    const bool is_maglev = scheduler == Scheduler::maglev && (flag == "mh-port" || flag == "mh-fallback");
    const bool is_source = scheduler == Scheduler::source && flag == "sh-fallback";
    if (!is_maglev && !is_source) {
      return failure(
          fmt::format("the scheduler flag \"{}\" does not go with {}: mh always does what mh-port and mh-fallback say, "
                      "sh what sh-fallback says, and there are no others",
                      flag, word_of(scheduler)));
    }
    rest = comma == std::string_view::npos ? "" : rest.substr(comma + 1);
  }
  return {};
}

Result<ServiceWords> read_service(const CommandLine& line) {
  ServiceWords words;
  const auto key = read_key(line);
  if (!key) return failure_of(key);
  words.key = *key;
  if (line.has(Option::scheduler)) {
    const auto scheduler = scheduler_of(line.value(Option::scheduler));
    if (!scheduler) return failure_of(scheduler);
    words.scheduler = *scheduler;
  }
  if (auto read = read_persistence(line, words); !read) return failure_of(read);
  if (auto read = read_flags(line.value(Option::scheduler_flags), words.scheduler); !read) return failure_of(read);
  words.one_packet = line.has(Option::one_packet);
  if (words.one_packet && words.key.protocol != Protocol::udp) return failure("-o is only for UDP services");
  return words;
}

Result<void> read_tunnel(const CommandLine& line, ServerWords& words) {
  const std::string type = line.has(Option::tunnel_type) ? line.value(Option::tunnel_type) : "ipip";
  if (type != "ipip" && type != "gue" && type != "gre")
    return failure(fmt::format("--tun-type \"{}\" is none of ipip, gue and gre", type));
  words.forward = type == "gue" ? Forward::gue : (type == "gre" ? Forward::gre : Forward::ipip);
  if (type == "gue" && !line.has(Option::tunnel_port)) return failure("--tun-type gue goes with --tun-port");
  if (type != "gue" && line.has(Option::tunnel_port))
    return failure(fmt::format("--tun-port does not go with --tun-type {}", type));
  if (type == "ipip" && line.has(Option::tunnel_no_checksum))
    return failure("--tun-nocsum does not go with --tun-type ipip");
  if (type != "gue") return {};
  const auto port = number(line.value(Option::tunnel_port), "--tun-port", 1, 65535);
  if (!port) return failure_of(port);
  words.gue_port = static_cast<std::uint16_t>(*port);
  return {};
}

Result<void> read_thresholds(const CommandLine& line) {
  for (const Option option : {Option::upper_threshold, Option::lower_threshold}) {
    if (!line.has(option)) continue;
    const auto value = number(line.value(option), "the threshold", 0, 65535);
    if (!value) return failure_of(value);
    if (*value != 0)
      return failure(
          "-x and -y other than 0 are refused: connections of a server are not counted, since replies do not come this "
          "way; limit new flows of the service instead (new_flows_per_second)");
  }
  return {};
}

Result<IpAddress> read_server_address(const CommandLine& line, const VirtualKey& key) {
  if (!line.has(Option::real_server)) return failure("the server is missing; name it with -r");
  const auto where = parse_host_port(line.value(Option::real_server), key.protocol);
  if (!where) return failure_of(where);
  if (where->port && *where->port != key.port) {
    return failure(
        fmt::format("the server's port {} is not the service's: packets keep their port, so leave it out or "
                    "say {}",
                    *where->port, key.port));
  }
  return where->address;
}

Result<ServerWords> read_server(const CommandLine& line, const VirtualKey& key) {
  ServerWords words;
  const auto address = read_server_address(line, key);
  if (!address) return failure_of(address);
  words.address = *address;
  if (line.has(Option::weight)) {
    const auto weight = number(line.value(Option::weight), "the weight", 0, weight_max);
    if (!weight) return failure_of(weight);
    words.weight = *weight;
  }
  if (auto read = read_thresholds(line); !read) return failure_of(read);
  if (line.has(Option::gatewaying) && line.has(Option::tunnel)) return failure("-g and -i are two ways; give one");
  if (line.has(Option::tunnel)) {
    if (auto read = read_tunnel(line, words); !read) return failure_of(read);
  } else if (line.has(Option::tunnel_type) || line.has(Option::tunnel_port) || line.has(Option::tunnel_no_checksum)) {
    return failure("options of a tunnel go with -i");
  }
  return words;
}

Result<Request> read_list(const CommandLine& line) {
  List list;
  std::size_t kinds = line.has(Option::connections) ? 1 : 0;
  for (const auto& [option, columns] :
       {std::pair{Option::statistics, Columns::statistics}, std::pair{Option::rates, Columns::rates},
        std::pair{Option::thresholds, Columns::thresholds},
        std::pair{Option::persistent_connections, Columns::persistent_connections},
        std::pair{Option::tunnel_info, Columns::tunnel_info}, std::pair{Option::timeouts, Columns::timeouts}}) {
    if (!line.has(option)) continue;
    list.columns = columns;
    ++kinds;
  }
  if (kinds > 1)
    return failure(
        "-c, --stats, --rate, --thresholds, --persistent-conn, --tun-info and --timeout are "
        "different lists; give one");
  if (line.has(Option::connections))
    return failure(
        "-c is refused: a flow is remembered only where the hash alone would not find its backend again, so "
        "that there is no list of connections; `guideway explain` tells the backend of any flow");
  list.is_numeric = line.has(Option::numeric);
  list.is_sorted = !line.has(Option::no_sort);
  list.is_exact = line.has(Option::exact);
  if (!line.has(Option::tcp_service) && !line.has(Option::udp_service)) return Request(list);
  if (list.columns == Columns::timeouts) return failure("--timeout is of all services; name none");
  const auto key = read_key(line);
  if (!key) return failure_of(key);
  list.only = *key;
  return Request(list);
}

Result<Request> read_timeouts(const std::vector<std::string>& values) {
  std::array<std::uint32_t, 3> seconds{};
  for (std::size_t i = 0; i < seconds.size(); ++i) {
    const auto value = number(values.at(i), "the timeout", 0, timeout_s_max);
    if (!value) return failure_of(value);
    seconds.at(i) = *value;
  }
  return Request(Change(SetTimeouts{{seconds[0], seconds[1], seconds[2]}}));
}

Result<Request> read_service_command(const CommandLine& line) {
  const auto words = read_service(line);
  if (!words) return failure_of(words);
  return Request(line.command == Option::add_service ? Change(AddService{*words}) : Change(EditService{*words}));
}

Result<Request> read_server_command(const CommandLine& line) {
  const auto key = read_key(line);
  if (!key) return failure_of(key);
  if (line.command == Option::delete_service) return Request(Change(DeleteService{*key}));
  if (line.command == Option::delete_server) {
    const auto address = read_server_address(line, *key);
    if (!address) return failure_of(address);
    return Request(Change(DeleteServer{*key, *address}));
  }
  const auto words = read_server(line, *key);
  if (!words) return failure_of(words);
  return Request(line.command == Option::add_server ? Change(AddServer{*key, *words})
                                                    : Change(EditServer{*key, *words}));
}

Result<Request> read_zero(const CommandLine& line) {
  if (!line.has(Option::tcp_service) && !line.has(Option::udp_service)) return Request(Zero{});
  const auto key = read_key(line);
  if (!key) return failure_of(key);
  return Request(Zero{*key});
}

}  // namespace

Result<Request> read_request(const std::vector<std::string>& words) {
  const auto line = parse_options(words);
  if (!line) return failure_of(line);
  switch (line->command) {
    case Option::add_service:
    case Option::edit_service:
      return read_service_command(*line);
    case Option::delete_service:
    case Option::add_server:
    case Option::edit_server:
    case Option::delete_server:
      return read_server_command(*line);
    case Option::clear:
      return Request(Change(Clear{}));
    case Option::set_timeouts:
      return read_timeouts(line->options.at(Option::set_timeouts));
    case Option::zero:
      return read_zero(*line);
    case Option::save:
      return Request(Save{line->has(Option::numeric)});
    case Option::restore:
      return Request(Restore{line->has(Option::clear)});
    case Option::help:
      return Request(Help{});
    case Option::version:
      return Request(Version{});
    default:
      return read_list(*line);
  }
}

}  // namespace guideway::ipvsadm
