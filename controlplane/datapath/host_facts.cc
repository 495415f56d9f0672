// SPDX-License-Identifier: Apache-2.0
#include "controlplane/datapath/host_facts.hh"

#include <linux/magic.h>
#include <sys/utsname.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "controlplane/datapath/kernel_bpf.hh"
#include "controlplane/datapath/sysfs.hh"

namespace guideway {
namespace {

namespace fs = std::filesystem;

// The kernel writes names with underscores, modules.dep the files of the modules, with either.
bool is_file_of(const std::string& path, const std::string& module) {
  std::string name = path.substr(0, path.find(':'));
  name = name.substr(name.rfind('/') + 1);
  name = name.substr(0, name.find(".ko"));
  for (char& c : name) c = c == '-' ? '_' : c;
  return name == module;
}

ModuleState state_of(const fs::path& root, const std::string& release, const std::string& module,
                     const std::string& driver) {
  std::error_code ignored;
  if (fs::exists(root / "sys/module" / module, ignored) || fs::exists(root / "sys/bus/pci/drivers" / driver, ignored))
    return ModuleState::loaded;
  std::ifstream list(root / "lib/modules" / release / "modules.dep");
  for (std::string line; std::getline(list, line);) {
    if (is_file_of(line, module)) return ModuleState::available;
  }
  return ModuleState::absent;
}

std::uint64_t free_huge_pages(const fs::path& root) {
  std::uint64_t bytes = 0;
  const fs::path folder = root / "sys/kernel/mm/hugepages";
  for (const std::string& name : names_in(folder)) {
    const auto page_kb = std::strtoull(name.c_str() + name.find('-') + 1, nullptr, 10);  // hugepages-2048kB
    bytes += number_in(folder / name / "free_hugepages") * page_kb * 1024;
  }
  return bytes;
}

std::string executable(const fs::path& path) {
  std::error_code ignored;
  return fs::is_regular_file(path, ignored) && ::access(path.c_str(), X_OK) == 0 ? path.string() : "";
}

bool is_bpf_filesystem(const char* path) {
  struct statfs found {};
  return ::statfs(path, &found) == 0 && found.f_type == static_cast<decltype(found.f_type)>(BPF_FS_MAGIC);
}

}  // namespace

void read_host_files(const fs::path& root, HostFacts& facts) {
  facts.huge_page_bytes_free = free_huge_pages(root);
  facts.vfio_pci = state_of(root, facts.kernel_release, "vfio_pci", "vfio-pci");
  facts.uio_pci = state_of(root, facts.kernel_release, "uio_pci_generic", "uio_pci_generic");
  if (facts.uio_pci != ModuleState::loaded &&
      state_of(root, facts.kernel_release, "igb_uio", "igb_uio") == ModuleState::loaded)
    facts.uio_pci = ModuleState::loaded;
  facts.has_iommu = !names_in(root / "sys/kernel/iommu_groups").empty();
  const std::string unsafe = first_line(root / "sys/module/vfio/parameters/enable_unsafe_noiommu_mode");
  facts.allows_vfio_without_iommu = unsafe == "Y" || unsafe == "1";
}

std::string find_program(const std::string& name) {
  std::error_code ignored;
  const fs::path here = fs::read_symlink("/proc/self/exe", ignored).parent_path();
  std::vector<fs::path> folders{here, here.parent_path() / "sbin"};
  std::istringstream path(std::getenv("PATH") != nullptr ? std::getenv("PATH") : "");
  for (std::string folder; std::getline(path, folder, ':');) folders.emplace_back(folder);
  for (const char* usual : {"/usr/sbin", "/usr/local/sbin", "/usr/bin", "/usr/local/bin"}) folders.emplace_back(usual);
  for (const fs::path& folder : folders) {
    if (std::string found = executable(folder / name); !folder.empty() && !found.empty()) return found;
  }
  return "";
}

HostFacts find_host_facts() {
  HostFacts facts;
  utsname name{};
  if (::uname(&name) == 0) facts.kernel_release = name.release;
  read_host_files("/", facts);
  facts.xdp_complaint = xdp_complaint();
  if (facts.xdp_complaint.empty()) facts.dispatcher_complaint = dispatcher_complaint();
  facts.has_bpf_filesystem = is_bpf_filesystem("/sys/fs/bpf");
  facts.is_root = ::geteuid() == 0;
  facts.guideway_dpdk = find_program("guideway-dpdk");
  facts.guideway_xdp = find_program("guideway-xdp");
  return facts;
}

}  // namespace guideway
