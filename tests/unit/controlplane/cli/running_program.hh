// SPDX-License-Identifier: Apache-2.0
// The program as it is installed, run in a shell: what it prints, how it ends.
#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

namespace guideway {

struct Outcome {
  int status = -1;
  std::string output;
  std::string error;
};

inline std::string contents(const std::string& path) {
  const std::ifstream stream(path);
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

// `arguments` are shell words.
inline Outcome guideway(const std::string& arguments) {
  const char* program = std::getenv("GUIDEWAY_PROGRAM");
  if (program == nullptr) return {-1, "", "GUIDEWAY_PROGRAM names no program"};
  const std::string files =
      (std::filesystem::temp_directory_path() / "guideway-program-").string() + std::to_string(::getpid());
  // Redirected in front, so that the words may end in a here-document.
  const std::string command = std::string(program) + " >" + files + ".out 2>" + files + ".err " + arguments;
  const int status = std::system(command.c_str());  // NOLINT(cert-env33-c): the words are this file's own
  const Outcome outcome{WIFEXITED(status) ? WEXITSTATUS(status) : -1, contents(files + ".out"),
                        contents(files + ".err")};
  std::filesystem::remove(files + ".out");
  std::filesystem::remove(files + ".err");
  return outcome;
}

inline std::size_t lines_in(const std::string& text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

}  // namespace guideway
