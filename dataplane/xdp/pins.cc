// SPDX-License-Identifier: Apache-2.0
#include "dataplane/xdp/pins.hh"

#include <bpf/bpf.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/file.h>
#include <sys/vfs.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "dataplane/xdp/dispatched_entry.hh"
#include "ebpf/abi/limits.h"

namespace guideway {
namespace {

// Behind it the index of an interface in whose dispatcher the program is.
const std::string dispatched_prefix = "dispatched_";

std::string why_not(int error) {
  if (error == EPERM || error == EACCES) return "no privilege; run it as root, or as the owner of that directory";
  return std::strerror(error);
}

bool is_in_bpffs(const std::filesystem::path& directory) {
  struct statfs found {};
  return ::statfs(directory.c_str(), &found) == 0 && found.f_type == static_cast<decltype(found.f_type)>(BPF_FS_MAGIC);
}

// Made before anything is known of the place: a directory in another filesystem would stay behind.
Result<void> check_place(const std::filesystem::path& directory) {
  std::filesystem::path above = directory;
  std::error_code error;
  while (!std::filesystem::exists(above, error) && !error && above.has_relative_path()) above = above.parent_path();
  if (error) return failure("cannot look into " + above.string() + ": " + why_not(error.value()));
  if (is_in_bpffs(above)) return {};
  return failure("there is no BPF filesystem at " + directory.string() +
                 ": mount one (mount -t bpf bpf /sys/fs/bpf), or choose --pins in one");
}

}  // namespace

Result<Pins> Pins::claim(const std::filesystem::path& directory) {
  if (auto checked = check_place(directory); !checked) return failure_of(checked);
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  if (error) return failure("cannot make " + directory.string() + ": " + why_not(error.value()));
  return claim_existing(directory);
}

Result<Pins> Pins::claim_existing(const std::filesystem::path& directory) {
  UniqueFd lock(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!lock && errno == ENOENT) return Pins(directory, UniqueFd());
  if (!lock) return failure("cannot open " + directory.string() + ": " + why_not(errno));
  if (!is_in_bpffs(directory)) return failure(directory.string() + " is in no BPF filesystem");
  if (::flock(lock.get(), LOCK_EX | LOCK_NB) != 0)
    return failure("another guideway-xdp uses " + directory.string() + ": stop that one, or choose another --pins");
  return Pins(directory, std::move(lock));
}

std::filesystem::path Pins::port(std::uint32_t number) const { return directory_ / ("port" + std::to_string(number)); }

void Pins::remove_ports_from(std::uint32_t count) const {
  std::error_code ignored;
  for (std::uint32_t number = count; number < GW_PORTS_MAX; ++number) std::filesystem::remove(port(number), ignored);
}

Result<void> Pins::add_dispatched(std::uint32_t interface_index) const {
  const std::filesystem::path path = directory_ / (dispatched_prefix + std::to_string(interface_index));
  const UniqueFd place(bpf_obj_get(entry().c_str()));
  if (place && (bpf_obj_pin(place.get(), path.c_str()) == 0 || errno == EEXIST)) return {};
  return failure("cannot keep " + path.string() + ": " + why_not(errno));
}

void Pins::keep_dispatched(std::span<const std::uint32_t> interfaces) const {
  std::error_code ignored;
  std::vector<std::filesystem::path> found;
  for (const auto& file : std::filesystem::directory_iterator(directory_, ignored)) {
    if (file.path().filename().string().starts_with(dispatched_prefix)) found.push_back(file.path());
  }
  for (const std::filesystem::path& path : found) {
    const std::string number = path.filename().string().substr(dispatched_prefix.size());
    const auto index = static_cast<std::uint32_t>(std::strtoul(number.c_str(), nullptr, 10));
    if (std::find(interfaces.begin(), interfaces.end(), index) != interfaces.end()) continue;
    DispatchedEntry::detach(index);
    std::filesystem::remove(path, ignored);
  }
}

Result<void> Pins::remove_all() const {
  if (!exist()) return {};
  keep_dispatched({});
  remove_ports_from(0);
  std::error_code error;
  std::filesystem::remove_all(directory_, error);
  if (error) return failure("cannot remove " + directory_.string() + ": " + why_not(error.value()));
  remove_empty(directory_);
  return {};
}

void Pins::remove_empty(const std::filesystem::path& directory) {
  // What is not empty is not removed.
  std::error_code ignored;
  std::filesystem::remove(directory, ignored);
  // The folder of everything that Guideway pins, if this was all.
  if (directory.parent_path().filename() == "guideway") std::filesystem::remove(directory.parent_path(), ignored);
}

}  // namespace guideway
