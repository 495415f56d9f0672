// SPDX-License-Identifier: Apache-2.0
// What the API can ask of the daemon. Each answer is a status and a JSON document; docs/api.md describes them. The
// router turns requests into these calls and nothing else, so it is tested without a daemon.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "controlplane/model/edit.hh"
#include "dataplane/net/address.hh"

namespace guideway {

struct Reply {
  int status = 200;
  nlohmann::json body;
  std::optional<std::string> text;  // instead of the body, of this type:
  std::string content_type = "application/json";
};

[[nodiscard]] inline Reply error_reply(int status, const std::string& sentence) {
  return {status, {{"error", sentence}}};
}

// Who asks for a change.
struct Actor {
  std::uint32_t uid = 0;
  std::int32_t pid = 0;
};

struct ExplainRequest {
  Protocol protocol = Protocol::tcp;
  Endpoint source;
  Endpoint destination;
};

class Operations {
 public:
  // Called exactly once, now or later; later only on the daemon's own thread.
  using Respond = std::function<void(Reply)>;

  Operations() = default;
  Operations(const Operations&) = delete;
  Operations& operator=(const Operations&) = delete;
  virtual ~Operations() = default;

  virtual Reply status() = 0;
  virtual Reply services() = 0;
  virtual Reply service(const std::string& name) = 0;
  virtual Reply backends(const std::optional<std::string>& pool) = 0;
  virtual Reply stats() = 0;
  // What Prometheus reads, as text.
  virtual void metrics(Respond respond) = 0;
  virtual Reply config() = 0;
  virtual Reply config_diff(const std::string& path) = 0;
  virtual void config_apply(const std::string& path, const Actor& actor, Respond respond) = 0;
  virtual void edits(std::vector<Edit> edits, const Actor& actor, Respond respond) = 0;
  virtual void explain(const ExplainRequest& request, Respond respond) = 0;
};

}  // namespace guideway
