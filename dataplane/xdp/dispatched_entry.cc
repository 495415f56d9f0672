// SPDX-License-Identifier: Apache-2.0
#include "dataplane/xdp/dispatched_entry.hh"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <entry.skel.h>
#include <linux/bpf.h>
#include <xdp/libxdp.h>

#include <cerrno>
#include <cstring>
#include <memory>

namespace guideway {
namespace {

constexpr const char* entry_name = "gw_entry";

struct Close {
  void operator()(xdp_program* program) const noexcept { xdp_program__close(program); }
  void operator()(xdp_multiprog* all) const noexcept { xdp_multiprog__close(all); }
  void operator()(gw_entry_object* object) const noexcept { gw_entry_object__destroy(object); }
};
using Programs = std::unique_ptr<xdp_multiprog, Close>;

// Nothing if there is no XDP program on the interface.
Programs programs_on(std::uint32_t interface_index) {
  xdp_multiprog* found = xdp_multiprog__get_from_ifindex(static_cast<int>(interface_index));
  return Programs(libxdp_get_error(found) != 0 ? nullptr : found);
}

bool is_entry(const xdp_program* program) {
  return program != nullptr && std::strcmp(xdp_program__name(program), entry_name) == 0;
}

// Ours among those of a dispatcher.
xdp_program* find_entry(const xdp_multiprog* all) {
  xdp_program* each = nullptr;
  while ((each = xdp_multiprog__next_prog(each, all)) != nullptr) {
    if (is_entry(each)) return each;
  }
  return nullptr;
}

void say_nothing() {
  libbpf_set_print(nullptr);
  libxdp_set_print(nullptr);
}

}  // namespace

Result<DispatchedEntry> DispatchedEntry::open(const std::string& pin) {
  UniqueFd kept(bpf_obj_get(pin.c_str()));
  if (kept) return DispatchedEntry(std::move(kept));
  UniqueFd made(bpf_map_create(BPF_MAP_TYPE_PROG_ARRAY, "gw_balancer_place", sizeof(__u32), sizeof(__u32), 1, nullptr));
  if (!made) return failure(std::string("cannot create the place of the program: ") + std::strerror(errno));
  // Where nothing holds such a map, the kernel empties it.
  if (bpf_obj_pin(made.get(), pin.c_str()) != 0)
    return failure("cannot keep the place of the program at " + pin + ": " + std::strerror(errno));
  return DispatchedEntry(std::move(made));
}

Result<void> DispatchedEntry::lead_to(int program_fd) const {
  const __u32 place = 0;
  if (bpf_map_update_elem(map_.get(), &place, &program_fd, BPF_ANY) == 0) return {};
  return failure(std::string("the program cannot take its place behind the dispatcher: ") + std::strerror(errno));
}

int DispatchedEntry::attach(std::uint32_t interface_index, bool is_native) const {
  say_nothing();
  const std::unique_ptr<gw_entry_object, Close> object(gw_entry_object__open());
  if (!object) return errno;
  if (const int error = bpf_map__reuse_fd(object->maps.gw_balancer_place, map_.get()); error != 0) return -error;
  // As the balancer's: the kernel lets only like programs call each other.
  bpf_program__set_expected_attach_type(object->progs.gw_entry, static_cast<bpf_attach_type>(0));
  xdp_program_opts options{};
  options.sz = sizeof options;
  options.obj = object->obj;
  options.prog_name = entry_name;
  const std::unique_ptr<xdp_program, Close> program(xdp_program__create(&options));
  if (const long error = libxdp_get_error(program.get()); error != 0) return static_cast<int>(-error);
  return -xdp_program__attach(program.get(), static_cast<int>(interface_index),
                              is_native ? XDP_MODE_NATIVE : XDP_MODE_SKB, 0);
}

bool DispatchedEntry::is_on(std::uint32_t interface_index) {
  say_nothing();
  const Programs all = programs_on(interface_index);
  if (!all) return false;
  return xdp_multiprog__is_legacy(all.get()) ? is_entry(xdp_multiprog__main_prog(all.get()))
                                             : find_entry(all.get()) != nullptr;
}

void DispatchedEntry::detach(std::uint32_t interface_index) {
  say_nothing();
  const Programs all = programs_on(interface_index);
  if (!all) return;
  if (xdp_multiprog__is_legacy(all.get())) {
    if (is_entry(xdp_multiprog__main_prog(all.get()))) (void)xdp_multiprog__detach(all.get());
    return;
  }
  if (xdp_program* ours = find_entry(all.get()))
    (void)xdp_program__detach(ours, static_cast<int>(interface_index), xdp_multiprog__attach_mode(all.get()), 0);
}

}  // namespace guideway
