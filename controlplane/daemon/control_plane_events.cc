// SPDX-License-Identifier: Apache-2.0
// What ControlPlane writes into the event log, and how it is read.
#include <algorithm>
#include <utility>
#include <vector>

#include <fmt/core.h>
#include <spdlog/spdlog.h>
#include <boost/asio/post.hpp>

#include "controlplane/config/json_text.hh"
#include "controlplane/daemon/clock.hh"
#include "controlplane/daemon/control_plane.hh"
#include "controlplane/daemon/health_log.hh"
#include "controlplane/daemon/log_value.hh"

namespace guideway {
namespace {

using nlohmann::json;

constexpr std::size_t events_asked_max = 10000;
constexpr std::size_t followers_max = 32;  // of 256 places

std::string event_line(const Event& event) { return json_text(to_json(event)) + "\n"; }

// Why, if the state does not say it: "check failed", "slow start".
std::string reason_text(const HealthBoard::Entry& entry) {
  const HealthState& now = entry.health.state();
  std::string text;
  if (now.reason != GW_REASON_NONE) text = ": " + std::string(name_of(now.reason));
  if (now.reason == GW_REASON_CHECK_FAILED && entry.last_check && !entry.last_check->detail.empty())
    text += " (" + entry.last_check->detail + ")";
  return text;
}

Event event_about(const BackendKey& key, const std::string& kind, const std::string& text) {
  Event event;
  event.time_ms = wall_ms();
  event.kind = kind;
  event.text = key.pool + "/" + key.name + " " + text;
  event.pool = key.pool;
  event.values["backend"] = key.name;
  return event;
}

}  // namespace

void ControlPlane::record(const std::string& kind, const std::string& text, json values) {
  events_.add({0, wall_ms(), kind, text, "", "", std::move(values)});
}

void ControlPlane::health_changed(const HealthBoard::Entry& entry, const HealthState& before) {
  const HealthState& now = entry.health.state();
  const std::string detail = entry.last_check ? entry.last_check->detail : "";
  const std::string what =
      fmt::format("is {}{}; it was {}", name_of(now.state), reason_text(entry), name_of(before.state));
  if (mass_) return mass_->note(entry.key, what);
  log_health(entry, before);
  if (is_restoring_) return;
  Event event = event_about(entry.key, "backend", what);
  event.values["state"] = name_of(now.state);
  event.values["reason"] = name_of(now.reason);
  event.values["was"] = name_of(before.state);
  event.values["detail"] = detail;
  events_.add(std::move(event));
}

void ControlPlane::tell_mass() {
  if (!mass_) return;
  for (Event& event : std::exchange(mass_, std::nullopt)->take("backend", wall_ms())) {
    spdlog::info("health event=many what={}", log_value(event.text));
    events_.add(std::move(event));
  }
}

void ControlPlane::pool_changed(const std::string& name, const HealthBoard::Pool& pool) {
  log_pool(name, pool);
  const std::string serve = fmt::format("{} of {} backends serve", pool.counts.serve, pool.counts.could_serve);
  const std::string quorum = !pool.health.quorum()   ? ""
                             : *pool.health.quorum() ? ", its quorum is met"
                                                     : ", below its quorum";
  Event event;
  event.time_ms = wall_ms();
  event.kind = "pool";
  event.text = "pool " + name + (pool.health.panic() ? " is in panic: " : ": ") + serve + quorum;
  event.pool = name;
  events_.add(std::move(event));
  if (!pool.health.quorum()) return;
  QuorumNews news{name, {}, pool.counts, pool.config, *pool.health.quorum()};
  if (!news.command().empty()) {
    for (const ServiceConfig& service : intent_.running.services) {
      if (service.pool == name) news.services.push_back(service.name);
    }
  }
  hooks_.tell(std::move(news));
}

void ControlPlane::served_by_another(const std::string& pool, const std::string& server) {
  Event event;
  event.time_ms = wall_ms();
  event.kind = "backup";
  event.text = "pool " + pool + (server == pool ? " serves again" : " is below its quorum: pool " + server + " serves");
  event.pool = pool;
  event.values["served_by"] = server;
  events_.add(std::move(event));
  spdlog::log(server == pool ? spdlog::level::info : spdlog::level::warn, "health pool={} served_by={}",
              log_value(pool), log_value(server));
}

void ControlPlane::hook_ended(const QuorumNews& news, bool is_success, const std::string& text) {
  const std::string& program = news.command().front();
  Event event;
  event.time_ms = wall_ms();
  event.kind = "hook";
  event.text = fmt::format("pool {}: {}, told that its quorum is {}, {}: {}", news.pool, program,
                           news.is_met ? "met" : "lost", is_success ? "ended well" : "failed", text);
  event.pool = news.pool;
  event.values = {{"program", program}, {"quorum", news.is_met ? "up" : "down"}, {"ok", is_success}, {"detail", text}};
  events_.add(std::move(event));
  spdlog::log(is_success ? spdlog::level::info : spdlog::level::warn,
              "hook pool={} quorum={} program={} ok={} detail={}", log_value(news.pool), news.is_met ? "up" : "down",
              log_value(program), is_success, log_value(text));
}

void ControlPlane::note_unmade(const HealthBoard::Entry& entry, std::size_t number, const ProbeResult& result) {
  const CheckConfig& check = check_at(entry.record.config, number);
  if (!unmade_.note(result.detail, std::max(check.interval_ms, check.down_interval_ms), steady_ms())) return;
  const std::string name = entry.key.pool + "/" + entry.key.name;
  record("check", fmt::format("checks tell nothing and move no backend, {} first: {}", name, result.detail),
         {{"made", false}, {"detail", result.detail}});
  spdlog::warn("check event=not_made backend={} detail={}", log_value(name), log_value(result.detail));
}

void ControlPlane::tell_made_again() {
  const std::int64_t now_ms = steady_ms();
  for (const UnmadeChecks::Spell& spell : unmade_.take_over(now_ms)) {
    record("check",
           fmt::format("checks are made again, which told nothing for {} s: {}", (now_ms - spell.began_ms) / 1000,
                       spell.reason),
           {{"made", true}, {"detail", spell.reason}});
    spdlog::info("check event=made_again detail={}", log_value(spell.reason));
  }
}

void ControlPlane::repair_health() {
  for (const std::uint32_t index : board_.repair()) {
    const HealthBoard::Entry* entry = board_.find(index);
    if (entry == nullptr) continue;
    events_.add(event_about(entry->key, "drift", "had another health word in the datapath; it is put right"));
    spdlog::warn("health event=drift backend={}", log_value(entry->key.pool + "/" + entry->key.name));
  }
}

void ControlPlane::next_hops_changed(const ReachabilityOutcome& before) {
  struct News {
    const BackendKey* key;
    const Reachability* now;  // null: it is not reached any more
    std::uint32_t index;
  };
  std::vector<News> news;
  for (const auto& [key, backend] : ledger_.backends()) {
    const auto now = reachability_.resolved.find(backend.index);
    const auto then = before.resolved.find(backend.index);
    const bool is_resolved = now != reachability_.resolved.end();
    const bool was_resolved = then != before.resolved.end();
    if (is_resolved && (!was_resolved || now->second.next_hop_mac != then->second.next_hop_mac))
      news.push_back({&key, &now->second, backend.index});
    else if (!is_resolved && was_resolved)
      news.push_back({&key, nullptr, backend.index});
  }
  if (news.size() > MassEvents::single_max) {
    MassEvents mass;
    for (const News& each : news) mass.note(*each.key, each.now != nullptr ? "is reached" : "is not reached any more");
    for (Event& event : mass.take("next-hop", wall_ms())) events_.add(std::move(event));
    return;
  }
  for (const News& each : news) {
    if (each.now == nullptr) {
      const auto why = reachability_.unresolved.find(each.index);
      events_.add(
          event_about(*each.key, "next-hop",
                      "is not reached any more" + (why == reachability_.unresolved.end() ? "" : ": " + why->second)));
      continue;
    }
    const std::string mac = each.now->next_hop_mac.text();
    Event event = event_about(*each.key, "next-hop", "is reached through " + mac);
    event.values["mac"] = mac;
    events_.add(std::move(event));
  }
}

bool ControlPlane::is_about(const Event& event, const std::string& service) const {
  if (service.empty() || event.service == service || event.pool == service) return true;
  const auto& services = intent_.running.services;
  return !event.pool.empty() && std::any_of(services.begin(), services.end(), [&](const ServiceConfig& each) {
    return each.name == service && each.pool == event.pool;
  });
}

std::vector<const Event*> ControlPlane::events_of(const EventsRequest& request) const {
  std::vector<const Event*> newest_first;
  const std::size_t limit = std::min(request.limit, events_asked_max);
  const auto& all = events_.events();
  for (auto each = all.rbegin(); each != all.rend() && newest_first.size() < limit; ++each) {
    if (each->id <= request.after) break;
    if ((!request.since_ms || each->time_ms >= *request.since_ms) && is_about(*each, request.service))
      newest_first.push_back(&*each);
  }
  return {newest_first.rbegin(), newest_first.rend()};
}

Reply ControlPlane::events(const EventsRequest& request) {
  const auto& services = intent_.running.services;
  const bool is_known = request.service.empty() || !events_of(request).empty() ||
                        std::any_of(services.begin(), services.end(),
                                    [&](const ServiceConfig& each) { return each.name == request.service; });
  if (!is_known) return error_reply(404, "there is no service \"" + request.service + "\"");
  if (request.follow) {
    if (events_.listeners() >= followers_max)
      return error_reply(503, std::to_string(followers_max) + " clients follow already; let one of them end first");
    Reply reply;
    reply.follow = [this, request](const std::shared_ptr<ReplyStream>& stream) { follow_events(request, stream); };
    return reply;
  }
  json list = json::array();
  for (const Event* event : events_of(request)) list.push_back(to_json(*event));
  return {200, {{"events", std::move(list)}}};
}

void ControlPlane::follow_events(const EventsRequest& request, const std::shared_ptr<ReplyStream>& stream) {
  std::string past;
  for (const Event* event : events_of(request)) past += event_line(*event);
  if (stream->send(past) != ReplyStream::Sent::queued) return;
  events_.listen([this, service = request.service, stream](const Event* event) {
    const bool is_news = event != nullptr && is_about(*event, service);
    const ReplyStream::Sent sent = stream->send(is_news ? event_line(*event) : "");
    if (sent == ReplyStream::Sent::too_slow) {
      spdlog::warn("events event=reader_cut_off who={}", log_value(stream->reader().text()));
      boost::asio::post(io_, [this, who = stream->reader().text()] {
        record("reader", who + " did not read its events and was cut off");
      });
    }
    return sent == ReplyStream::Sent::queued;
  });
}

}  // namespace guideway
