// SPDX-License-Identifier: Apache-2.0
// Documents (a main one and those it includes) to a Config. load.cc brings TOML, json.cc brings JSON.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include <tl/expected.hpp>

#include "controlplane/config/config_error.hh"
#include "controlplane/config/schema.hh"
#include "controlplane/config/tree.hh"

namespace guideway {

struct Document {
  std::string file;
  Tree root;
};

// The documents that one include pattern stands for, or what is wrong with it.
using Includer = std::function<tl::expected<std::vector<Document>, ConfigErrors>(const std::string& pattern)>;

[[nodiscard]] tl::expected<Config, ConfigErrors> config_of(const Document& main, const Includer& include);

}  // namespace guideway
