// SPDX-License-Identifier: Apache-2.0
#include "controlplane/config/include.hh"

#include <glob.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

#include <fmt/core.h>

#include "controlplane/config/toml_tree.hh"

namespace guideway {

Result<std::string> read_config_file(const std::filesystem::path& file) {
  std::error_code problem;
  if (std::filesystem::is_directory(file, problem)) return failure("is a directory; give a file");
  errno = 0;
  std::ifstream stream(file, std::ios::binary);
  if (!stream) return failure(fmt::format("cannot be read: {}", std::strerror(errno)));
  // Not asked for its size: a pipe or a file in /proc has none.
  std::string text;
  std::string piece(1U << 16U, '\0');
  while (stream.read(piece.data(), static_cast<std::streamsize>(piece.size())) || stream.gcount() > 0) {
    text.append(piece, 0, static_cast<std::size_t>(stream.gcount()));
    if (text.size() > config_bytes_max) return failure("is larger than 64 MB; split it with include");
  }
  return text;
}

Result<std::vector<std::filesystem::path>> files_of_include(const std::filesystem::path& directory,
                                                            const std::string& pattern) {
  const std::string whole = (directory / pattern).string();
  glob_t found{};
  const int outcome = ::glob(whole.c_str(), GLOB_NOSORT, nullptr, &found);
  std::vector<std::filesystem::path> files;
  if (outcome == 0) files.assign(found.gl_pathv, found.gl_pathv + found.gl_pathc);
  ::globfree(&found);
  if (outcome != 0 && outcome != GLOB_NOMATCH) return failure(fmt::format("\"{}\" cannot be searched", pattern));
  if (files.empty() && pattern.find_first_of("*?[") == std::string::npos)
    return failure(fmt::format("\"{}\" does not exist; create {} or leave it out", pattern, whole));
  std::sort(files.begin(), files.end());  // by bytes, whatever the locale
  return files;
}

}  // namespace guideway
