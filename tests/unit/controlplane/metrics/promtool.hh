// SPDX-License-Identifier: Apache-2.0
// What Prometheus' own promtool says of an exposition: nothing, if all is well.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "dataplane/base/unique_fd.hh"

namespace guideway {

[[nodiscard]] inline bool has_promtool() { return std::system("command -v promtool >/dev/null 2>&1") == 0; }

// What a command prints, and its exit status where that is not 0.
[[nodiscard]] inline std::string said_by(const std::string& command) {
  FILE* program = ::popen((command + " 2>&1").c_str(), "r");
  if (program == nullptr) return command + " cannot be started";
  std::string said;
  char buffer[4096];
  while (const std::size_t count = std::fread(buffer, 1, sizeof buffer, program)) said.append(buffer, count);
  const int status = ::pclose(program);
  return status == 0 ? said : said + "(it ended with status " + std::to_string(status) + ")";
}

// What promtool says of a text, which it is given as a file.
[[nodiscard]] inline std::string promtool(const std::string& words, const std::string& text) {
  std::string path = (std::filesystem::temp_directory_path() / "guideway-metrics-XXXXXX").string();
  const UniqueFd file(::mkstemp(path.data()));
  std::ofstream(path) << text;
  std::string said = said_by("promtool " + words + (words == "check metrics" ? " <" : " ") + path);
  std::filesystem::remove(path);
  return said;
}

[[nodiscard]] inline std::string promtool_on(const std::string& text) { return promtool("check metrics", text); }

}  // namespace guideway
