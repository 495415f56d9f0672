// SPDX-License-Identifier: Apache-2.0
#include "dataplane/systemd/journal_sink.hh"

// Without it the macro of this name puts our own file and line into every entry.
#define SD_JOURNAL_SUPPRESS_LOCATION
#include <sys/stat.h>
#include <sys/syslog.h>
#include <sys/uio.h>
#include <systemd/sd-journal.h>

#include <cstdlib>
#include <memory>
#include <mutex>

#include <spdlog/sinks/base_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

namespace guideway {
namespace {

int priority_of(spdlog::level::level_enum level) {
  switch (level) {
    case spdlog::level::trace:
    case spdlog::level::debug:
      return LOG_DEBUG;
    case spdlog::level::warn:
      return LOG_WARNING;
    case spdlog::level::err:
      return LOG_ERR;
    case spdlog::level::critical:
      return LOG_CRIT;
    default:
      return LOG_INFO;
  }
}

class JournalSink : public spdlog::sinks::base_sink<std::mutex> {
 protected:
  void sink_it_(const spdlog::details::log_msg& message) override {
    const std::string_view line(message.payload.data(), message.payload.size());
    std::vector<std::string> fields{
        "MESSAGE=" + std::string(line), "PRIORITY=" + std::to_string(priority_of(message.level)),
        "SYSLOG_IDENTIFIER=" + std::string(message.logger_name.data(), message.logger_name.size())};
    for (const auto& [name, value] : fields_of(line))
      fields.emplace_back("GUIDEWAY_").append(name).append("=").append(value);
    std::vector<iovec> parts;
    parts.reserve(fields.size());
    for (std::string& field : fields) parts.push_back({field.data(), field.size()});
    ::sd_journal_sendv(parts.data(), static_cast<int>(parts.size()));
  }
  void flush_() override {}
};

// The value at the beginning of `rest`, which loses it: a word, or a text in quotes with backslashes before quotes.
std::string take_value(std::string_view& rest) {
  std::string value;
  if (rest.empty() || rest.front() != '"') {
    const std::size_t end = rest.find(' ');
    value = rest.substr(0, end);
    rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end);
    return value;
  }
  std::size_t at = 1;
  for (; at < rest.size() && rest[at] != '"'; ++at) {
    if (rest[at] == '\\' && at + 1 < rest.size()) ++at;
    value.push_back(rest[at]);
  }
  rest = rest.substr(std::min(at + 1, rest.size()));
  return value;
}

// A field's name in the journal: capitals, digits and underscores.
std::string field_name(std::string_view key) {
  std::string name;
  for (const char each : key) {
    const bool is_lower = each >= 'a' && each <= 'z';
    const bool is_kept = (each >= 'A' && each <= 'Z') || (each >= '0' && each <= '9');
    name.push_back(is_lower ? static_cast<char>(each - 'a' + 'A') : (is_kept ? each : '_'));
  }
  return name;
}

}  // namespace

bool logs_to_journal() {
  const char* said = std::getenv("JOURNAL_STREAM");
  struct stat status {};
  if (said == nullptr || ::fstat(2, &status) != 0) return false;
  return std::to_string(status.st_dev) + ":" + std::to_string(status.st_ino) == said;
}

void start_log(const std::string& program, const std::string& pattern) {
  spdlog::sink_ptr sink;
  if (logs_to_journal()) {
    sink = std::make_shared<JournalSink>();
  } else {
    sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
    sink->set_pattern(pattern);
  }
  spdlog::set_default_logger(std::make_shared<spdlog::logger>(program, std::move(sink)));
  spdlog::flush_on(spdlog::level::trace);
}

LogFields fields_of(std::string_view line) {
  LogFields fields;
  std::string_view rest = line;
  while (!rest.empty()) {
    if (rest.front() == ' ') {
      rest.remove_prefix(1);
      continue;
    }
    const std::size_t end = rest.find_first_of(" =");
    const bool has_value = end != std::string_view::npos && rest[end] == '=';
    const std::string_view word = rest.substr(0, end);
    rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + (has_value ? 1 : 0));
    if (has_value)
      fields.emplace_back(field_name(word), take_value(rest));
    else if (fields.empty())
      fields.emplace_back("TOPIC", word);
  }
  return fields;
}

}  // namespace guideway
