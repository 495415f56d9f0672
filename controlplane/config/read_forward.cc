// SPDX-License-Identifier: Apache-2.0
// How packets are handed to a backend: the mode, and what the tunnel modes have to say beside it.
#include <fmt/core.h>

#include "controlplane/config/draft.hh"
#include "controlplane/config/words.hh"

namespace guideway {
namespace {

constexpr std::uint32_t gre_key_max = 0xffffffffU;

}  // namespace

void read_forward(TableReader& reader, Forward& forward, TunnelConfig& tunnel) {
  forward = reader
                .choice<Forward>("forward", {{"l2", Forward::l2},
                                             {"ipip", Forward::ipip},
                                             {"gue", Forward::gue},
                                             {"gre", Forward::gre},
                                             {"l3dsr", Forward::l3dsr}})
                .value_or(forward);
  if (const auto variant = reader.integer("gue_variant", 0, 1, "0 (with a header) or 1 (IP directly in UDP)"))
    tunnel.gue_variant = static_cast<std::uint8_t>(*variant);
  if (const auto port = reader.integer("gue_port", 1, 65535, "a UDP port from 1 to 65535"))
    tunnel.gue_port = static_cast<std::uint16_t>(*port);
  if (const auto key = reader.integer("gre_key", 0, gre_key_max, "a key from 0 to 4294967295")) tunnel.gre_key = key;
  tunnel.mss_clamp = reader.boolean("mss_clamp").value_or(tunnel.mss_clamp);
}

void refuse_unused(TableReader& reader, Forward forward) {
  const auto refuse = [&](std::string_view key, std::string_view needed) {
    if (reader.has(key))
      reader.fail(key, fmt::format("only means something with {}, and forward is \"{}\" here; leave it out", needed,
                                   name_of(forward)));
  };
  if (forward != Forward::gue) {
    refuse("gue_variant", R"(forward = "gue")");
    refuse("gue_port", R"(forward = "gue")");
  }
  if (forward != Forward::gre) refuse("gre_key", R"(forward = "gre")");
  const Tree* clamp = reader.find("mss_clamp");
  const bool is_on = clamp != nullptr && clamp->kind == Tree::Kind::boolean && clamp->boolean;
  if (is_on && !is_tunnel(forward)) refuse("mss_clamp", R"("ipip", "gue" or "gre")");
}

TunnelConfig settled(const TunnelConfig& tunnel, Forward forward) {
  TunnelConfig result;
  if (forward == Forward::gue) {
    result.gue_variant = tunnel.gue_variant;
    result.gue_port = tunnel.gue_port;
  }
  if (forward == Forward::gre) result.gre_key = tunnel.gre_key;
  if (is_tunnel(forward)) result.mss_clamp = tunnel.mss_clamp;
  return result;
}

}  // namespace guideway
