// SPDX-License-Identifier: Apache-2.0
// What one probe of one target found out. Only `failed` speaks against the backend: what this machine could not do
// itself (no file descriptors, no memory, no local port) is `inconclusive` and changes nobody's health.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "controlplane/health/agent_answer.hh"

namespace guideway {

enum class ProbeOutcome : std::uint8_t { ok, failed, inconclusive };

struct ProbeResult {
  ProbeOutcome outcome = ProbeOutcome::inconclusive;
  std::string detail;            // one sentence for people, without a full stop: "HTTP status 503, wanted 200 to 399"
  std::uint32_t latency_us = 0;  // from the start of the probe to its verdict
  std::string warning;           // what will be wrong soon: "certificate expires in 5 days"; else empty
  std::optional<AgentAnswer> agent;  // of an agent that answered, whatever it said
};

// Called exactly once a probe, never from within the function that started it, and never after cancel().
using ProbeDone = std::function<void(const ProbeResult&)>;

// A probe that is under way. Letting go of it does not end it; cancel() does, at once and without a result.
class Probe {
 public:
  Probe() = default;
  Probe(const Probe&) = delete;
  Probe& operator=(const Probe&) = delete;
  virtual ~Probe() = default;
  virtual void cancel() = 0;
};

}  // namespace guideway
