// SPDX-License-Identifier: Apache-2.0
#include "controlplane/cli/manual.hh"

#include <sstream>

#include <fmt/core.h>

#include "controlplane/cli/command_tree.hh"

namespace guideway {
namespace {

constexpr const char* introduction =
    "guideway asks and changes a running guidewayd(8), which balances packets for service addresses over backends. "
    "A service has addresses, a port and a pool of backends; a service that lists its backends has a pool of its own "
    "name. A backend is named POOL NAME or POOL/NAME; one that was given no name is named by its address.\n\n"
    "What is changed is on disk and in use before the prompt returns, or nothing has changed and one sentence says "
    "why. Every change is kept: config history lists them, config rollback goes back. --dry-run only tells what would "
    "change; with --if-generation N a change is refused if somebody else has changed something since generation N, "
    "which status tells.\n\n"
    "Commands may be cut short as long as only one begins so: guideway back l is guideway backend list. In scripts "
    "write "
    "them out: a later version may have more of them. Options of all commands may stand anywhere on the line.";

constexpr const char* first_steps =
    "sudo guideway status\n"
    "sudo guideway service add web --address 192.0.2.10 --port 80\n"
    "sudo guideway backend add web 10.0.0.11 --name b1\n"
    "sudo guideway backend add web 10.0.0.12 --name b2\n"
    "sudo guideway service show web\n"
    "sudo guideway backend show web b1\n"
    "sudo guideway service edit web --check http:/healthz --dry-run\n"
    "sudo guideway backend drain web b1\n"
    "sudo guideway events --service web\n"
    "sudo guideway config history\n"
    "sudo guideway config rollback ID";

constexpr const char* ending =
    ".SH \"EXIT STATUS\"\n"
    "0 done; 1 refused or failed, nothing was changed; 2 the command line makes no sense; 3 guidewayd cannot be "
    "reached or did not answer.\n"
    ".SH ENVIRONMENT\n"
    "GUIDEWAY_API: the socket of guidewayd or its https address, unless \\-\\-api names it. GUIDEWAY_CERTIFICATE, "
    "GUIDEWAY_KEY, GUIDEWAY_CA: as the options of these names.\n"
    ".SH FILES\n"
    "/run/guideway/api.sock: the socket. Who may look and who may do everything is in guideway.toml(5): api_read_group "
    "and api_admin_group; api_tls opens a port of loopback to holders of certificates.\n"
    ".SH \"SEE ALSO\"\n"
    ".BR guideway.toml (5),\n"
    ".BR guidewayd (8),\n"
    ".BR guideway\\-dpdk (8),\n"
    ".BR guideway\\-xdp (8)\n";

// Text in which troff finds nothing of its own.
std::string troff(const std::string& text) {
  std::string result;
  bool is_line_begin = true;
  for (const char c : text) {
    if (is_line_begin && (c == '.' || c == '\'')) result += "\\&";
    is_line_begin = c == '\n';
    if (c == '\\')
      result += "\\e";
    else if (c == '-')
      result += "\\-";
    else
      result += c;
  }
  return result;
}

std::string paragraphs(const std::string& text) {
  std::istringstream lines(text);
  std::string result;
  for (std::string line; std::getline(lines, line);) result += line.empty() ? ".PP\n" : troff(line) + "\n";
  return result;
}

std::string verbatim(const std::string& text) { return ".PP\n.nf\n" + troff(text) + "\n.fi\n"; }

std::string option_text(const CLI::Option& option) {
  std::string names;
  for (const std::string& name : names_of(option)) names += (names.empty() ? "" : ", ") + name;
  if (takes_value(option)) names += " VALUE";
  return fmt::format(".TP\n.B {}\n{}\n", troff(names), troff(option.get_description()));
}

std::string command_text(const PlacedCommand& placed) {
  std::string line = "guideway " + placed.path;
  for (const CLI::Option* operand : operands_of(*placed.command))
    line += operand->get_required() ? " " + operand->get_name() : " [" + operand->get_name() + "]";
  std::string result = fmt::format(".SS \"{}\"\n{}\n", troff(line), troff(placed.command->get_description()));
  for (const CLI::Option* operand : operands_of(*placed.command))
    result += fmt::format(".TP\n.I {}\n{}\n", troff(operand->get_name()), troff(operand->get_description()));
  for (const CLI::Option* option : options_of(*placed.command)) {
    if (option != placed.command->get_help_ptr()) result += option_text(*option);
  }
  return result + verbatim(placed.command->get_footer());
}

}  // namespace

std::string manual_page(const CLI::App& app, const std::string& version) {
  std::string result = fmt::format(".TH GUIDEWAY 1 \"\" \"Guideway {}\" \"\"\n", version);
  result += ".SH NAME\nguideway \\- look at a load balancer and change it\n";
  result +=
      ".SH SYNOPSIS\n.B guideway\n[\\-\\-api SOCKET] [\\-\\-json] [\\-\\-columns KEYS] [\\-\\-watch [SECONDS]] COMMAND "
      "...\n";
  result += ".SH DESCRIPTION\n" + paragraphs(introduction);
  result += ".SH \"FIRST STEPS\"\n" + verbatim(first_steps);
  result += ".SH OPTIONS\nOf all commands:\n";
  for (const CLI::Option* option : options_of(app)) result += option_text(*option);
  result += ".SH COMMANDS\n";
  for (const PlacedCommand& placed : every_command(app)) {
    if (!placed.path.empty() && commands_of(*placed.command).empty()) result += command_text(placed);
  }
  return result + ending;
}

}  // namespace guideway
