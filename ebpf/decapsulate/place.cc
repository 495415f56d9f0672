// SPDX-License-Identifier: Apache-2.0
// Interfaces, the BPF filesystem, and pins.
#include "ebpf/decapsulate/place.hh"

#include <cerrno>
#include <charconv>
#include <cstring>
#include <fstream>
#include <vector>

#include <fmt/core.h>
#include <linux/magic.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

namespace guideway::decapsulate {
namespace {

bool carries_ethernet(const std::string& interface) {
  const int socket_fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (socket_fd < 0) return true;  // let the attaching say what is wrong
  ifreq request{};
  interface.copy(request.ifr_name, IFNAMSIZ - 1);
  const bool known = ioctl(socket_fd, SIOCGIFHWADDR, &request) == 0;
  close(socket_fd);
  const auto type = request.ifr_hwaddr.sa_family;
  return !known || type == ARPHRD_ETHER || type == ARPHRD_LOOPBACK;
}

bool is_bpffs(const std::filesystem::path& path) {
  struct statfs found {};
  return statfs(path.c_str(), &found) == 0 && found.f_type == static_cast<decltype(found.f_type)>(BPF_FS_MAGIC);
}

int parent_of(int process) {
  std::ifstream status(fmt::format("/proc/{}/status", process));
  for (std::string word; status >> word;) {
    int parent = 0;
    if (word == "PPid:" && status >> parent) return parent;
  }
  return 0;
}

// Whether some process above this one sees other mounts.
bool in_own_mount_namespace() {
  struct stat mine {};
  if (stat("/proc/self/ns/mnt", &mine) != 0) return false;
  for (int process = getppid(); process > 0; process = parent_of(process)) {
    struct stat theirs {};
    const bool known = stat(fmt::format("/proc/{}/ns/mnt", process).c_str(), &theirs) == 0;
    if (known && theirs.st_ino != mine.st_ino) return true;
  }
  return false;
}

}  // namespace

std::string reason(int error) {
  if (error == EPERM || error == EACCES) return "no privilege; run it as root";
  return std::strerror(error);
}

Result<Place> find_place(const std::string& interface, const std::filesystem::path& bpffs) {
  Place place{interface, if_nametoindex(interface.c_str()), {}};
  if (place.index == 0)
    return failure(fmt::format("there is no interface {} in this network namespace; `ip link` lists them", interface));
  if (!carries_ethernet(interface))
    return failure(fmt::format("{} carries no Ethernet frames; attach to the interface below it", interface));
  struct stat netns {};
  if (stat("/proc/self/ns/net", &netns) != 0)
    return failure(fmt::format("/proc/self/ns/net: {}; mount /proc", std::strerror(errno)));
  place.folder = bpffs / "guideway" / "decapsulate" / fmt::format("{}-{}", netns.st_ino, place.index);
  return place;
}

Result<void> need_bpffs(const std::filesystem::path& bpffs) {
  if (is_bpffs(bpffs)) return {};
  if (geteuid() == 0 && in_own_mount_namespace()) {
    return failure(
        fmt::format("no BPF filesystem is mounted at {}, and mounted from this mount namespace (`ip netns exec` makes "
                    "one) it would be gone with the command; use `nsenter --net=FILE`, or --bpffs with one that is",
                    bpffs.string()));
  }
  if (mount("bpf", bpffs.c_str(), "bpf", 0, "mode=0700") != 0)
    return failure(fmt::format("cannot mount the BPF filesystem at {}: {}", bpffs.string(), reason(errno)));
  return {};
}

void sweep(const Place& place) {
  const std::string own = place.folder.filename().string();
  const std::string netns = own.substr(0, own.find('-') + 1);
  std::error_code error;
  std::vector<std::filesystem::path> gone;
  std::filesystem::directory_iterator entry(place.folder.parent_path(), error);
  for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (name.compare(0, netns.size(), netns) != 0) continue;
    unsigned index = 0;
    std::from_chars(name.data() + netns.size(), name.data() + name.size(), index);
    char interface[IF_NAMESIZE];
    if (index != 0 && if_indextoname(index, interface) == nullptr) gone.push_back(entry->path());
  }
  for (const auto& folder : gone) std::filesystem::remove_all(folder, error);
}

Result<void> remove_pins(const Place& place) {
  std::error_code error;
  std::filesystem::remove_all(place.folder, error);
  if (error) return failure(fmt::format("cannot remove {}: {}", place.folder.string(), reason(error.value())));
  const auto ours = place.folder.parent_path();
  std::filesystem::remove(ours, error);  // fails, rightly, while another interface has pins there
  if (!error) std::filesystem::remove(ours.parent_path(), error);
  return {};
}

}  // namespace guideway::decapsulate
