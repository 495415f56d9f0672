// SPDX-License-Identifier: Apache-2.0
// What the API can ask of the daemon. Each answer is a status and a JSON document; docs/api.md describes them. The
// router turns requests into these calls and nothing else, so it is tested without a daemon.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "controlplane/api/actor.hh"
#include "controlplane/api/reply_stream.hh"
#include "controlplane/model/edit.hh"
#include "dataplane/net/address.hh"

namespace guideway {

struct Reply {
  int status = 200;
  nlohmann::json body;
  std::optional<std::string> text;  // instead of the body, of this type:
  std::string content_type = "application/json";
  // Instead of the body: the answer goes on. Called once, with the stream to send its pieces to (lines of JSON).
  std::function<void(std::shared_ptr<ReplyStream>)> follow;
};

[[nodiscard]] inline Reply error_reply(int status, const std::string& sentence) {
  return {status, {{"error", sentence}}};
}

struct ExplainRequest {
  Protocol protocol = Protocol::tcp;
  Endpoint source;
  Endpoint destination;
};

// Where a configuration comes from: a file of the daemon's machine, or a text that is called so.
struct ConfigSource {
  std::string name;
  std::optional<std::string> text;
};

struct ChangeTerms {
  Actor actor;
  bool dry_run = false;  // only whether it would be refused, and what it would change
  // What it is based on: it is refused if the intent has changed since.
  std::optional<std::uint64_t> if_generation;
};

struct EventsRequest {
  std::string service;                   // empty: all
  std::optional<std::int64_t> since_ms;  // not before this time (wall clock)
  std::uint64_t after = 0;               // only those with a higher id
  std::size_t limit = 1000;              // the newest of them
  bool follow = false;                   // and those that come, one line each
};

struct FlowsRequest {
  std::string service;             // empty: of all
  std::string backend;             // "pool/name", or "name" in all pools; empty: of all
  std::optional<Endpoint> client;  // port 0: any
  std::uint64_t limit = 0;         // 0: none
};

struct CaptureRequest {
  std::string service;  // empty: of all packets
  bool received = false;
  bool leaving = false;
  bool dropped = false;
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
  virtual Reply backend(const std::string& pool, const std::string& name) = 0;
  virtual Reply stats() = 0;
  // What Prometheus reads, as text.
  virtual void metrics(Respond respond) = 0;
  virtual Reply config() = 0;
  virtual Reply config_diff(const ConfigSource& source) = 0;
  virtual Reply config_history() = 0;
  virtual void config_apply(const ConfigSource& source, const ChangeTerms& terms, Respond respond) = 0;
  // To what ran after a change of the history.
  virtual void config_rollback(std::uint64_t change, const ChangeTerms& terms, Respond respond) = 0;
  virtual void edits(std::vector<Edit> edits, const ChangeTerms& terms, Respond respond) = 0;
  virtual void explain(const ExplainRequest& request, Respond respond) = 0;
  virtual Reply events(const EventsRequest& request) = 0;
  // Goes on until all are told.
  virtual Reply flows(const FlowsRequest& request) = 0;
  // Goes on until its reader has seen enough.
  virtual void capture(const CaptureRequest& request, Respond respond) = 0;
};

}  // namespace guideway
