// SPDX-License-Identifier: Apache-2.0
#include "controlplane/model/intent_store.hh"

#include <fcntl.h>
#include <sys/file.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <utility>

#include <nlohmann/json.hpp>

#include "controlplane/model/intent_step.hh"
#include "controlplane/model/whole_file.hh"

namespace guideway {
namespace {

using nlohmann::json;

// A start takes the steps one by one; so many take a second at the most.
constexpr std::size_t steps_max = 1000;
constexpr std::size_t step_log_bytes_min = std::size_t{8} << 20U;

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

IntentStore::Loaded IntentStore::load() {
  saved_.reset();
  log_.reset();
  std::ifstream stream(file(), std::ios::binary);
  if (!stream) {
    if (!std::filesystem::exists(file())) return {};
    return {std::nullopt, "the state in " + file() + " cannot be read: " + std::strerror(errno)};
  }
  std::stringstream text;
  text << stream.rdbuf();
  auto intent = read(text.str());
  if (!intent) return {std::nullopt, set_aside(intent.error().message)};
  saved_ = *intent;
  return {std::move(*intent), ""};
}

std::string IntentStore::log_file() const { return directory_ + "/intent-" + std::to_string(log_number_) + ".log"; }

Result<Intent> IntentStore::read(const std::string& text) {
  const auto whole = json::parse(text, nullptr, false);
  if (whole.is_discarded()) return failure("it is not JSON");
  auto intent = intent_from_json(whole);
  if (!intent) return intent;
  whole_bytes_ = text.size();
  // A former release had no log.
  if (!whole.contains("log") || !whole["log"].is_number_unsigned()) return intent;
  log_number_ = whole["log"].get<std::uint64_t>();
  std::vector<std::string> steps;
  auto log = LineLog::open(log_file(), steps);
  if (!log) return failure_of(log);
  for (const std::string& step : steps) {
    auto taken = take_step(*intent, json::parse(step, nullptr, false));
    if (!taken) return failure_of(taken);
  }
  steps_ = steps.size();
  log_ = std::move(*log);
  return intent;
}

std::string IntentStore::set_aside(const std::string& why) {
  saved_.reset();
  log_.reset();
  std::string aside = file() + ".damaged";
  std::error_code error;
  std::filesystem::rename(file(), aside, error);
  return "the state in " + file() + " is damaged: " + why + "; going on from the configuration file" +
         (error ? "" : ", the damaged state is kept as " + aside);
}

bool IntentStore::may_append(const Intent& intent) const {
  return saved_ && log_ && is_step(*saved_, intent) && steps_ < steps_max &&
         log_->size_bytes() < std::max(step_log_bytes_min, whole_bytes_);
}

Result<void> IntentStore::save(const Intent& intent, ConfigTexts& texts) {
  return may_append(intent) ? append(intent) : save_whole(intent, texts);
}

Result<void> IntentStore::append(const Intent& intent) {
  auto appended = log_->append(step_json(*saved_, intent).dump());
  if (!appended) return appended;
  saved_ = intent;
  ++steps_;
  return {};
}

Result<void> IntentStore::save_whole(const Intent& intent, ConfigTexts& texts) {
  ++log_number_;
  // Before the file that names it: the sync of the directory is for both.
  auto log = LineLog::create(log_file());
  if (!log) return failure_of(log);
  const std::string text = json_text(intent, log_number_, texts);
  auto replaced = replace_file(file(), text);
  if (!replaced) {
    // Nobody knows which of the two is there: the next one is whole, too.
    saved_.reset();
    return replaced;
  }
  log_ = std::move(*log);
  saved_ = intent;
  steps_ = 0;
  whole_bytes_ = text.size();
  remove_other_logs();
  return {};
}

void IntentStore::remove_other_logs() const {
  std::error_code ignored;
  for (const auto& each : std::filesystem::directory_iterator(directory_, ignored)) {
    const std::string name = each.path().filename().string();
    if (name.rfind("intent-", 0) == 0 && each.path() != log_file()) std::filesystem::remove(each.path(), ignored);
  }
}

}  // namespace guideway
