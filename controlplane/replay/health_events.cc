// SPDX-License-Identifier: Apache-2.0
#include "controlplane/replay/health_events.hh"

#include <fstream>
#include <map>
#include <sstream>

#include "ebpf/abi/health.h"

namespace guideway {
namespace {

const std::map<std::string, gw_health_state> states{
    {"up", GW_HEALTH_UP}, {"draining", GW_HEALTH_DRAINING}, {"down", GW_HEALTH_DOWN}};

Result<HealthEvent> parse_event(const std::string& line, const Ledger& ledger) {
  std::istringstream words(line);
  double at_seconds = 0;
  std::string verb;
  BackendKey key;
  std::string state;
  if (!(words >> at_seconds >> verb >> key.pool >> key.name >> state) || verb != "set" || states.count(state) == 0)
    return failure("expected \"SECONDS set POOL BACKEND up|draining|down [share N]\"");
  std::uint32_t share = state == "up" ? GW_SHARE_FULL : 0;
  if (std::string word; words >> word) {
    if (word != "share" || !(words >> share) || share > GW_SHARE_FULL)
      return failure("expected \"share\" and a number from 0 to 65535 after the state");
  }
  const BackendRecord* record = ledger.find(key);
  if (record == nullptr) return failure("there is no backend \"" + key.pool + "/" + key.name + "\"");
  const std::uint32_t reason = state == "up" ? GW_REASON_NONE : GW_REASON_CHECK_FAILED;
  return HealthEvent{at_seconds, record->index, gw_health_word(share, states.at(state), reason, record->generation)};
}

}  // namespace

Result<std::vector<HealthEvent>> read_health_events(const std::string& path, const Ledger& ledger) {
  std::ifstream file(path);
  if (!file) return failure(path + ": cannot be read");
  std::vector<HealthEvent> events;
  std::string line;
  for (int number = 1; std::getline(file, line); ++number) {
    if (line.empty() || line.front() == '#') continue;
    auto event = parse_event(line, ledger);
    if (event && !events.empty() && event->at_seconds < events.back().at_seconds)
      event = failure("events must be in order of time");
    if (!event) return failure(path + ":" + std::to_string(number) + ": " + event.error().message);
    events.push_back(*event);
  }
  return events;
}

}  // namespace guideway
