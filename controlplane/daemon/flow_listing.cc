// SPDX-License-Identifier: Apache-2.0
#include "controlplane/daemon/flow_listing.hh"

#include <algorithm>

#include <fmt/core.h>
#include <boost/asio/post.hpp>
#include <nlohmann/json.hpp>

#include "controlplane/config/json_text.hh"
#include "ebpf/abi/flow.h"
#include "ebpf/abi/limits.h"

namespace guideway {
namespace {

using nlohmann::json;

// So much may wait for the reader before the next page is asked for.
constexpr std::size_t page_waiting_bytes_max = 65536;
constexpr std::chrono::milliseconds reader_interval{5};
constexpr std::uint32_t looks_at_reader_max = 12'000;  // a minute: it has gone to sleep on a place that others want

const char* name_of_state(std::uint32_t state) {
  if (state == GW_FLOW_PROBATION) return "probation";
  return state == GW_FLOW_CLOSING ? "closing" : "established";
}

}  // namespace

FlowListing::FlowListing(boost::asio::io_context& io, DoorClient& door, FlowListingTerms terms,
                         std::shared_ptr<ReplyStream> stream)
    : io_(io), door_(door), terms_(std::move(terms)), stream_(std::move(stream)), timer_(io) {}

void FlowListing::start() { name_flows(); }

// A target at a time, so that checks and edits come in between.
void FlowListing::name_flows() {
  if (!terms_.names || !terms_.names->name_next()) return ask();
  boost::asio::post(io_, [self = shared_from_this()] { self->name_flows(); });
}

void FlowListing::ask() {
  if (stream_->waiting_bytes() > page_waiting_bytes_max) {
    if (++looks_at_reader_ > looks_at_reader_max) return;
    timer_.expires_after(reader_interval);
    timer_.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
      if (!error && self->send("")) self->ask();
    });
    return;
  }
  looks_at_reader_ = 0;
  door_.read_flows(worker_, next_bucket_,
                   [self = shared_from_this()](const Result<door::FlowPage>& page) { self->answered(page); });
}

void FlowListing::answered(const Result<door::FlowPage>& page) {
  if (!page) return finish(page.error().message);
  if (!send(lines_of(*page))) return;
  next_bucket_ = page->next_bucket;
  if (next_bucket_ == 0) ++worker_;
  if (worker_ >= terms_.worker_count || listed_ >= terms_.limit) return finish("");
  ask();
}

bool FlowListing::send(const std::string& lines) { return stream_->send(lines) == ReplyStream::Sent::queued; }

void FlowListing::finish(const std::string& error) {
  json end{{"listed", listed_}, {"looked_at", looked_at_}, {"left_out", terms_.left_out}};
  if (!error.empty()) end["error"] = error;
  if (send(json_text(json{{"end", std::move(end)}}) + "\n")) stream_->finish();
}

std::string FlowListing::lines_of(const door::FlowPage& page) {
  std::string lines;
  for (std::uint32_t i = 0; i < std::min(page.count, door::flows_a_page) && listed_ < terms_.limit; ++i) {
    const door::FlowRecord& flow = page.flows[i];
    ++looked_at_;
    if (terms_.backends && terms_.backends->count(flow.backend) == 0) continue;
    const auto name = terms_.names ? terms_.names->find(flow.hash) : std::nullopt;
    if (terms_.names && !name) continue;
    const auto backend = terms_.backend_names.find(flow.backend);
    json line{
        {"flow", fmt::format("{:016x}", flow.hash)},
        {"worker", worker_},
        {"backend", backend == terms_.backend_names.end() ? fmt::format("backend {}", flow.backend) : backend->second},
        {"state", name_of_state(flow.state)},
        {"remaining_ms", std::uint64_t{flow.remaining_ticks} * 1000 / GW_TICKS_PER_SECOND}};
    if (name) {
      const FlowTarget& target = terms_.names->target(*name);
      line["client"] = terms_.names->client(*name).text();
      line["destination"] = target.destination.text();
      line["protocol"] = name_of(target.protocol);
      line["services"] = json::array({target.service});
    } else if (const auto services = terms_.services.find(flow.backend); services != terms_.services.end()) {
      line["services"] = services->second;
    }
    ++listed_;
    lines += json_text(line) + "\n";
  }
  return lines;
}

}  // namespace guideway
