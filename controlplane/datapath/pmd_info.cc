// SPDX-License-Identifier: Apache-2.0
#include "controlplane/datapath/pmd_info.hh"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

namespace guideway {
namespace {

using nlohmann::json;

constexpr std::uint16_t any = 0xffff;
constexpr std::string_view marker = "PMD_INFO_STRING= ";

// "* ib_uverbs & mlx5_core & mlx5_ib": these together. "* igb_uio | uio_pci_generic | vfio-pci": one of these, which
// take the device from its kernel driver.
std::vector<std::string> modules_beside(const std::string& modules) {
  std::vector<std::string> names;
  if (modules.find("vfio") != std::string::npos || modules.find("uio_pci_generic") != std::string::npos) return names;
  for (std::size_t at = 0; at < modules.size();) {
    const std::size_t begin = modules.find_first_not_of("* &|", at);
    if (begin == std::string::npos) break;
    at = std::min(modules.find_first_of(" &|", begin), modules.size());
    names.push_back(modules.substr(begin, at - begin));
  }
  return names;
}

bool fits(std::uint16_t wanted, std::uint16_t is) { return wanted == any || wanted == is; }

}  // namespace

void DpdkDrivers::read(std::string_view library) {
  for (std::size_t at = library.find(marker); at != std::string_view::npos; at = library.find(marker, at)) {
    at += marker.size();
    const std::string_view text = library.substr(at, library.find('\0', at) - at);
    const json said = json::parse(text, nullptr, false);
    if (!said.is_object() || !said.contains("pci_ids")) continue;
    Entry entry;
    entry.driver.name = said.value("name", "");
    entry.driver.beside_modules = modules_beside(said.value("kmod", ""));
    for (const json& ids : said["pci_ids"]) {
      if (ids.size() == 4) entry.devices.push_back({ids[0], ids[1], ids[2], ids[3]});
    }
    if (!entry.devices.empty()) drivers_.push_back(std::move(entry));
  }
}

DpdkDrivers DpdkDrivers::in(const std::filesystem::path& folder) {
  DpdkDrivers drivers;
  std::error_code ignored;
  for (const auto& file : std::filesystem::directory_iterator(folder, ignored)) {
    const std::string name = file.path().filename().string();
    // Each is there under several names, of which one is the file.
    if (!name.starts_with("librte_net_") || name.find(".so") == std::string::npos || file.is_symlink()) continue;
    std::ifstream input(file.path(), std::ios::binary);
    drivers.read(std::string(std::istreambuf_iterator<char>(input), {}));
  }
  return drivers;
}

const DpdkDriver* DpdkDrivers::find(const PciIds& ids) const {
  for (const Entry& entry : drivers_) {
    for (const PciIds& device : entry.devices) {
      if (fits(device.vendor, ids.vendor) && fits(device.device, ids.device) &&
          fits(device.subsystem_vendor, ids.subsystem_vendor) && fits(device.subsystem_device, ids.subsystem_device))
        return &entry.driver;
    }
  }
  return nullptr;
}

}  // namespace guideway
