// SPDX-License-Identifier: Apache-2.0
#include "controlplane/model/history.hh"

#include <algorithm>
#include <filesystem>
#include <fstream>

#include <fmt/core.h>

#include "controlplane/config/config_delta.hh"
#include "controlplane/config/json.hh"
#include "controlplane/model/intent_step.hh"
#include "controlplane/model/whole_file.hh"

namespace guideway {
namespace {

using nlohmann::json;

constexpr std::size_t kept_min = 2;
// Of the small changes behind a whole file: each must be taken to have back the last.
constexpr std::size_t chapter_changes_max = 100;
constexpr std::size_t chapter_log_bytes_min = std::size_t{256} << 10U;

Result<PastChange> change_of(const json& head) {
  if (!head.is_object() || !head.contains("id") || !head["id"].is_number_unsigned() || !head.contains("time_ms") ||
      !head["time_ms"].is_number_integer() || !head.contains("what") || !head["what"].is_string())
    return failure("it is damaged");
  PastChange change;
  change.id = head["id"].get<std::uint64_t>();
  change.time_ms = head["time_ms"].get<std::int64_t>();
  change.what = head["what"].get<std::string>();
  if (head.contains("changes") && head["changes"].is_number_unsigned())
    change.changes = head["changes"].get<std::size_t>();
  if (head.contains("who")) change.who = head["who"];
  if (head.contains("generation") && head["generation"].is_number_unsigned())
    change.generation = head["generation"].get<std::uint64_t>();
  return change;
}

json edits_json(const std::vector<Edit>& edits) {
  json list = json::array();
  for (const Edit& edit : edits) list.push_back(to_json(edit));
  return list;
}

Result<std::vector<Edit>> edits_of(const json& saved) {
  if (!saved.contains("edits") || !saved["edits"].is_array()) return failure("it has no edits");
  std::vector<Edit> edits;
  for (const json& one : saved["edits"]) {
    auto edit = edit_from_json(one);
    if (!edit) return failure_of(edit);
    edits.push_back(std::move(*edit));
  }
  return edits;
}

// The first line of a file tells of the change, the second is what ran then, which may be large.
json line_of(const std::string& file, int number) {
  std::ifstream stream(file, std::ios::binary);
  std::string line;
  for (int i = 0; i < number; ++i) std::getline(stream, line);
  return json::parse(line, nullptr, false);
}

Result<PastConfig> whole_config(const std::string& file) {
  const json saved = line_of(file, 2);
  if (!saved.is_object() || !saved.contains("running")) return failure("it is damaged");
  auto running = config_from_json(saved["running"]);
  if (!running) return failure_of(running);
  auto edits = edits_of(saved);
  if (!edits) return failure_of(edits);
  return PastConfig{std::move(*running), std::move(*edits)};
}

Result<void> take(PastConfig& config, const json& step) {
  if (!step.is_object() || !step.contains("delta")) return failure("it is damaged");
  auto running = with_delta(config.running, step["delta"]);
  if (!running) return failure_of(running);
  try {
    auto edits = with_edits_step(config.edits, step.at("edits"));
    if (!edits) return failure_of(edits);
    config = {std::move(*running), std::move(*edits)};
  } catch (const std::exception& error) {
    return failure(std::string("it is damaged: ") + error.what());
  }
  return {};
}

}  // namespace

json to_json(const PastChange& change) {
  return {{"id", change.id},           {"time_ms", change.time_ms}, {"what", change.what},
          {"changes", change.changes}, {"who", change.who},         {"generation", change.generation}};
}

std::string History::file_of(std::uint64_t first_id) const {
  return fmt::format("{}/{:010}.json", directory_, first_id);
}
std::string History::log_of(std::uint64_t first_id) const { return fmt::format("{}/{:010}.log", directory_, first_id); }

Result<History> History::open(const std::string& directory, std::uint64_t last, const Limits& limits) {
  History history(directory + "/history", limits);
  std::error_code error;
  std::filesystem::create_directories(history.directory_, error);
  if (error) return failure("the directory " + history.directory_ + " cannot be made: " + error.message());
  std::vector<std::uint64_t> first_ids;
  for (const auto& each : std::filesystem::directory_iterator(history.directory_, error)) {
    if (each.path().extension() == ".log") continue;
    auto change = change_of(line_of(each.path().string(), 1));
    const bool is_whole = change && each.path() == history.file_of(change->id);
    if (is_whole && (last == 0 || change->id <= last)) {
      first_ids.push_back(change->id);
      continue;
    }
    std::error_code ignored;
    std::filesystem::remove(each.path(), ignored);
  }
  std::sort(first_ids.begin(), first_ids.end());
  for (std::size_t i = 0; i < first_ids.size(); ++i) {
    const std::uint64_t next = i + 1 < first_ids.size() ? first_ids[i + 1] : last + 1;
    history.read_chapter(first_ids[i], last == 0 && i + 1 == first_ids.size() ? UINT64_MAX : next - 1);
  }
  history.last_id_ = std::max(last, history.changes_.empty() ? 0 : history.changes_.back().id);
  history.forget_oldest();
  return history;
}

void History::read_chapter(std::uint64_t first_id, std::uint64_t last) {
  Chapter chapter{first_id, 1, 0, 0};
  std::error_code error;
  chapter.file_bytes = std::filesystem::file_size(file_of(first_id), error);
  changes_.push_back(*change_of(line_of(file_of(first_id), 1)));
  std::vector<std::string> lines;
  auto log = std::filesystem::exists(log_of(first_id), error) ? LineLog::open(log_of(first_id), lines)
                                                              : Result<LineLog>(failure("there is none"));
  for (const std::string& line : lines) {
    const json step = json::parse(line, nullptr, false);
    auto change = change_of(step.is_object() && step.contains("change") ? step["change"] : json());
    if (!change || change->id > last) break;
    changes_.push_back(std::move(*change));
    ++chapter.count;
  }
  // What was never acknowledged must not come to light later, when its number has been given again.
  if (log && chapter.count - 1 < lines.size()) log->keep({lines.data(), chapter.count - 1});
  if (log) chapter.log_bytes = log->size_bytes();
  chapters_.push_back(chapter);
}

Result<std::uint64_t> History::add(PastChange change, const Config& running, const std::vector<Edit>& edits,
                                   ConfigTexts& texts) {
  change.id = last_id_ + 1;
  const PastConfig now{running, edits};
  auto added = add_to_chapter(change, now);
  if (!added) return failure_of(added);
  if (!*added) {
    if (auto begun = begin_chapter(change, now, texts); !begun) return failure_of(begun);
  }
  newest_ = now;
  last_id_ = change.id;
  changes_.push_back(std::move(change));
  forget_oldest();
  return last_id_;
}

Result<bool> History::add_to_chapter(const PastChange& change, const PastConfig& now) {
  if (!log_ || !newest_ || chapters_.empty()) return false;
  Chapter& chapter = chapters_.back();
  if (chapter.count >= chapter_changes_max || chapter.log_bytes > std::max(chapter_log_bytes_min, chapter.file_bytes))
    return false;
  const auto delta = small_delta_json(newest_->running, now.running);
  if (!delta) return false;
  const std::string line =
      json_text(json{{"change", to_json(change)}, {"delta", *delta}, {"edits", edits_step(newest_->edits, now.edits)}});
  // Then the whole is not much more, and soon had back.
  if (line.size() > std::max(chapter_log_bytes_min, chapter.file_bytes / 2)) return false;
  auto appended = log_->append(line);
  if (!appended) return failure_of(appended);
  chapter.log_bytes = log_->size_bytes();
  ++chapter.count;
  return true;
}

Result<void> History::begin_chapter(const PastChange& change, const PastConfig& now, ConfigTexts& texts) {
  log_.reset();
  auto log = LineLog::create(log_of(change.id));
  if (!log) return failure_of(log);
  const std::string edits = json_text(json{{"edits", edits_json(now.edits)}});
  const std::string text =
      json_text(to_json(change)) + "\n" + with_member(edits, "running", texts.of(now.running)) + "\n";
  const Chapter chapter{change.id, 1, text.size(), 0};
  // Syncs the directory, and so the log's name too.
  if (auto written = replace_file(file_of(change.id), text); !written) {
    remove_chapter(chapter);
    return written;
  }
  log_ = std::move(*log);
  chapters_.push_back(chapter);
  return {};
}

void History::remove_chapter(const Chapter& chapter) const {
  std::error_code ignored;
  std::filesystem::remove(file_of(chapter.first_id), ignored);
  std::filesystem::remove(log_of(chapter.first_id), ignored);
}

void History::take_back(std::uint64_t id) {
  if (changes_.empty() || changes_.back().id != id) return;
  changes_.pop_back();
  Chapter& chapter = chapters_.back();
  if (chapter.first_id == id) {
    remove_chapter(chapter);
    chapters_.pop_back();
    log_.reset();
  } else {
    if (log_) log_->take_back();
    --chapter.count;
  }
  // The next one begins anew: what ran before this one is not known here.
  newest_.reset();
}

void History::forget_oldest() {
  std::size_t bytes = 0;
  std::size_t kept = 0;  // changes of the chapters that stay
  auto oldest = chapters_.size();
  while (oldest > 0) {
    const Chapter& chapter = chapters_[oldest - 1];
    bytes += chapter.file_bytes + chapter.log_bytes;
    if (kept >= kept_min && (kept >= limits_.changes_max || bytes > limits_.bytes_max)) break;
    kept += chapter.count;
    --oldest;
  }
  for (; oldest > 0; --oldest) {
    remove_chapter(chapters_.front());
    chapters_.pop_front();
  }
  while (changes_.size() > std::max(kept_min, std::min(kept, limits_.changes_max))) changes_.pop_front();
}

Result<PastConfig> History::config_after(std::uint64_t id) const {
  const bool is_known =
      std::any_of(changes_.begin(), changes_.end(), [&](const PastChange& change) { return change.id == id; });
  if (!is_known)
    return failure("there is no change " + std::to_string(id) +
                   " in the history; `guideway config history` lists them");
  std::uint64_t first_id = 0;
  for (const Chapter& chapter : chapters_) {
    if (chapter.first_id <= id) first_id = chapter.first_id;
  }
  const auto damaged = [&](const std::string& file, const Error& error) {
    return failure("what ran after change " + std::to_string(id) + " cannot be read from " + file + ": " +
                   error.message);
  };
  auto past = whole_config(file_of(first_id));
  if (!past) return damaged(file_of(first_id), past.error());
  std::vector<std::string> lines = LineLog::read(log_of(first_id));
  if (lines.size() < id - first_id) return damaged(log_of(first_id), {"it ends too early"});
  for (std::uint64_t i = 0; i < id - first_id; ++i) {
    if (auto taken = take(*past, json::parse(lines[i], nullptr, false)); !taken)
      return damaged(log_of(first_id), taken.error());
  }
  return past;
}

}  // namespace guideway
