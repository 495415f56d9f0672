// SPDX-License-Identifier: Apache-2.0
#include "dataplane/pipeline/extension_headers.hh"

#include "dataplane/net/ipv6.hh"
#include "ebpf/abi/limits.h"

namespace guideway {
namespace {

// False if the walk ends here.
bool pass_fragment_header(HeaderCursor& at, ExtensionWalk& walk) noexcept {
  const auto* fragment = at.peek<Ipv6FragmentHeader>();
  if (fragment == nullptr) {
    walk.exit = GW_EXIT_DROP_IP_HEADER_INVALID;
    return false;
  }
  walk.protocol = fragment->next_header;
  if (!fragment->is_atomic()) {
    if (walk.is_fragment) {  // a fragment of a fragment
      walk.exit = GW_EXIT_DROP_IP_HEADER_INVALID;
      return false;
    }
    walk.is_fragment = true;
    walk.is_later = fragment->has_offset();
    walk.identification = fragment->identification.raw();
  }
  (void)at.skip(sizeof(Ipv6FragmentHeader));
  return !walk.is_later;
}

}  // namespace

bool is_walked(std::uint8_t header) noexcept {
  return header == next_header::hop_by_hop || header == next_header::routing ||
         header == next_header::destination_options || header == next_header::fragment;
}

ExtensionWalk walk_extensions(HeaderCursor& at, std::uint8_t first) noexcept {
  ExtensionWalk walk;
  walk.protocol = first;
  for (std::uint32_t walked = 0; is_walked(walk.protocol); ++walked) {
    if (walked == GW_EXTENSION_HEADERS_MAX) {
      walk.exit = GW_EXIT_DROP_EXTENSION_HEADERS;
      return walk;
    }
    if (walk.protocol == next_header::fragment) {
      if (!pass_fragment_header(at, walk)) return walk;
      continue;
    }
    const auto* extension = at.peek<Ipv6ExtensionHeader>();
    if (extension == nullptr || extension->header_bytes() > at.left_bytes()) {
      walk.exit = GW_EXIT_DROP_IP_HEADER_INVALID;
      return walk;
    }
    walk.protocol = extension->next_header;
    (void)at.skip(extension->header_bytes());
  }
  return walk;
}

}  // namespace guideway
