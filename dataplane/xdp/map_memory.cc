// SPDX-License-Identifier: Apache-2.0
#include "dataplane/xdp/map_memory.hh"

#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace guideway {
namespace {

// The kernel maps whole pages; mmap and munmap round the same way.
std::size_t whole_pages(std::size_t length_bytes) {
  const auto page_bytes = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  return (length_bytes + page_bytes - 1) / page_bytes * page_bytes;
}

}  // namespace

MapMemory::MapMemory(MapMemory&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), length_bytes_(std::exchange(other.length_bytes_, 0)) {}

MapMemory& MapMemory::operator=(MapMemory&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(length_bytes_, other.length_bytes_);
  return *this;
}

MapMemory::~MapMemory() {
  if (data_ != nullptr) ::munmap(data_, whole_pages(length_bytes_));
}

Result<MapMemory> MapMemory::of_bytes(int map_fd, std::size_t length_bytes) {
  void* data = ::mmap(nullptr, whole_pages(length_bytes), PROT_READ | PROT_WRITE, MAP_SHARED, map_fd, 0);
  if (data == MAP_FAILED) return failure(std::string("cannot map a BPF array into memory: ") + std::strerror(errno));
  return MapMemory(static_cast<std::byte*>(data), length_bytes);
}

}  // namespace guideway
