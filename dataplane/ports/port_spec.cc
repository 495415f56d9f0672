// SPDX-License-Identifier: Apache-2.0
#include "dataplane/ports/port_spec.hh"

#include <regex>

namespace guideway {
namespace {

bool says(const PortSpec& spec, const std::string& key) {
  return ("," + spec.arguments).find("," + key + "=") != std::string::npos;
}

void add(PortSpec& spec, const std::string& key, std::uint32_t value) {
  if (says(spec, key)) return;
  if (!spec.arguments.empty()) spec.arguments += ',';
  spec.arguments += key + '=' + std::to_string(value);
}

}  // namespace

Result<PortSpec> parse_port_spec(const std::string& text) {
  static const std::regex pci("([0-9a-fA-F]{4}:)?[0-9a-fA-F]{2}:[0-9a-fA-F]{2}\\.[0-7]");
  static const std::regex device("net_[a-z0-9_]+");
  const std::size_t comma = text.find(',');
  PortSpec spec;
  spec.name = text.substr(0, comma);
  if (comma != std::string::npos) spec.arguments = text.substr(comma + 1);
  spec.is_pci = std::regex_match(spec.name, pci);
  if (spec.is_pci && spec.name.find(':') == spec.name.rfind(':')) spec.name = "0000:" + spec.name;
  if (!spec.is_pci && !std::regex_match(spec.name, device))
    return failure("--port \"" + text + "\" is neither a PCI address like 0000:03:00.0 nor a virtual device like " +
                   "net_af_packet0,iface=eth0");
  return spec;
}

void complete(PortSpec& spec, std::uint32_t queue_count, std::optional<std::uint16_t> mtu_bytes) {
  if (spec.name.rfind("net_af_packet", 0) != 0) return;
  add(spec, "qpairs", queue_count);
  if (mtu_bytes.value_or(1500) <= 1500) return;
  // The driver's own frames of 2 KB would cut jumbo frames off. It wants blocks of whole pages with whole frames in
  // them, so a frame is whole pages too, and a buffer that holds one.
  constexpr std::uint32_t page_bytes = 4096;
  const std::uint32_t frame_bytes = (*mtu_bytes + 160U + page_bytes - 1) / page_bytes * page_bytes;
  add(spec, "framesz", frame_bytes);
  add(spec, "blocksz", frame_bytes);
  spec.buffer_bytes_min = frame_bytes;
}

}  // namespace guideway
