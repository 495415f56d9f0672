// SPDX-License-Identifier: Apache-2.0
#include "dataplane/xdp/dispatcher.hh"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/bpf.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>

namespace guideway {
namespace {

struct CloseObject {
  void operator()(bpf_object* object) const noexcept { bpf_object__close(object); }
};
using Object = std::unique_ptr<bpf_object, CloseObject>;

// Where libxdp looks for it.
std::string dispatcher_file() {
  const char* folder = std::getenv("LIBXDP_OBJECT_PATH");
  return std::string(folder != nullptr ? folder : GUIDEWAY_LIBXDP_OBJECTS) + "/xdp-dispatcher.o";
}

Object open_dispatcher() { return Object(bpf_object__open_file(dispatcher_file().c_str(), nullptr)); }

// Only the program of that name is to be loaded.
bpf_program* choose_program(bpf_object* object, const char* name) {
  bpf_program* chosen = nullptr;
  bpf_program* each = nullptr;
  bpf_object__for_each_program(each, object) {
    const bool is_it = std::strcmp(bpf_program__name(each), name) == 0;
    bpf_program__set_autoload(each, is_it);
    if (is_it) chosen = each;
  }
  return chosen;
}

tl::unexpected<Error> alone(const std::string& why) {
  return failure("other XDP programs cannot live on the same interface: " + why);
}

}  // namespace

Result<void> check_dispatcher() {
  libbpf_set_print(nullptr);
  const Object below = open_dispatcher();
  if (!below) return alone("libxdp's dispatcher is missing, " + dispatcher_file() + " (Debian: libxdp1)");
  bpf_program* dispatcher = choose_program(below.get(), "xdp_dispatcher");
  if (dispatcher == nullptr || bpf_object__load(below.get()) != 0)
    return alone(std::string("the kernel does not load libxdp's dispatcher (") + std::strerror(errno) + ")");
  const Object above = open_dispatcher();
  bpf_program* part = above ? choose_program(above.get(), "xdp_pass") : nullptr;
  if (part == nullptr) return alone("libxdp's dispatcher has no xdp_pass");
  bpf_program__set_type(part, BPF_PROG_TYPE_EXT);
  bpf_program__set_expected_attach_type(part, static_cast<bpf_attach_type>(0));
  const int error = bpf_program__set_attach_target(part, bpf_program__fd(dispatcher), "prog0");
  if (error == 0 && bpf_object__load(above.get()) == 0) return {};
  return alone(std::string("this kernel refuses freplace (") + std::strerror(errno) +
               "), which libxdp's dispatcher needs");
}

}  // namespace guideway
