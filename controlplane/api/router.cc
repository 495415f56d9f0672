// SPDX-License-Identifier: Apache-2.0
#include "controlplane/api/router.hh"

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <sstream>
#include <string_view>
#include <utility>

#include "controlplane/api/target.hh"

namespace guideway {
namespace {

using Query = std::map<std::string, std::string>;

struct Route {
  std::string_view path;  // behind /v1/; "metrics" stands where Prometheus expects it
  std::string_view method;
};

constexpr std::array routes = {
    Route{"status", "GET"},         Route{"services", "GET"},         Route{"backends", "GET"},
    Route{"stats", "GET"},          Route{"explain", "GET"},          Route{"config", "GET"},
    Route{"config/diff", "POST"},   Route{"config/apply", "POST"},    Route{"edits", "POST"},
    Route{"services/*", "GET"},     Route{"/metrics", "GET"},         Route{"events", "GET"},
    Route{"config/history", "GET"}, Route{"config/rollback", "POST"}, Route{"flows", "GET"},
    Route{"capture", "GET"},        Route{"backends/*", "GET"},
};

// The segments behind "v1" as one word; the name of a single service becomes a star, since it may hold anything, and so
// do those of a pool and its backend.
std::string route_of(const std::vector<std::string>& segments) {
  if (segments.size() < 2 || segments[0] != "v1") return "";
  if (segments.size() == 3 && segments[1] == "services") return "services/*";
  if (segments.size() == 4 && segments[1] == "backends") return "backends/*";
  std::string path = segments[1];
  for (std::size_t i = 2; i < segments.size(); ++i) path += "/" + segments[i];
  return path;
}

const Route* find_route(const std::string& path) {
  for (const Route& route : routes) {
    if (route.path == path) return &route;
  }
  return nullptr;
}

// The configuration holds secrets (the hash key, passwords of checks), a file to compare is read with our rights, and
// what users send is theirs.
Access access_to(const Route& route) {
  const bool is_secret = route.path.rfind("config", 0) == 0 || route.path == "capture";
  return route.method == "GET" && !is_secret ? Access::read : Access::administer;
}

Result<std::string> parameter(const Query& query, const std::string& name) {
  auto found = query.find(name);
  if (found == query.end() || found->second.empty()) return failure("the parameter \"" + name + "\" is missing");
  return found->second;
}

Result<Endpoint> endpoint(const Query& query, const std::string& name) {
  auto text = parameter(query, name);
  if (!text) return failure_of(text);
  auto value = Endpoint::parse(*text);
  if (!value || value->port == 0) {
    return failure("\"" + *text + "\" is not an address and a port, such as 192.0.2.1:80 or [2001:db8::1]:80");
  }
  return *value;
}

Result<ExplainRequest> explain_request(const Query& query) {
  auto protocol = parameter(query, "protocol");
  if (!protocol) return failure_of(protocol);
  if (*protocol != "tcp" && *protocol != "udp")
    return failure("the protocol \"" + *protocol + "\" is neither tcp nor udp");
  auto source = endpoint(query, "source");
  if (!source) return failure_of(source);
  auto destination = endpoint(query, "destination");
  if (!destination) return failure_of(destination);
  if (source->address.family != destination->address.family) {
    return failure("source and destination must both be IPv4 or both be IPv6");
  }
  return ExplainRequest{*protocol == "tcp" ? Protocol::tcp : Protocol::udp, *source, *destination};
}

// A number of a query that may be missing.
Result<std::optional<std::uint64_t>> number(const Query& query, const std::string& name) {
  const auto found = query.find(name);
  if (found == query.end()) return std::optional<std::uint64_t>();
  const std::string& text = found->second;
  std::uint64_t value = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  if (read.ec != std::errc() || read.ptr != text.data() + text.size())
    return failure("the parameter \"" + name + "\" is \"" + text + "\"; give a number");
  return std::optional(value);
}

Result<EventsRequest> events_request(const Query& query) {
  EventsRequest request;
  const auto after = number(query, "after");
  const auto since = number(query, "since_ms");
  const auto limit = number(query, "limit");
  for (const auto* each : {&after, &since, &limit}) {
    if (!*each) return failure_of(*each);
  }
  request.after = after->value_or(0);
  if (*since) request.since_ms = static_cast<std::int64_t>(std::min<std::uint64_t>(**since, INT64_MAX));
  request.limit = limit->value_or(request.limit);
  if (auto service = query.find("service"); service != query.end()) request.service = service->second;
  if (auto follow = query.find("follow"); follow != query.end()) request.follow = follow->second != "0";
  return request;
}

Result<FlowsRequest> flows_request(const Query& query) {
  FlowsRequest request;
  const auto limit = number(query, "limit");
  if (!limit) return failure_of(limit);
  request.limit = limit->value_or(0);
  if (auto service = query.find("service"); service != query.end()) request.service = service->second;
  if (auto backend = query.find("backend"); backend != query.end()) request.backend = backend->second;
  const auto client = query.find("client");
  if (client == query.end()) return request;
  request.client = Endpoint::parse(client->second);
  if (const auto address = IpAddress::parse(client->second)) request.client = Endpoint{*address, 0};
  if (!request.client)
    return failure("the client \"" + client->second +
                   "\" is neither an address nor one with a port, such as 192.0.2.1:80 or [2001:db8::1]:80");
  return request;
}

Result<CaptureRequest> capture_request(const Query& query) {
  CaptureRequest request;
  if (auto service = query.find("service"); service != query.end()) request.service = service->second;
  auto stage = parameter(query, "stage");
  if (!stage) return failure_of(stage);
  std::istringstream words(*stage);
  for (std::string word; std::getline(words, word, ',');) {
    if (word != "rx" && word != "tx" && word != "drop")
      return failure("the stage \"" + word + "\" is none of rx, tx and drop");
    (word == "rx" ? request.received : word == "tx" ? request.leaving : request.dropped) = true;
  }
  return request;
}

Result<ConfigSource> config_source(const nlohmann::json& body) {
  const auto text_in = [&](const char* key) -> std::optional<std::string> {
    if (!body.is_object() || !body.contains(key) || !body[key].is_string()) return std::nullopt;
    return body[key].get<std::string>();
  };
  if (auto text = text_in("text")) return ConfigSource{text_in("name").value_or("text"), std::move(text)};
  const auto path = text_in("path");
  if (!path) {
    return failure("the body must be {\"path\": \"/absolute/path/of/a/configuration.toml\"} or {\"text\": TOML}");
  }
  if (path->empty() || path->front() != '/') {
    return failure("the path \"" + *path + "\" is not absolute; guidewayd runs in another directory");
  }
  return ConfigSource{*path, std::nullopt};
}

Result<std::uint64_t> change_number(const nlohmann::json& body) {
  if (!body.is_object() || !body.contains("id") || !body["id"].is_number_unsigned())
    return failure("the body must be {\"id\": N}, the number of a change in the history");
  return body["id"].get<std::uint64_t>();
}

Result<ChangeTerms> change_terms(const nlohmann::json& body, const Actor& actor) {
  ChangeTerms terms{actor, false, std::nullopt};
  if (!body.is_object()) return terms;
  if (const auto dry_run = body.find("dry_run"); dry_run != body.end()) {
    if (!dry_run->is_boolean()) return failure("\"dry_run\" must be true or false");
    terms.dry_run = dry_run->get<bool>();
  }
  if (const auto generation = body.find("if_generation"); generation != body.end()) {
    if (!generation->is_number_unsigned())
      return failure("\"if_generation\" must be a generation, as GET /v1/status tells it");
    terms.if_generation = generation->get<std::uint64_t>();
  }
  return terms;
}

Result<std::vector<Edit>> edits_of(const nlohmann::json& body) {
  if (!body.is_object() || !body.contains("edits") || !body["edits"].is_array() || body["edits"].empty()) {
    return failure("the body must be {\"edits\": [..]} with at least one edit");
  }
  std::vector<Edit> edits;
  for (const nlohmann::json& one : body["edits"]) {
    auto edit = edit_from_json(one);
    if (!edit) return failure_of(edit);
    edits.push_back(std::move(*edit));
  }
  return edits;
}

}  // namespace

void Router::handle(const ApiRequest& request, Operations::Respond respond) {
  auto target = Target::parse(request.target);
  if (!target) return respond(error_reply(400, "the request's target is not a path that begins with /"));
  std::string path = route_of(target->segments);
  if (target->segments == std::vector<std::string>{"metrics"}) path = "/metrics";
  const Route* route = find_route(path);
  if (route == nullptr)
    return respond(error_reply(404, "there is nothing at " + request.target + "; docs/api.md lists what there is"));
  if (route->method != request.method) {
    return respond(
        error_reply(405, request.target + " takes " + std::string(route->method) + ", not " + request.method));
  }
  if (request.access < access_to(*route)) return respond(error_reply(403, refusal(request.caller, request.access)));
  if (route->method == "GET") return get(target->segments, target->query, std::move(respond));
  auto body = nlohmann::json::parse(request.body, nullptr, false);
  if (body.is_discarded()) return respond(error_reply(400, "the body is not JSON"));
  post(path, body, actor_of(request.caller), std::move(respond));
}

void Router::get(const std::vector<std::string>& path, const Query& query, Operations::Respond respond) {
  if (path.size() == 1) return operations_.metrics(std::move(respond));
  const std::string& what = path[1];
  if (what == "status") return respond(operations_.status());
  if (what == "services") return respond(path.size() == 3 ? operations_.service(path[2]) : operations_.services());
  if (what == "stats") return respond(operations_.stats());
  if (what == "config") return respond(path.size() == 3 ? operations_.config_history() : operations_.config());
  if (what == "backends" && path.size() == 4) return respond(operations_.backend(path[2], path[3]));
  if (what == "backends") {
    auto pool = query.find("pool");
    return respond(operations_.backends(pool == query.end() ? std::nullopt : std::optional(pool->second)));
  }
  if (what == "events") {
    auto events = events_request(query);
    return respond(events ? operations_.events(*events) : error_reply(400, events.error().message));
  }
  if (what == "flows") {
    auto flows = flows_request(query);
    return respond(flows ? operations_.flows(*flows) : error_reply(400, flows.error().message));
  }
  if (what == "capture") {
    auto capture = capture_request(query);
    if (!capture) return respond(error_reply(400, capture.error().message));
    return operations_.capture(*capture, std::move(respond));
  }
  auto request = explain_request(query);
  if (!request) return respond(error_reply(400, request.error().message));
  operations_.explain(*request, std::move(respond));
}

void Router::post(const std::string& path, const nlohmann::json& body, const Actor& actor,
                  Operations::Respond respond) {
  const auto terms = change_terms(body, actor);
  if (!terms) return respond(error_reply(400, terms.error().message));
  if (path == "edits") {
    auto edits = edits_of(body);
    if (!edits) return respond(error_reply(400, edits.error().message));
    return operations_.edits(std::move(*edits), *terms, std::move(respond));
  }
  if (path == "config/rollback") {
    const auto change = change_number(body);
    if (!change) return respond(error_reply(400, change.error().message));
    return operations_.config_rollback(*change, *terms, std::move(respond));
  }
  const auto source = config_source(body);
  if (!source) return respond(error_reply(400, source.error().message));
  if (path == "config/diff") return respond(operations_.config_diff(*source));
  operations_.config_apply(*source, *terms, std::move(respond));
}

}  // namespace guideway
