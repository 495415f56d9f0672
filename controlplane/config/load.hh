// SPDX-License-Identifier: Apache-2.0
// From TOML to a Config: complete, checked, defaults and inheritance resolved, or every mistake that was found and no
// Config at all. docs/configuration.md describes the language, configs/reference.toml each key.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include <tl/expected.hpp>

#include "controlplane/config/config_error.hh"
#include "controlplane/config/schema.hh"

namespace guideway {

// Reads a file and what it includes.
[[nodiscard]] tl::expected<Config, ConfigErrors> load_config(const std::filesystem::path& file);
// Reads a text, called `name` in errors; includes are refused, so nothing outside of the text is touched.
[[nodiscard]] tl::expected<Config, ConfigErrors> load_config_text(std::string_view text, const std::string& name);

}  // namespace guideway
