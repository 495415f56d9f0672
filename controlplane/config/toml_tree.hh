// SPDX-License-Identifier: Apache-2.0
// TOML text to a Tree: plain parts of it at once (plain_toml.hh), the rest and every mistake by toml11.
#pragma once

#include <string>
#include <string_view>

#include <tl/expected.hpp>

#include "controlplane/config/config_error.hh"
#include "controlplane/config/tree.hh"

namespace guideway {

inline constexpr std::size_t config_bytes_max = 64U << 20U;
inline constexpr std::size_t line_bytes_max = 16U << 10U;

[[nodiscard]] tl::expected<Tree, ConfigError> parse_toml(std::string_view text, const std::string& name);

}  // namespace guideway
