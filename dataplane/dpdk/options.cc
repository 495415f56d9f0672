// SPDX-License-Identifier: Apache-2.0
#include "dataplane/dpdk/options.hh"

#include <net/if.h>

#include <CLI/CLI.hpp>
#include <cctype>
#include <iostream>
#include <set>
#include <sstream>

#include "ebpf/abi/limits.h"

namespace guideway {
namespace {

// As written, before it is checked.
struct Written {
  Options options;
  std::vector<std::string> ports;
  std::vector<std::string> members;
  std::string cores;
  std::string kernel_face = "gw";
  bool no_kernel_face = false;
  bool no_huge = false;
};

constexpr const char* description =
    "guideway-dpdk: Guideway's poll-mode datapath. Moves packets between the given ports by the snapshot that\n"
    "guidewayd sends through the door. Until one comes, every packet goes to the kernel.";

constexpr const char* footer =
    "Ports are numbered in the order in which they are given. Examples:\n"
    "  guideway-dpdk --port 0000:03:00.0 --workers 4\n"
    "  guideway-dpdk --port net_af_packet0,iface=eth0 --no-huge\n"
    "  guideway-dpdk --port net_bonding0,mode=1,slave=0000:03:00.0,slave=0000:03:00.1 \\\n"
    "                --member 0000:03:00.0 --member 0000:03:00.1\n"
    "The interface of a net_af_packet port must have no addresses and ARP off: the box's addresses belong on the\n"
    "kernel face. docs/datapath-dpdk.md tells the rest.";

void add_ports_and_cores(CLI::App& app, Written& written) {
  app.add_option("--port", written.ports,
                 "A port: a PCI address (0000:03:00.0) or a virtual device with its arguments "
                 "(net_af_packet0,iface=eth0). Repeat for more")
      ->required()
      ->allow_extra_args(false)
      ->type_name("SPEC");
  app.add_option("--member", written.members,
                 "A device that is no port, but member of one (net_bonding0,mode=1,slave=...). Repeat for more")
      ->allow_extra_args(false)
      ->type_name("SPEC");
  app.add_option("--workers", written.options.cores.worker_count, "Polling cores, each with a queue pair of every port")
      ->check(CLI::Range(1U, GW_WORKERS_MAX))
      ->capture_default_str()
      ->type_name("N");
  app.add_option("--cores", written.cores, "Cores for the workers, one each: 1,3-5 (default: the last ones)")
      ->type_name("LIST");
  app.add_option("--main-core", written.options.cores.main_core,
                 "Core for the door and the kernel faces (default: one without a worker, if there is any)")
      ->type_name("N");
  app.add_flag("--busy-poll", written.options.busy_poll,
               "Never sleep. Without it a worker that finds nothing for a while sleeps up to 200 us at a time");
}

void add_memory(CLI::App& app, Written& written) {
  app.add_flag("--no-huge", written.no_huge, "Do without huge pages (slower)");
  app.add_option("--memory-mb", written.options.memory_mb, "Memory for packet buffers")
      ->check(CLI::Range(32U, 1048576U))
      ->capture_default_str()
      ->type_name("N");
  app.add_option("--rx-descriptors", written.options.rx_descriptors, "Length of each receive queue")
      ->check(CLI::Range(32, 32768))
      ->capture_default_str()
      ->type_name("N");
  app.add_option("--tx-descriptors", written.options.tx_descriptors, "Length of each transmit queue")
      ->check(CLI::Range(32, 32768))
      ->capture_default_str()
      ->type_name("N");
  app.add_option("--extra-buffers", written.options.extra_buffers,
                 "Packet buffers beyond those that full queues need, for devices that keep some to themselves")
      ->check(CLI::Range(0U, 1U << 26U))
      ->capture_default_str()
      ->type_name("N");
  app.add_option("--mtu", written.options.mtu_bytes, "Largest IP packet of every port (default: the device's own)")
      ->check(CLI::Range(1280U, GW_FRAME_BYTES_MAX - 32U))
      ->type_name("BYTES");
  app.add_option("--services-max", written.options.capacities.services_max, "Most services of a snapshot")
      ->check(CLI::Range(1U, GW_SERVICES_MAX))
      ->capture_default_str()
      ->type_name("N");
  app.add_option("--backends-max", written.options.capacities.backends_max, "Most backends of a snapshot")
      ->check(CLI::Range(1U, GW_BACKENDS_MAX))
      ->capture_default_str()
      ->type_name("N");
  app.add_option("--flows-max", written.options.capacities.flows_max, "Most remembered flows a worker, 16 bytes each")
      ->check(CLI::Range(1024U, 1U << 28U))
      ->capture_default_str()
      ->type_name("N");
}

void add_doors(CLI::App& app, Written& written) {
  app.add_option("--door", written.options.door_path, "Unix socket through which guidewayd is served")
      ->capture_default_str()
      ->type_name("PATH");
  app.add_option("--kernel-face", written.kernel_face,
                 "Interfaces that the kernel keeps for the ports: a prefix (gw makes gw0, gw1 ...), or one name for "
                 "each port (edge0,edge1)")
      ->capture_default_str()
      ->type_name("NAME");
  app.add_flag("--no-kernel-face", written.no_kernel_face,
               "None: packets for the kernel are dropped, and counted as drop_kernel_full");
}

// A name that ends in a digit or stands in a list is meant as it is; anything else is a prefix.
std::vector<std::string> face_names(const std::string& text, std::size_t port_count) {
  std::vector<std::string> names;
  std::istringstream stream(text);
  for (std::string name; std::getline(stream, name, ',');) names.push_back(name);
  const bool is_prefix = names.size() == 1 && (names[0].empty() || std::isdigit(names[0].back()) == 0);
  if (!is_prefix) return names;
  const std::string prefix = names[0];
  names.clear();
  for (std::size_t i = 0; i < port_count; ++i) names.push_back(prefix + std::to_string(i));
  return names;
}

Result<void> check_face_names(const std::vector<std::string>& names, std::size_t port_count) {
  if (names.size() != port_count)
    return failure("--kernel-face names " + std::to_string(names.size()) + " interfaces for " +
                   std::to_string(port_count) + " ports: give a prefix, or one name for each port");
  for (const std::string& name : names) {
    if (name.empty() || name.size() >= IF_NAMESIZE || name.find_first_of("/ :") != std::string::npos)
      return failure("--kernel-face \"" + name + "\" is no name for an interface: 1 to 15 characters");
  }
  if (std::set<std::string>(names.begin(), names.end()).size() != names.size())
    return failure("--kernel-face names an interface twice");
  return {};
}

Result<void> read_devices(const Written& written, Options& options) {
  std::set<std::string> names;
  for (const auto& [texts, specs] :
       {std::pair(&written.ports, &options.ports), std::pair(&written.members, &options.members)}) {
    for (const std::string& text : *texts) {
      auto spec = parse_port_spec(text);
      if (!spec) return failure_of(spec);
      if (!names.insert(spec->name).second) return failure("--port or --member " + spec->name + " is given twice");
      complete(*spec, options.cores.worker_count, options.mtu_bytes);
      specs->push_back(std::move(*spec));
    }
  }
  return {};
}

Result<Options> checked(Written written) {
  Options& options = written.options;
  if (written.ports.size() > GW_PORTS_MAX)
    return failure("at most " + std::to_string(GW_PORTS_MAX) + " ports, not " + std::to_string(written.ports.size()));
  if (auto read = read_devices(written, options); !read) return failure_of(read);
  if (!written.cores.empty()) {
    auto cores = parse_core_list(written.cores);
    if (!cores) return failure_of(cores);
    options.cores.worker_cores = std::move(*cores);
  }
  options.huge_pages = !written.no_huge;
  if (written.no_kernel_face) return options;
  options.kernel_faces = face_names(written.kernel_face, options.ports.size());
  if (auto named = check_face_names(options.kernel_faces, options.ports.size()); !named) return failure_of(named);
  return options;
}

}  // namespace

Result<std::optional<Options>> parse_options(int argc, const char* const* argv) {
  Written written;
  CLI::App app(description, "guideway-dpdk");
  app.footer(footer);
  app.set_version_flag("--version", std::string("guideway-dpdk ") + GUIDEWAY_VERSION);
  app.get_formatter()->column_width(36);
  add_ports_and_cores(app, written);
  add_memory(app, written);
  add_doors(app, written);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& asked) {
    app.exit(asked);
    return std::optional<Options>{};
  } catch (const CLI::ParseError& error) {
    return failure(std::string(error.what()) + " (see --help)");
  }
  auto options = checked(std::move(written));
  if (!options) return failure_of(options);
  return std::optional(std::move(*options));
}

}  // namespace guideway
