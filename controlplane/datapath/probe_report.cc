// SPDX-License-Identifier: Apache-2.0
#include "controlplane/datapath/probe_report.hh"

#include <fmt/core.h>

namespace guideway {
namespace {

using nlohmann::json;

std::string heading(const Probed& probed) {
  const NicFacts& nic = probed.nic;
  std::string what = nic.interface.empty() ? nic.pci : nic.interface;
  std::string more = nic.interface.empty() ? "" : nic.pci;
  if (!nic.kernel_driver.empty()) more += (more.empty() ? "" : ", ") + nic.kernel_driver;
  if (!more.empty()) what += " (" + more + ")";
  return fmt::format("{}: {}{}\n", what, name_of(probed.verdict.server),
                     probed.verdict.server == Server::nothing ? " serves it" : "");
}

// The first line has the title in front, the others stand below it.
void add_lines(std::string& text, const char* title, const std::vector<std::string>& lines) {
  for (std::size_t i = 0; i < lines.size(); ++i) text += fmt::format("  {:13} {}\n", i == 0 ? title : "", lines[i]);
}

json json_of(const Probed& probed) {
  const NicFacts& nic = probed.nic;
  const Verdict& verdict = probed.verdict;
  json document{
      {"interface", nic.interface},
      {"pci", nic.pci},
      {"driver", nic.kernel_driver},
      {"dpdk_driver", nic.dpdk_driver ? json(nic.dpdk_driver->name) : json()},
      {"up", nic.is_up},
      {"link", nic.has_link},
      {"mtu_bytes", nic.mtu_bytes},
      {"rx_queues", nic.rx_queues},
      {"xdp_features", nic.xdp_features ? json(*nic.xdp_features) : json()},
      {"native_trial", nic.native_trial ? json(nic.native_trial->empty() ? "worked" : *nic.native_trial) : json()},
      {"served_by", name_of(verdict.server)},
      {"command", verdict.command.empty() ? json() : json(verdict.command)},
      {"missing_for_dpdk", verdict.missing_for_dpdk},
      {"missing_for_xdp", verdict.missing_for_xdp},
      {"missing_for_native_xdp", verdict.missing_for_native},
      {"notes", verdict.notes}};
  return document;
}

}  // namespace

std::string probe_text(const HostFacts& host, const std::vector<Probed>& all) {
  std::string text = fmt::format("Linux {}\n", host.kernel_release);
  if (host.xdp_complaint.empty()) {
    add_lines(
        text, "beside others",
        {host.dispatcher_complaint.empty() ? "other XDP programs may live on the interface, by libxdp's dispatcher"
                                           : host.dispatcher_complaint});
  }
  for (const Probed& probed : all) {
    const Verdict& verdict = probed.verdict;
    text += "\n" + heading(probed);
    if (!verdict.command.empty()) add_lines(text, "run", {verdict.command});
    add_lines(text, "for dpdk", verdict.missing_for_dpdk);
    add_lines(text, "for xdp", verdict.missing_for_xdp);
    if (verdict.missing_for_xdp.empty()) add_lines(text, "for native", verdict.missing_for_native);
    add_lines(text, "note", verdict.notes);
  }
  return text;
}

json probe_json(const HostFacts& host, const std::vector<Probed>& all) {
  json document{{"kernel", host.kernel_release},
                {"xdp_complaint", host.xdp_complaint},
                {"dispatcher_complaint", host.dispatcher_complaint},
                {"huge_page_bytes_free", host.huge_page_bytes_free},
                {"iommu", host.has_iommu},
                {"nics", json::array()}};
  for (const Probed& probed : all) document["nics"].push_back(json_of(probed));
  return document;
}

}  // namespace guideway
