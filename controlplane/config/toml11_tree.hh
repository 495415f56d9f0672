// SPDX-License-Identifier: Apache-2.0
// A part of a TOML file, or a whole one, to a Tree by toml11. Its .cc is the only file that meets toml11 and its
// exceptions.
#pragma once

#include <string>

#include <tl/expected.hpp>

#include "controlplane/config/config_error.hh"
#include "controlplane/config/toml_parts.hh"
#include "controlplane/config/tree.hh"

namespace guideway {

// The text has gone through the looks of raw_text.hh. The line of a mistake is of the part.
[[nodiscard]] tl::expected<Tree, ConfigError> toml11_tree(const TomlPart& part, const std::string& name);

}  // namespace guideway
