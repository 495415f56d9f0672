// SPDX-License-Identifier: Apache-2.0
// What is wrong with a configuration: where it stands, which key, which value, and what to write instead.
#pragma once

#include <string>
#include <vector>

namespace guideway {

struct ConfigError {
  std::string file;  // empty: it did not come from a file
  int line = 0;      // 0: the file as a whole
  std::string key;   // "service.web.port"; empty where no key is at fault
  std::string message;

  // "conf.toml:41: service.web.port: 70000 is above 65535; give a port from 0 (any) to 65535"
  [[nodiscard]] std::string text() const;
  friend bool operator==(const ConfigError&, const ConfigError&) = default;
};
using ConfigErrors = std::vector<ConfigError>;

// All of them in one line, for an answer that has room for a sentence only.
[[nodiscard]] std::string text_of(const ConfigErrors& errors);

}  // namespace guideway
