// SPDX-License-Identifier: Apache-2.0
#include "controlplane/cli/ipvsadm/counters.hh"

#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <sstream>

#include <fmt/core.h>

#include "controlplane/cli/field.hh"

namespace guideway::ipvsadm {
namespace {

using nlohmann::json;

std::string service_place(const std::string& name) { return "service " + name; }
std::string pool_places(const std::string& pool) { return "backend " + pool + "/"; }
std::string backend_place(const std::string& pool, const std::string& name) { return pool_places(pool) + name; }

Count operator-(const Count& now, const Count& then) {
  // A count that went back began anew.
  if (now.packets < then.packets || now.bytes < then.bytes || now.connections < then.connections) return now;
  return {now.connections - then.connections, now.packets - then.packets, now.bytes - then.bytes, now.remembered};
}

std::uint64_t rounded(std::uint64_t count, double seconds) {
  return static_cast<std::uint64_t>(std::llround(static_cast<double>(count) / seconds));
}

}  // namespace

Counters::Counters(const json& services, const json& backends, const json& datapath)
    : datapath_(flag_field(datapath, "connected") ? text_field(datapath, "process_id") : "none") {
  std::map<std::string, std::uint64_t> opened_in_pool;
  for (const json& backend : list_field(backends, "backends")) {
    const std::string pool = text_field(backend, "pool");
    const Count count{count_field(backend, "opened"), count_field(backend, "packets"), count_field(backend, "bytes"),
                      count_field(backend, "remembered")};
    places_[backend_place(pool, text_field(backend, "name"))] = {count_field(backend, "index"), count};
    opened_in_pool[pool] += count.connections;
  }
  for (const json& service : list_field(services, "services")) {
    const Count count{opened_in_pool[text_field(service, "pool")], count_field(service, "packets"),
                      count_field(service, "bytes"), 0};
    places_[service_place(text_field(service, "name"))] = {0, count};
  }
}

Count Counters::of_service(const std::string& name) const {
  const auto found = places_.find(service_place(name));
  return found == places_.end() ? Count{} : found->second.count;
}

Count Counters::of_backend(const std::string& pool, const std::string& name) const {
  const auto found = places_.find(backend_place(pool, name));
  return found == places_.end() ? Count{} : found->second.count;
}

Counters Counters::since(const Counters& then) const {
  Counters result = *this;
  if (datapath_ != then.datapath_) return result;
  for (auto& [name, place] : result.places_) {
    const auto before = then.places_.find(name);
    if (before == then.places_.end() || before->second.index != place.index) continue;
    place.count = place.count - before->second.count;
  }
  return result;
}

Counters Counters::per_second(double seconds) const {
  Counters result = *this;
  for (auto& [name, place] : result.places_) {
    Count& count = place.count;
    count = {rounded(count.connections, seconds), rounded(count.packets, seconds), rounded(count.bytes, seconds),
             count.remembered};
  }
  return result;
}

void Counters::zero(const Counters& now) { *this = now; }

void Counters::zero(const Counters& now, const std::string& service, const std::string& pool) {
  if (datapath_ != now.datapath_) places_.clear();
  datapath_ = now.datapath_;
  for (const auto& [name, place] : now.places_) {
    if (name == service_place(service) || name.rfind(pool_places(pool), 0) == 0) places_[name] = place;
  }
}

Result<Counters> Counters::load(const std::string& path) {
  Counters result;
  std::ifstream stream(path);
  if (!stream) return result;
  std::ostringstream text;
  text << stream.rdbuf();
  const json saved = json::parse(text.str(), nullptr, false);
  if (!saved.is_object() || !saved.contains("counts"))
    return failure(fmt::format("{} is not what -Z writes; remove it", path));
  result.datapath_ = text_field(saved, "datapath");
  for (const auto& [name, place] : object_field(saved, "counts").items()) {
    result.places_[name] = {
        count_field(place, "index"),
        {count_field(place, "connections"), count_field(place, "packets"), count_field(place, "bytes"), 0}};
  }
  return result;
}

// Into another file first, so that whoever reads meanwhile reads the one or the other.
Result<void> Counters::store(const std::string& path) const {
  json counts = json::object();
  for (const auto& [name, place] : places_) {
    counts[name] = {{"index", place.index},
                    {"connections", place.count.connections},
                    {"packets", place.count.packets},
                    {"bytes", place.count.bytes}};
  }
  const std::string fresh = path + ".new";
  std::ofstream stream(fresh);
  stream << json{{"datapath", datapath_}, {"counts", std::move(counts)}}.dump() << "\n";
  stream.close();
  if (!stream || std::rename(fresh.c_str(), path.c_str()) != 0)
    return failure(
        fmt::format("{} cannot be written: {}; -Z keeps there what it takes for zero", path, std::strerror(errno)));
  return {};
}

}  // namespace guideway::ipvsadm
