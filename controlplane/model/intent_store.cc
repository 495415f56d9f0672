// SPDX-License-Identifier: Apache-2.0
#include "controlplane/model/intent_store.hh"

#include <fcntl.h>
#include <sys/file.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <utility>

#include <nlohmann/json.hpp>

namespace guideway {
namespace {

tl::unexpected<Error> system_failure(const std::string& what) { return failure(what + ": " + std::strerror(errno)); }

Result<void> write_whole(int fd, const std::string& text, const std::string& path) {
  std::size_t written = 0;
  while (written < text.size()) {
    ssize_t count = ::write(fd, text.data() + written, text.size() - written);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return system_failure("the state cannot be written to " + path);
    written += static_cast<std::size_t>(count);
  }
  if (::fsync(fd) != 0) return system_failure("the state cannot be synced to disk in " + path);
  return {};
}

Result<void> sync_directory(const std::string& path) {
  UniqueFd directory(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory || ::fsync(directory.get()) != 0)
    return system_failure("the state directory " + path + " cannot be synced");
  return {};
}

}  // namespace

Result<IntentStore> IntentStore::open(const std::string& directory) {
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  if (error) return failure("the state directory " + directory + " cannot be made: " + error.message());
  std::string lock_path = directory + "/lock";
  UniqueFd lock(::open(lock_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!lock) return system_failure("the state directory " + directory + " cannot be used");
  if (::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
    return failure("another guidewayd uses the state directory " + directory +
                   "; stop it first, or give this one another \"state_directory\" in its configuration");
  }
  return IntentStore(directory, std::move(lock));
}

IntentStore::Loaded IntentStore::load() const {
  std::ifstream stream(file(), std::ios::binary);
  if (!stream) {
    if (!std::filesystem::exists(file())) return {};
    return {std::nullopt, "the state in " + file() + " cannot be read: " + std::strerror(errno)};
  }
  std::stringstream text;
  text << stream.rdbuf();
  auto saved = nlohmann::json::parse(text.str(), nullptr, false);
  if (saved.is_discarded()) return {std::nullopt, set_aside("it is not JSON")};
  auto intent = intent_from_json(saved);
  if (!intent) return {std::nullopt, set_aside(intent.error().message)};
  return {std::move(*intent), ""};
}

std::string IntentStore::set_aside(const std::string& why) const {
  std::string aside = file() + ".damaged";
  std::error_code error;
  std::filesystem::rename(file(), aside, error);
  return "the state in " + file() + " is damaged: " + why + "; going on from the configuration file" +
         (error ? "" : ", the damaged state is kept as " + aside);
}

Result<void> IntentStore::save(const Intent& intent) const {
  std::string temporary = file() + ".new";
  {
    UniqueFd fd(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    if (!fd) return system_failure("the state cannot be written to " + temporary);
    auto written = write_whole(fd.get(), to_json(intent).dump(), temporary);
    if (!written) return written;
  }
  if (::rename(temporary.c_str(), file().c_str()) != 0) return system_failure("the state cannot be moved to " + file());
  return sync_directory(directory_);
}

}  // namespace guideway
