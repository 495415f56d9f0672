// SPDX-License-Identifier: Apache-2.0
// Any bytes as a configuration: it is refused with errors that can be shown, or it is a Config that holds what a
// Config promises and survives the way through JSON. The same bytes are tried as JSON too. What the plain reader takes,
// toml11 takes alike.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include <nlohmann/json.hpp>

#include "controlplane/config/diff.hh"
#include "controlplane/config/json.hh"
#include "controlplane/config/load.hh"
#include "controlplane/config/plain_toml.hh"
#include "controlplane/config/raw_text.hh"
#include "controlplane/config/toml11_tree.hh"
#include "controlplane/config/toml_tree.hh"
#include "controlplane/config/validate.hh"
#include "dataplane/base/check.hh"

namespace {

void check_config(const guideway::Config& config) {
  guideway::check(guideway::validate(config).has_value(), "a loaded configuration is valid");
  const auto again = guideway::config_from_json(guideway::to_json(config));
  guideway::check(again.has_value() && *again == config, "a configuration survives the way through JSON");
  guideway::check(guideway::diff(config, *again).empty(), "equal configurations do not differ");
}

void check_errors(const guideway::ConfigErrors& errors) {
  guideway::check(!errors.empty(), "a refusal says why");
  for (const guideway::ConfigError& error : errors) {
    guideway::check(!error.message.empty(), "an error has a message");
    guideway::check(error.text().find('\n') == std::string::npos, "an error is one line");
  }
}

void try_json(std::string_view text) {
  const auto json = nlohmann::json::parse(text, nullptr, false);
  if (json.is_discarded()) return;
  const auto config = guideway::config_from_json(json);
  if (config) check_config(*config);
  const guideway::Config empty;
  const auto service = guideway::service_from_json(json, empty);
  if (!service) return;
  guideway::Config one;
  one.services.push_back(service->service);
  one.pools.push_back(service->pool);
  if (guideway::validate(one)) check_config(one);
  (void)guideway::backend_from_json(json, service->pool.name, one);
}

bool are_equal(const guideway::Tree& a, const guideway::Tree& b);

bool entries_are_equal(const guideway::TreeEntry& a, const guideway::TreeEntry& b) {
  return a.key == b.key && are_equal(a.value, b.value);
}

bool are_equal(const guideway::Tree& a, const guideway::Tree& b) {
  return a.kind == b.kind && a.boolean == b.boolean && a.integer == b.integer && a.text == b.text && a.line == b.line &&
         std::equal(a.items.begin(), a.items.end(), b.items.begin(), b.items.end(), are_equal) &&
         std::equal(a.entries.begin(), a.entries.end(), b.entries.begin(), b.entries.end(), entries_are_equal);
}

void try_plain(std::string_view text) {
  if (guideway::find_character_fault(text) || guideway::find_line_fault(text, guideway::line_bytes_max) ||
      guideway::find_nesting_fault(text, guideway::tree_depth_max))
    return;
  const auto plain = guideway::plain_toml_tree({text, 1});
  if (!plain) return;
  const auto tree = guideway::toml11_tree({text, 1}, "fuzz.toml");
  guideway::check(tree && are_equal(*plain, *tree), "the plain reader takes what toml11 takes");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto config = guideway::load_config_text(text, "fuzz.toml");
  if (config)
    check_config(*config);
  else
    check_errors(config.error());
  try_json(text);
  try_plain(text);
  return 0;
}
