// SPDX-License-Identifier: Apache-2.0
#include "controlplane/model/history.hh"

#include <algorithm>
#include <filesystem>
#include <fstream>

#include <fmt/core.h>

#include "controlplane/config/json.hh"
#include "controlplane/model/whole_file.hh"

namespace guideway {
namespace {

using nlohmann::json;

constexpr std::size_t kept_min = 2;

// The first line of a file tells of the change, the second is what ran then, which may be large.
Result<PastChange> read_head(const std::string& file) {
  std::ifstream stream(file, std::ios::binary);
  std::string line;
  std::getline(stream, line);
  const json head = json::parse(line, nullptr, false);
  if (!head.is_object() || !head.contains("id") || !head["id"].is_number_unsigned() || !head.contains("time_ms") ||
      !head["time_ms"].is_number_integer() || !head.contains("what") || !head["what"].is_string())
    return failure(file + " is damaged");
  PastChange change;
  change.id = head["id"].get<std::uint64_t>();
  change.time_ms = head["time_ms"].get<std::int64_t>();
  change.what = head["what"].get<std::string>();
  if (head.contains("changes") && head["changes"].is_number_unsigned())
    change.changes = head["changes"].get<std::size_t>();
  if (head.contains("who")) change.who = head["who"];
  return change;
}

}  // namespace

json to_json(const PastChange& change) {
  return {{"id", change.id},
          {"time_ms", change.time_ms},
          {"what", change.what},
          {"changes", change.changes},
          {"who", change.who}};
}

std::string History::file_of(std::uint64_t id) const { return fmt::format("{}/{:010}.json", directory_, id); }

Result<History> History::open(const std::string& directory, std::uint64_t last, const Limits& limits) {
  History history(directory + "/history", limits);
  std::error_code error;
  std::filesystem::create_directories(history.directory_, error);
  if (error) return failure("the directory " + history.directory_ + " cannot be made: " + error.message());
  for (const auto& each : std::filesystem::directory_iterator(history.directory_, error)) {
    auto change = read_head(each.path().string());
    if (!change || (last != 0 && change->id > last)) {
      std::error_code ignored;
      std::filesystem::remove(each.path(), ignored);
      continue;
    }
    history.changes_.push_back(std::move(*change));
  }
  std::sort(history.changes_.begin(), history.changes_.end(),
            [](const PastChange& one, const PastChange& other) { return one.id < other.id; });
  history.last_id_ = std::max(last, history.changes_.empty() ? 0 : history.changes_.back().id);
  return history;
}

Result<std::uint64_t> History::add(PastChange change, const Config& running, const std::vector<Edit>& edits) {
  change.id = last_id_ + 1;
  json kept = json::array();
  for (const Edit& edit : edits) kept.push_back(to_json(edit));
  const std::string text = to_json(change).dump(-1, ' ', false, json::error_handler_t::replace) + "\n" +
                           json{{"running", to_json(running)}, {"edits", std::move(kept)}}.dump() + "\n";
  auto written = replace_file(file_of(change.id), text);
  if (!written) return failure_of(written);
  last_id_ = change.id;
  changes_.push_back(std::move(change));
  forget_oldest();
  return last_id_;
}

void History::take_back(std::uint64_t id) {
  if (changes_.empty() || changes_.back().id != id) return;
  std::error_code ignored;
  std::filesystem::remove(file_of(id), ignored);
  changes_.pop_back();
}

void History::forget_oldest() {
  std::size_t bytes = 0;
  std::size_t kept = 0;
  for (auto each = changes_.rbegin(); each != changes_.rend(); ++each, ++kept) {
    std::error_code error;
    const auto size = std::filesystem::file_size(file_of(each->id), error);
    bytes += error ? 0 : size;
    if (kept >= kept_min && (kept >= limits_.changes_max || bytes > limits_.bytes_max)) break;
  }
  while (changes_.size() > kept) {
    std::error_code ignored;
    std::filesystem::remove(file_of(changes_.front().id), ignored);
    changes_.pop_front();
  }
}

Result<PastConfig> History::config_after(std::uint64_t id) const {
  const bool is_known =
      std::any_of(changes_.begin(), changes_.end(), [&](const PastChange& change) { return change.id == id; });
  if (!is_known)
    return failure("there is no change " + std::to_string(id) +
                   " in the history; `guideway config history` lists them");
  std::ifstream stream(file_of(id), std::ios::binary);
  std::string line;
  std::getline(stream, line);
  std::getline(stream, line);
  const json saved = json::parse(line, nullptr, false);
  if (!saved.is_object() || !saved.contains("running") || !saved.contains("edits") || !saved["edits"].is_array())
    return failure("what ran after change " + std::to_string(id) + " cannot be read from " + file_of(id));
  auto running = config_from_json(saved["running"]);
  if (!running) return failure_of(running);
  PastConfig past{std::move(*running), {}};
  for (const json& one : saved["edits"]) {
    auto edit = edit_from_json(one);
    if (!edit) return failure_of(edit);
    past.edits.push_back(std::move(*edit));
  }
  return past;
}

}  // namespace guideway
