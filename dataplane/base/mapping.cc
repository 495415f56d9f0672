// SPDX-License-Identifier: Apache-2.0
#include "dataplane/base/mapping.hh"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <string>

namespace guideway {
namespace {

constexpr std::size_t huge_page_bytes = std::size_t{2} << 20U;

// Of all that can be mapped, only what is no file at all (an "anon_inode") has no type.
bool is_bpf_array(const struct stat& status) { return (status.st_mode & S_IFMT) == 0; }

std::string because(std::string what) { return std::move(what) + ": " + std::strerror(errno); }

}  // namespace

Mapping::Mapping(Mapping&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), length_bytes_(std::exchange(other.length_bytes_, 0)) {}

Mapping& Mapping::operator=(Mapping&& other) noexcept {
  if (this != &other) {
    reset();
    data_ = std::exchange(other.data_, nullptr);
    length_bytes_ = std::exchange(other.length_bytes_, 0);
  }
  return *this;
}

Mapping::~Mapping() { reset(); }

void Mapping::reset() noexcept {
  if (data_ != nullptr) ::munmap(data_, length_bytes_);
  data_ = nullptr;
  length_bytes_ = 0;
}

Result<Mapping> Mapping::of_file(int fd, std::size_t length_bytes, bool writable) {
  struct stat status {};
  if (::fstat(fd, &status) != 0) return failure(because("cannot examine shared memory"));
  // A BPF array has no size here, but the kernel refuses to map more than there is of it.
  if (!is_bpf_array(status) && static_cast<std::size_t>(status.st_size) < length_bytes)
    return failure("shared memory has " + std::to_string(status.st_size) + " bytes, " + std::to_string(length_bytes) +
                   " are needed");
  void* data = ::mmap(nullptr, length_bytes, writable ? PROT_READ | PROT_WRITE : PROT_READ, MAP_SHARED, fd, 0);
  if (data == MAP_FAILED) return failure(because("cannot map shared memory"));
  return Mapping(static_cast<std::byte*>(data), length_bytes);
}

Result<Mapping> Mapping::anonymous(std::size_t length_bytes) {
  const std::size_t rounded = (length_bytes + huge_page_bytes - 1) / huge_page_bytes * huge_page_bytes;
  constexpr int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE;
  void* data = MAP_FAILED;
  if (length_bytes >= huge_page_bytes)
    data = ::mmap(nullptr, rounded, PROT_READ | PROT_WRITE, flags | MAP_HUGETLB, -1, 0);
  if (data != MAP_FAILED) return Mapping(static_cast<std::byte*>(data), rounded);

  data = ::mmap(nullptr, rounded, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (data == MAP_FAILED) return failure(because("cannot allocate " + std::to_string(length_bytes) + " bytes"));
  ::madvise(data, rounded, MADV_HUGEPAGE);
  // Touched now: the packet path must never take a page fault.
  std::memset(data, 0, rounded);
  return Mapping(static_cast<std::byte*>(data), rounded);
}

Result<UniqueFd> make_shared_memory(std::string_view name, std::size_t length_bytes) {
  UniqueFd fd(::memfd_create(std::string(name).c_str(), MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!fd) return failure(because("cannot create shared memory"));
  if (::ftruncate(fd.get(), static_cast<off_t>(length_bytes)) != 0)
    return failure(because("cannot size shared memory to " + std::to_string(length_bytes) + " bytes"));
  return fd;
}

Result<void> seal_shared_memory(int fd, int further_seals) {
  if (::fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL | further_seals) == 0) return {};
  return failure(because("cannot seal shared memory"));
}

}  // namespace guideway
