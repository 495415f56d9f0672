// SPDX-License-Identifier: Apache-2.0
#include "dataplane/xdp_datapath/options.hh"

#include <net/if.h>

#include <CLI/CLI.hpp>
#include <set>

#include "ebpf/abi/limits.h"

namespace guideway {
namespace {

constexpr const char* description =
    "guideway-xdp: Guideway's datapath for interfaces that stay in the kernel. Loads an XDP program that moves "
    "packets\n"
    "by the snapshot that guidewayd sends through the door. Until one comes, every packet goes to the kernel.";

constexpr const char* footer =
    "Ports are numbered in the order in which they are given. Examples:\n"
    "  guideway-xdp --interface eth0\n"
    "  guideway-xdp --interface eth0 --interface eth1 --native\n"
    "  guideway-xdp detach\n"
    "SIGTERM takes the program off. SIGUSR2 ends the process and leaves the program at work for the next one, as does\n"
    "kill -9. docs/datapath-xdp.md tells the rest.";

void add_interfaces(CLI::App& app, XdpDatapathOptions& options) {
  app.add_option("--interface", options.interfaces,
                 "An interface to balance on. With one, packets leave as they came; with more, by the backend's port")
      ->allow_extra_args(false)
      ->type_name("NAME");
  auto* native = app.add_flag_callback(
      "--native", [&options] { options.mode = XdpMode::native; },
      "In the driver or not at all (default: native, and generic with a warning where that fails)");
  auto* generic = app.add_flag_callback(
      "--generic", [&options] { options.mode = XdpMode::generic; }, "Behind the driver, on socket buffers: slow");
  native->excludes(generic);
}

void add_places(CLI::App& app, XdpDatapathOptions& options) {
  app.add_option("--door", options.door_path, "Unix socket through which guidewayd is served")
      ->capture_default_str()
      ->type_name("PATH");
  app.add_option("--pins", options.pin_directory, "Directory in a BPF filesystem: what outlives the process")
      ->capture_default_str()
      ->type_name("DIR");
}

void add_capacities(CLI::App& app, Capacities& capacities) {
  app.add_option("--services-max", capacities.services_max, "Most services of a snapshot")
      ->check(CLI::Range(1U, GW_SERVICES_MAX))
      ->capture_default_str()
      ->type_name("N");
  app.add_option("--backends-max", capacities.backends_max, "Most backends of a snapshot")
      ->check(CLI::Range(1U, GW_BACKENDS_MAX))
      ->capture_default_str()
      ->type_name("N");
  app.add_option("--flows-max", capacities.flows_max, "Most remembered flows a worker (a CPU), 16 bytes each")
      ->check(CLI::Range(1024U, 1U << 24U))
      ->capture_default_str()
      ->type_name("N");
}

Result<void> check(const XdpDatapathOptions& options) {
  if (options.command == XdpCommand::detach) return {};
  if (options.interfaces.empty()) return failure("--interface is required (see --help)");
  if (options.interfaces.size() > GW_PORTS_MAX)
    return failure("at most " + std::to_string(GW_PORTS_MAX) + " interfaces, not " +
                   std::to_string(options.interfaces.size()));
  std::set<std::string> names;
  for (const std::string& name : options.interfaces) {
    if (name.empty() || name.size() >= IF_NAMESIZE)
      return failure("--interface \"" + name + "\" is no name of an interface: 1 to 15 characters");
    if (!names.insert(name).second) return failure("--interface " + name + " is given twice");
  }
  return {};
}

}  // namespace

Result<std::optional<XdpDatapathOptions>> parse_options(int argc, const char* const* argv) {
  XdpDatapathOptions options;
  CLI::App app(description, "guideway-xdp");
  app.footer(footer);
  app.set_version_flag("--version", std::string("guideway-xdp ") + GUIDEWAY_VERSION);
  app.get_formatter()->column_width(36);
  add_interfaces(app, options);
  add_places(app, options);
  add_capacities(app, options.capacities);
  app.add_subcommand("detach", "Take the program off every interface; nothing stays behind")
      ->fallthrough()
      ->callback([&options] { options.command = XdpCommand::detach; });
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& asked) {
    app.exit(asked);
    return std::optional<XdpDatapathOptions>{};
  } catch (const CLI::ParseError& error) {
    return failure(std::string(error.what()) + " (see --help)");
  }
  if (auto checked = check(options); !checked) return failure_of(checked);
  return std::optional(std::move(options));
}

}  // namespace guideway
