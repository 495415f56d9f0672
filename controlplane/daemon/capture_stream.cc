// SPDX-License-Identifier: Apache-2.0
#include "controlplane/daemon/capture_stream.hh"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "controlplane/daemon/clock.hh"
#include "dataplane/pipeline/exits.hh"
#include "ebpf/abi/limits.h"

namespace guideway {
namespace {

using nlohmann::json;

constexpr std::chrono::milliseconds look_interval{5};
constexpr std::uint32_t taken_at_once = 256;  // 50,000 a second at the most, and 1 MB of text at once
constexpr std::size_t capture_waiting_bytes_max = 1U << 20U;
constexpr std::uint32_t lease_ticks = 2 * GW_TICKS_PER_SECOND;

// The workers' clock.
std::uint32_t now_ticks() { return static_cast<std::uint32_t>(steady_ms() * GW_TICKS_PER_SECOND / 1000); }

const char* name_of_stage(std::uint32_t stage) {
  if (stage == GW_CAPTURE_RX) return "rx";
  return stage == GW_CAPTURE_TX ? "tx" : "drop";
}

std::string hexadecimal(const std::uint8_t* bytes, std::size_t count) {
  constexpr const char* digits = "0123456789abcdef";
  std::string text(2 * count, '0');
  for (std::size_t i = 0; i < count; ++i) {
    text[2 * i] = digits[bytes[i] >> 4U];
    text[2 * i + 1] = digits[bytes[i] & 0xfU];
  }
  return text;
}

}  // namespace

void CaptureStream::start(std::shared_ptr<ReplyStream> stream) {
  stream_ = std::move(stream);
  if (const Datapath* datapath = door_.datapath()) process_id_ = datapath->process_id;
  view_.begin(terms_.stages, terms_.service_ids);
  look();
}

void CaptureStream::look() {
  const Datapath* datapath = door_.datapath();
  if (datapath == nullptr || datapath->process_id != process_id_) {
    if (stream_->send("{\"error\": \"the datapath has gone\"}\n") == ReplyStream::Sent::queued) stream_->finish();
    return;
  }
  std::string lines;
  if (stream_->waiting_bytes() < capture_waiting_bytes_max)
    view_.take(taken_at_once,
               [&](std::uint32_t worker, const gw_capture_slot& slot) { lines += line_of(worker, slot); });
  if (const std::uint64_t lost = view_.lost();
      lost != lost_told_ && stream_->waiting_bytes() < capture_waiting_bytes_max) {
    lost_told_ = lost;
    lines += json{{"lost", lost}}.dump() + "\n";
  }
  if (stream_->send(lines) != ReplyStream::Sent::queued) return;
  view_.renew(now_ticks() + lease_ticks);
  timer_.expires_after(look_interval);
  timer_.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
    if (!error) self->look();
  });
}

std::string CaptureStream::line_of(std::uint32_t worker, const gw_capture_slot& slot) const {
  const auto names = exit_names();
  json line{{"time_ns", slot.time_ns},
            {"worker", worker},
            {"stage", name_of_stage(slot.stage)},
            {"exit", slot.exit < names.size() ? std::string(names[slot.exit].name) : std::to_string(slot.exit)},
            {"length", slot.length_bytes},
            {"data", hexadecimal(slot.bytes, std::min<std::size_t>(slot.captured_bytes, GW_CAPTURE_BYTES_MAX))}};
  if (const auto service = terms_.services.find(slot.service_id); service != terms_.services.end())
    line["service"] = service->second;
  const auto backend = terms_.backends.find(slot.backend);
  if (slot.exit == GW_EXIT_SENT && backend != terms_.backends.end()) line["backend"] = backend->second;
  return line.dump() + "\n";
}

}  // namespace guideway
