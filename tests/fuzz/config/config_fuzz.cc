// SPDX-License-Identifier: Apache-2.0
// Any bytes as a configuration: it is refused with errors that can be shown, or it is a Config that holds what a
// Config promises and survives the way through JSON. The same bytes are tried as JSON too.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include <nlohmann/json.hpp>

#include "controlplane/config/diff.hh"
#include "controlplane/config/json.hh"
#include "controlplane/config/load.hh"
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

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto config = guideway::load_config_text(text, "fuzz.toml");
  if (config)
    check_config(*config);
  else
    check_errors(config.error());
  try_json(text);
  return 0;
}
