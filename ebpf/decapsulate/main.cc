// SPDX-License-Identifier: Apache-2.0
// guideway-decapsulate: puts the decapsulating program on an interface, takes it off, and tells what it counted. The
// program stays when the command is done; pins in the BPF filesystem hold it.
#include <cstdarg>
#include <cstdio>
#include <limits>
#include <string>
#include <vector>

#include <bpf/libbpf.h>
#include <fmt/core.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "ebpf/decapsulate/attachment.hh"
#include "ebpf/decapsulate/outcomes.hh"
#include "ebpf/decapsulate/place.hh"
#include "ebpf/decapsulate/prefix.hh"

namespace guideway::decapsulate {
namespace {

constexpr int exit_failed = 1;
constexpr int exit_usage = 2;

struct Arguments {
  std::string interface;
  std::string bpffs = "/sys/fs/bpf";
  std::string mode = "auto";
  std::vector<std::string> allow;
  std::vector<std::string> dscp;
  std::vector<std::string> local;
  std::uint16_t gue_port = 0;
  std::uint32_t gre_key = 0;
  bool has_gre_key = false;
  bool json = false;
  bool verbose = false;
};

int complain(const std::string& message, int code = exit_failed) {
  fmt::print(stderr, "guideway-decapsulate: {}\n", message);
  return code;
}

// What is wrong with the words of the command line, or nothing.
Result<void> read_prefixes(const char* option, const std::vector<std::string>& texts, std::vector<Prefix>& into) {
  for (const std::string& text : texts) {
    const auto prefix = Prefix::parse(text);
    if (!prefix) return failure(fmt::format("{}: {}", option, prefix.error().message));
    into.push_back(*prefix);
  }
  return {};
}

Result<void> read_services(const std::vector<std::string>& texts, std::vector<DscpAddress>& into) {
  for (const std::string& text : texts) {
    const auto service = DscpAddress::parse(text);
    if (!service) return failure("--dscp: " + service.error().message);
    for (const DscpAddress& before : into) {
      if (before.dscp == service->dscp && before.address.family == service->address.family)
        return failure(fmt::format("--dscp: {} and {} are one DSCP for two addresses", before.text(), text));
    }
    into.push_back(*service);
  }
  return {};
}

Result<void> read_lists(const Arguments& arguments, AttachOptions& options) {
  if (arguments.allow.empty() && arguments.dscp.empty())
    return failure("give --allow for tunnels, or --dscp and --local for l3dsr, or all three");
  if (arguments.dscp.empty() != arguments.local.empty())
    return failure(arguments.dscp.empty() ? "--local needs --dscp, which says what to restore"
                                          : "--dscp needs --local, which says what the balancers send to");
  if (auto done = read_prefixes("--allow", arguments.allow, options.allow); !done) return done;
  if (auto done = read_prefixes("--local", arguments.local, options.local); !done) return done;
  return read_services(arguments.dscp, options.services);
}

int run_attach(const Place& place, const Arguments& arguments) {
  AttachOptions options;
  options.mode = arguments.mode == "xdp" ? Mode::xdp : arguments.mode == "tc" ? Mode::tc : Mode::automatic;
  options.gue_port = arguments.gue_port;
  if (arguments.has_gre_key) options.gre_key = arguments.gre_key;
  if (const auto read = read_lists(arguments, options); !read) return complain(read.error().message, exit_usage);
  const auto attached = attach(place, options);
  if (!attached) return complain(attached.error().message);
  fmt::print("attached to {} ({})\n", place.interface, mode_name(attached->mode));
  if (!attached->why_not_native.empty()) fmt::print("not as native XDP: {}\n", attached->why_not_native);
  return 0;
}

int run_detach(const Place& place) {
  if (const auto done = detach(place); !done) return complain(done.error().message);
  fmt::print("detached from {}\n", place.interface);
  return 0;
}

nlohmann::json as_json(const Place& place, const Status& found) {
  nlohmann::json counted = nlohmann::json::object();
  for (std::size_t number = 0; number < found.outcomes.size(); number++)
    counted[std::string(outcomes()[number].name)] = found.outcomes[number];
  const auto& settings = found.attachment.settings;
  return {{"interface", place.interface},
          {"mode", mode_name(found.attachment.mode)},
          {"attached", found.alive},
          {"allow", found.allow},
          {"dscp", found.services},
          {"local", found.local},
          {"gue_port", settings.gue_port == 0 ? nlohmann::json() : nlohmann::json(settings.gue_port)},
          {"gre_key", settings.has_gre_key == 0 ? nlohmann::json() : nlohmann::json(settings.gre_key)},
          {"received", found.received_packets},
          {"outcomes", counted}};
}

std::string joined(const std::vector<std::string>& words) {
  std::string all;
  for (const std::string& word : words) all += (all.empty() ? "" : ", ") + word;
  return all.empty() ? "nothing" : all;
}

int run_status(const Place& place, const Arguments& arguments) {
  const auto found = status(place);
  if (!found) return complain(found.error().message);
  if (arguments.json) {
    fmt::print("{}\n", as_json(place, *found).dump(2));
    return 0;
  }
  const auto& settings = found->attachment.settings;
  fmt::print("{}: {}{}\n", place.interface, mode_name(found->attachment.mode),
             found->alive ? "" : "; but somebody took the program off: detach, then attach again");
  fmt::print("tunnels from {}; GUE {}; GRE {}\n", joined(found->allow),
             settings.gue_port == 0 ? "off" : fmt::format("on port {}", settings.gue_port),
             settings.has_gre_key == 0 ? "without key" : fmt::format("with key {}", settings.gre_key));
  fmt::print("l3dsr {}, to {}\n", joined(found->services), joined(found->local));
  fmt::print("{:<22} {:>14}\n", "received", found->received_packets);
  for (std::size_t number = 0; number < found->outcomes.size(); number++) {
    const Outcome& outcome = outcomes()[number];
    fmt::print("{:<22} {:>14}  {}\n", outcome.name, found->outcomes[number], outcome.meaning);
  }
  return 0;
}

void add_commands(CLI::App& app, Arguments& arguments) {
  app.require_subcommand(1);
  app.set_version_flag("--version", GUIDEWAY_VERSION);
  auto* attach = app.add_subcommand("attach", "Put the program on an interface");
  auto* detach = app.add_subcommand("detach", "Take it off; nothing stays behind");
  auto* status = app.add_subcommand("status", "Tell how it is attached and what it counted");
  for (auto* command : {attach, detach, status}) {
    command->add_option("--interface", arguments.interface, "The interface that outer packets come in by")->required();
    command->add_option("--bpffs", arguments.bpffs, "Where the BPF filesystem is mounted")->capture_default_str();
    command->add_flag("--verbose", arguments.verbose, "Print what libbpf and the verifier say");
  }
  attach->add_option("--mode", arguments.mode, "xdp: native, else generic; tc: tc ingress; auto: native XDP, else tc")
      ->check(CLI::IsMember({"auto", "xdp", "tc"}))
      ->capture_default_str();
  attach->add_option("--allow", arguments.allow,
                     "Outer sources that tunnels are let in from: the balancers' (may be repeated)");
  attach->add_option("--dscp", arguments.dscp, "l3dsr: DSCP=ADDRESS of a service (may be repeated)");
  attach->add_option("--local", arguments.local, "l3dsr: this backend's addresses, which the balancers send to");
  attach->add_option("--gue-port", arguments.gue_port, "Take GUE off UDP packets to this port")
      ->check(CLI::Range(1, 65535));
  attach->add_option("--gre-key", arguments.gre_key, "Take GRE off packets with this key, and no other")
      ->check(CLI::Range(std::uint32_t{0}, std::numeric_limits<std::uint32_t>::max()))
      ->each([&arguments](const std::string&) { arguments.has_gre_key = true; });
  status->add_flag("--json", arguments.json, "Print JSON, for programs");
}

int print_libbpf(libbpf_print_level, const char* format, va_list values) {
  return std::vfprintf(stderr, format, values);
}

int run(int count, char** words) {
  Arguments arguments;
  CLI::App app("Takes IP-in-IP, GUE and GRE off what Guideway sends to this backend, and restores l3dsr",
               "guideway-decapsulate");
  add_commands(app, arguments);
  try {
    app.parse(count, words);
  } catch (const CLI::Success& asked) {
    return app.exit(asked);
  } catch (const CLI::Error& error) {
    return complain(fmt::format("{} (try --help)", error.what()), exit_usage);
  }
  libbpf_set_print(arguments.verbose ? print_libbpf : nullptr);
  const auto place = find_place(arguments.interface, arguments.bpffs);
  if (!place) return complain(place.error().message);
  if (app.got_subcommand("attach")) return run_attach(*place, arguments);
  if (app.got_subcommand("detach")) return run_detach(*place);
  return run_status(*place, arguments);
}

}  // namespace
}  // namespace guideway::decapsulate

int main(int count, char** words) { return guideway::decapsulate::run(count, words); }
