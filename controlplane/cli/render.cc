// SPDX-License-Identifier: Apache-2.0
#include "controlplane/cli/render.hh"

#include <map>

#include <fmt/core.h>

#include "controlplane/cli/backend_words.hh"
#include "controlplane/cli/field.hh"
#include "controlplane/cli/text_table.hh"
#include "controlplane/config/duration.hh"

namespace guideway {
namespace {

using nlohmann::json;

std::string port_text(const json& object) {
  const std::string port = text_field(object, "port");
  return port == "0" ? "any" : port;
}

std::string joined(const json& list) {
  std::string result;
  for (const json& item : list)
    result += (result.empty() ? "" : ", ") + (item.is_string() ? item.get<std::string>() : item.dump());
  return result.empty() ? "-" : result;
}

std::string datapath_text(const json& datapath) {
  if (!flag_field(datapath, "connected")) return "not connected";
  std::string result = fmt::format("{}, {} worker{}", text_field(datapath, "name"), text_field(datapath, "workers"),
                                   count_field(datapath, "workers") == 1 ? "" : "s");
  for (const json& port : list_field(datapath, "ports"))
    result += fmt::format("\n              port {}: {}, {}, kernel face {}", text_field(port, "number"),
                          text_field(port, "name"), text_field(port, "mac"), text_field(port, "kernel_face"));
  return result;
}

std::string timeout_text(const json& service, const char* key) {
  const std::uint64_t timeout_ms = count_field(service, key);
  return timeout_ms > 0 && timeout_ms <= UINT32_MAX ? duration_text(static_cast<std::uint32_t>(timeout_ms)) : "-";
}

// Below the table, since a sentence would make it too wide; once for all backends that share it.
std::string details_text(const json& backends) {
  std::map<std::string, std::string> names_by_detail;
  for (const json& backend : backends) {
    for (const std::string& detail : {layers_text(backend), text_field(backend, "detail")}) {
      if (detail == "-" || detail.empty()) continue;
      std::string& names = names_by_detail[detail];
      names +=
          fmt::format("{}{}/{}", names.empty() ? "" : ", ", text_field(backend, "pool"), text_field(backend, "name"));
    }
  }
  std::string result;
  for (const auto& [detail, names] : names_by_detail) result += fmt::format("{}: {}\n", names, detail);
  return result.empty() ? result : "\n" + result;
}

}  // namespace

std::string status_text(const json& status) {
  std::string result =
      fmt::format("Guideway {}, up {}\n", text_field(status, "version"), time_text(count_field(status, "uptime_s")));
  result += fmt::format("configuration {}, generation {}\n", text_field(status, "config_file"),
                        text_field(status, "generation"));
  result += fmt::format("datapath      {}\n", datapath_text(object_field(status, "datapath")));
  result += fmt::format("services      {}\n", text_field(status, "services"));
  result += fmt::format("backends      {}, {} up\n", text_field(status, "backends"), text_field(status, "backends_up"));
  result += fmt::format("moving slots  {}\n", text_field(status, "moving_slots"));
  return result + warnings_text(status);
}

std::string warnings_text(const json& answer) {
  std::string result;
  for (const json& warning : list_field(answer, "warnings"))
    result += fmt::format("warning: {}\n", warning.is_string() ? warning.get<std::string>() : warning.dump());
  return result;
}

std::string services_text(const json& services) {
  TextTable table({{"NAME"},
                   {"ADDRESSES"},
                   {"PORT", right},
                   {"PROTOCOL"},
                   {"POOL"},
                   {"SCHEDULER"},
                   {"UP", right},
                   {"PACKETS", right},
                   {"BYTES", right}});
  for (const json& service : list_field(services, "services")) {
    table.add_row({text_field(service, "name"), joined(list_field(service, "addresses")), port_text(service),
                   text_field(service, "protocol"), text_field(service, "pool"), text_field(service, "scheduler"),
                   fmt::format("{}/{}", count_field(service, "backends_up"), count_field(service, "backends")),
                   text_field(service, "packets"), bytes_text(count_field(service, "bytes"))});
  }
  return table.empty() ? "There is no service; add one with `guideway service add`.\n" : table.text();
}

std::string backends_text(const json& backends) {
  TextTable table({{"POOL"},
                   {"NAME"},
                   {"ADDRESS"},
                   {"WEIGHT", right},
                   {"FORWARD"},
                   {"STATE"},
                   {"SHARE", right},
                   {"CHECK"},
                   {"NEXT HOP"},
                   {"OPENED", right},
                   {"PACKETS", right},
                   {"BYTES", right}});
  for (const json& backend : list_field(backends, "backends")) {
    table.add_row({text_field(backend, "pool"), text_field(backend, "name"), text_field(backend, "address"),
                   text_field(backend, "weight"), forward_text(backend), state_text(backend), share_text(backend),
                   check_text(backend), next_hop_text(backend), text_field(backend, "opened"),
                   text_field(backend, "packets"), bytes_text(count_field(backend, "bytes"))});
  }
  if (table.empty()) return "There is no backend; add one with `guideway backend add`.\n";
  return table.text() + details_text(list_field(backends, "backends"));
}

namespace {

std::string timeouts_text(const json& service) {
  const std::string protocol = text_field(service, "protocol");
  std::string result = fmt::format("{} idle, {} opening", timeout_text(service, "idle_timeout_ms"),
                                   timeout_text(service, "opening_timeout_ms"));
  if (protocol.find("tcp") != std::string::npos)
    result += fmt::format(", {} closing", timeout_text(service, "closing_timeout_ms"));
  if (protocol == "tcp+udp")
    result += fmt::format("; UDP {} idle, {} opening", timeout_text(service, "udp_idle_timeout_ms"),
                          timeout_text(service, "udp_opening_timeout_ms"));
  return result;
}

std::string scheduler_text(const json& service) {
  const std::string bits = service.contains("source_bits_ipv4")
                               ? fmt::format(" (/{} and /{})", text_field(service, "source_bits_ipv4"),
                                             text_field(service, "source_bits_ipv6"))
                               : "";
  return fmt::format("{}{}, when none accepts: {}", text_field(service, "scheduler"), bits,
                     text_field(service, "policy"));
}

// The lines that only some services have.
std::string further_text(const json& service) {
  std::string result;
  if (text_field(service, "protocol").find("udp") != std::string::npos)
    result += fmt::format("udp         {}\n", text_field(service, "udp"));
  if (service.contains("dscp")) result += fmt::format("dscp        {}\n", text_field(service, "dscp"));
  const std::size_t allowed = list_field(service, "allow").size();
  const std::size_t denied = list_field(service, "deny").size();
  if (allowed + denied != 0)
    result += fmt::format("access      {} prefixes allowed, {} denied, all others {}\n", allowed, denied,
                          allowed != 0 ? "denied" : "allowed");
  if (service.contains("new_flows_per_second"))
    result += fmt::format("new flows   {} a second, {} at once\n", text_field(service, "new_flows_per_second"),
                          text_field(service, "new_flows_burst"));
  if (service.contains("source_flows_per_second"))
    result += fmt::format("a source    {} new flows a second, {} at once (/{} and /{})\n",
                          text_field(service, "source_flows_per_second"), text_field(service, "source_flows_burst"),
                          text_field(service, "source_flows_bits_ipv4"), text_field(service, "source_flows_bits_ipv6"));
  return result;
}

}  // namespace

std::string service_text(const json& answer) {
  const json& service = answer.is_object() ? answer : json::object();
  std::string result = fmt::format("service     {}\n", text_field(service, "name"));
  result += fmt::format("addresses   {}\n", joined(list_field(service, "addresses")));
  result += fmt::format("port        {} {}\n", port_text(service), text_field(service, "protocol"));
  result += fmt::format("pool        {}\n", text_field(service, "pool"));
  result += fmt::format("scheduler   {}\n", scheduler_text(service));
  result += fmt::format("table       {} slots\n", text_field(service, "table_slots"));
  result += fmt::format("timeouts    {}\n", timeouts_text(service));
  result += further_text(service);
  result += fmt::format("traffic     {} packets, {}\n\n", text_field(service, "packets"),
                        bytes_text(count_field(service, "bytes")));
  return result + backends_text({{"backends", list_field(service, "backend_list")}});
}

std::string explanation_text(const json& explanation) {
  const std::string backend = text_field(explanation, "backend");
  std::string result =
      backend == "-" ? "no backend" : fmt::format("{} ({})", backend, text_field(explanation, "state"));
  result += fmt::format("\n  because {}\n\n", text_field(explanation, "why"));
  std::size_t number = 0;
  for (const json& step : list_field(explanation, "steps"))
    result += fmt::format("  {}. {}\n", ++number, step.is_string() ? step.get<std::string>() : step.dump());
  return result;
}

std::string changes_text(const json& answer) {
  std::string result;
  for (const json& change : list_field(answer, "changes")) {
    const std::string kind = text_field(change, "kind");
    result +=
        fmt::format("{} {}\n", kind == "added" ? '+' : (kind == "removed" ? '-' : '~'), text_field(change, "text"));
  }
  return result.empty() ? "nothing changes\n" : result;
}

std::string error_text(const json& body, unsigned status) {
  std::string result;
  for (const json& error : list_field(body, "errors")) {
    const std::string file = text_field(error, "file");
    const std::uint64_t line = count_field(error, "line");
    const std::string key = text_field(error, "key");
    if (file != "-") result += line > 0 ? fmt::format("{}:{}: ", file, line) : file + ": ";
    if (key != "-") result += key + ": ";
    result += text_field(error, "message") + "\n";
  }
  if (!result.empty()) return result;
  const std::string sentence = text_field(body, "error");
  return sentence == "-" ? fmt::format("guidewayd answered with status {}\n", status) : sentence + "\n";
}

}  // namespace guideway
