// SPDX-License-Identifier: Apache-2.0
// What happens to thousands of backends at once, told once a pool: a start with 100,000 backends would push everything
// else out of the event log. Pure.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "controlplane/compile/ledger.hh"
#include "controlplane/events/event.hh"

namespace guideway {

class MassEvents {
 public:
  // So many at once are still told one by one.
  static constexpr std::size_t single_max = 1000;

  // `what` goes on from the name of a backend: "is up; it was down".
  void note(const BackendKey& key, const std::string& what);
  // One a pool and what happened: "pool web: 100 backends, b1 first: is up; it was down". Empty then.
  [[nodiscard]] std::vector<Event> take(const std::string& kind, std::int64_t time_ms);

 private:
  struct Group {
    std::string first;
    std::size_t backends = 0;
  };
  std::map<std::pair<std::string, std::string>, Group> groups_;  // by pool and what
};

}  // namespace guideway
