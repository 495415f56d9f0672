// SPDX-License-Identifier: Apache-2.0
#include "controlplane/daemon/decisive_check.hh"

#include <array>

#include <fmt/core.h>

#include "controlplane/config/words.hh"

namespace guideway {

std::size_t decisive_check(CheckRule rule, const CheckResults& results, std::size_t newest) {
  using Outcome = ProbeOutcome;
  constexpr std::array all_in_order{Outcome::failed, Outcome::inconclusive, Outcome::ok};
  constexpr std::array any_in_order{Outcome::ok, Outcome::failed, Outcome::inconclusive};
  for (const Outcome wanted : rule == CheckRule::all ? all_in_order : any_in_order) {
    if (results.at(newest)->outcome == wanted) return newest;
    for (std::size_t number = 0; number < results.size(); ++number) {
      if (results[number] && results[number]->outcome == wanted) return number;
    }
  }
  return newest;
}

std::string check_label(const BackendConfig& backend, std::size_t number) {
  const auto plain = [](const CheckConfig& check) {
    return has_port(check.kind) ? fmt::format("{} {}", name_of(check), check.port) : std::string(name_of(check));
  };
  std::string label = plain(check_at(backend, number));
  for (std::size_t other = 0; other < check_count(backend); ++other) {
    if (other != number && plain(check_at(backend, other)) == label) return fmt::format("{} ({})", label, number + 1);
  }
  return label;
}

ProbeResult combined_result(const BackendConfig& backend, const CheckResults& results, std::size_t newest) {
  if (check_count(backend) == 1) return *results.at(newest);
  const std::size_t decisive = decisive_check(backend.checks, results, newest);
  ProbeResult result = *results.at(decisive);
  result.detail = check_label(backend, decisive) + ": " + result.detail;
  for (const std::optional<ProbeResult>& each : results) {
    if (each && !each->warning.empty()) result.warning = each->warning;
  }
  return result;
}

}  // namespace guideway
