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

#include "controlplane/model/whole_file.hh"

namespace guideway {
namespace {

tl::unexpected<Error> system_failure(const std::string& what) { return failure(what + ": " + std::strerror(errno)); }

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

Result<void> IntentStore::save(const Intent& intent) const { return replace_file(file(), to_json(intent).dump()); }

}  // namespace guideway
