// SPDX-License-Identifier: Apache-2.0
#include "controlplane/config/words.hh"

namespace guideway {

std::string_view name_of(CheckKind kind) noexcept {
  switch (kind) {
    case CheckKind::none:
      return "none";
    case CheckKind::tcp:
      return "tcp";
    case CheckKind::http:
      return "http";
  }
  return "none";
}

std::string_view name_of(Forward forward) noexcept { return forward == Forward::l2 ? "l2" : "ipip"; }

std::string_view name_of(Administrative state) noexcept {
  switch (state) {
    case Administrative::enabled:
      return "enabled";
    case Administrative::draining:
      return "draining";
    case Administrative::disabled:
      return "disabled";
  }
  return "enabled";
}

std::string_view name_of(Scheduler scheduler) noexcept {
  return scheduler == Scheduler::maglev ? "maglev" : "round-robin";
}

std::string_view name_of(NoBackendPolicy policy) noexcept {
  return policy == NoBackendPolicy::drop ? "drop" : "fail-open";
}

std::string_view name_of(UdpMode mode) noexcept { return mode == UdpMode::follow ? "follow" : "hash"; }

}  // namespace guideway
