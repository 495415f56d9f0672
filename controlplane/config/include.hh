// SPDX-License-Identifier: Apache-2.0
// Files of the configuration: their bytes, and those that an include pattern names.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "dataplane/base/result.hh"

namespace guideway {

[[nodiscard]] Result<std::string> read_config_file(const std::filesystem::path& file);
// Sorted by name. A pattern with wildcards may match nothing; a plain path must exist.
[[nodiscard]] Result<std::vector<std::filesystem::path>> files_of_include(const std::filesystem::path& directory,
                                                                          const std::string& pattern);

}  // namespace guideway
