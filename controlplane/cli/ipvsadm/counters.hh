// SPDX-License-Identifier: Apache-2.0
// What guidewayd has counted, under names that outlive an edit; the difference of two such counts; and the count that
// -Z took, kept beside the daemon's socket, since the datapath's own counters are never reset.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include <nlohmann/json.hpp>

#include "dataplane/base/result.hh"

namespace guideway::ipvsadm {

struct Count {
  std::uint64_t connections = 0;
  std::uint64_t packets = 0;
  std::uint64_t bytes = 0;
  std::uint64_t remembered = 0;  // flows that the datapath remembers now: a state, no count
};

class Counters {
 public:
  Counters() = default;
  // `services` and `backends` as /v1/services and /v1/backends answer, `datapath` as in /v1/status.
  Counters(const nlohmann::json& services, const nlohmann::json& backends, const nlohmann::json& datapath);

  [[nodiscard]] Count of_service(const std::string& name) const;
  [[nodiscard]] Count of_backend(const std::string& pool, const std::string& name) const;

  // What came since; all of it where the datapath or a backend is not the one of then.
  [[nodiscard]] Counters since(const Counters& then) const;
  [[nodiscard]] Counters per_second(double seconds) const;

  // The count of -Z: of everything, or of one service and its pool.
  void zero(const Counters& now);
  void zero(const Counters& now, const std::string& service, const std::string& pool);
  [[nodiscard]] static Result<Counters> load(const std::string& path);  // none there: nothing was ever zeroed
  [[nodiscard]] Result<void> store(const std::string& path) const;

 private:
  struct Place {
    std::uint64_t index = 0;  // of a backend; another one may have its name one day
    Count count;
  };
  std::string datapath_;  // which one counted
  std::map<std::string, Place> places_;
};

}  // namespace guideway::ipvsadm
