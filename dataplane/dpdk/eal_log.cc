// SPDX-License-Identifier: Apache-2.0
#include "dataplane/dpdk/eal_log.hh"

#include <rte_log.h>
#include <spdlog/spdlog.h>

#include <cstdio>
#include <mutex>
#include <string_view>
#include <vector>

namespace guideway {
namespace {

struct EalLog {
  std::mutex mutex;  // drivers have threads of their own
  bool passes_on = false;
  std::vector<std::string> kept;
};

EalLog& eal_log() {
  static EalLog log;
  return log;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.remove_suffix(1);
  return text;
}

ssize_t take_line(void*, const char* bytes, std::size_t length) {
  const std::string_view line = trimmed({bytes, length});
  if (line.empty()) return static_cast<ssize_t>(length);
  EalLog& log = eal_log();
  const std::lock_guard lock(log.mutex);
  if (log.passes_on)
    spdlog::warn("dpdk says=\"{}\"", line);
  else
    log.kept.emplace_back(line);
  return static_cast<ssize_t>(length);
}

}  // namespace

void capture_eal_log() {
  cookie_io_functions_t functions{};
  functions.write = take_line;
  std::FILE* stream = ::fopencookie(nullptr, "w", functions);
  if (stream == nullptr) return;  // then DPDK prints by itself
  std::setvbuf(stream, nullptr, _IOLBF, BUFSIZ);
  rte_openlog_stream(stream);
  rte_log_set_global_level(RTE_LOG_WARNING);
}

std::string take_eal_explanation() {
  EalLog& log = eal_log();
  const std::lock_guard lock(log.mutex);
  if (log.kept.empty()) return {};
  std::string text = " (DPDK: ";
  for (const std::string& line : log.kept) text += (&line == &log.kept.front() ? "" : "; ") + line;
  log.kept.clear();
  return text + ")";
}

void log_eal_explanation() {
  EalLog& log = eal_log();
  const std::lock_guard lock(log.mutex);
  for (const std::string& line : log.kept) spdlog::warn("dpdk says=\"{}\"", line);
  log.kept.clear();
}

void pass_on_eal_log() {
  EalLog& log = eal_log();
  const std::lock_guard lock(log.mutex);
  log.passes_on = true;
}

}  // namespace guideway
