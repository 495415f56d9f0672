// SPDX-License-Identifier: Apache-2.0
#include "controlplane/cli/rates.hh"

#include <algorithm>
#include <array>
#include <map>

#include <fmt/core.h>

#include "controlplane/cli/field.hh"
#include "controlplane/cli/text_table.hh"
#include "controlplane/cli/worker_load.hh"

namespace guideway {
namespace {

using nlohmann::json;

// "12", "1.5 k", "3.2 M".
std::string rate_text(double rate) {
  constexpr std::array units{"", " k", " M", " G", " T"};
  std::size_t unit = 0;
  for (; rate >= 999.95 && unit + 1 < units.size(); ++unit) rate /= 1000;
  return unit == 0 ? fmt::format("{:.0f}", rate) : fmt::format("{:.1f}{}", rate, units.at(unit));
}

double dropped(const json& before, const json& now) {
  double result = 0;
  for (const auto& [name, count] : now.items()) {
    if (name.rfind("drop_", 0) == 0) result += grown(before, now, name.c_str());
  }
  return result;
}

std::string worker_rates_text(const json& before, const json& now, double seconds) {
  TextTable table({{"WORKER", right},
                   {"PACKETS/S", right},
                   {"BYTES/S IN", right},
                   {"BYTES/S OUT", right},
                   {"DROPPED/S", right},
                   {"BUSY", right},
                   {"CYCLES/PACKET", right},
                   {"BURST", right},
                   {"P99", right}});
  const json& then = list_field(before, "workers");
  std::size_t number = 0;
  for (const json& worker : list_field(now, "workers")) {
    const json old = number < then.size() ? then[number] : json::object();
    table.add_row({std::to_string(number++), rate_text(grown(old, worker, "received") / seconds),
                   rate_text(grown(old, worker, "received_bytes") / seconds),
                   rate_text(grown(old, worker, "sent_bytes") / seconds),
                   rate_text(dropped(object_field(old, "exits"), object_field(worker, "exits")) / seconds),
                   busy_text(old, worker), cost_text(old, worker), burst_text(old, worker), latency_text(old, worker)});
  }
  return table.empty() ? "" : table.text() + "\n";
}

std::string key_of(const json& item) { return text_field(item, "pool") + "/" + text_field(item, "name"); }

// Of each pool what its backends opened. A service has it only if no other one uses its pool: flows are counted at the
// backend, and nobody could tell whose they were.
class OpenedByPool {
 public:
  OpenedByPool(const json& before, const json& now) {
    std::map<std::string, const json*> then;
    for (const json& item : list_field(before, "backends")) then[key_of(item)] = &item;
    for (const json& item : list_field(now, "backends")) {
      const auto found = then.find(key_of(item));
      opened_[text_field(item, "pool")] += found == then.end() ? 0 : grown(*found->second, item, "opened");
    }
    for (const json& item : list_field(now, "services")) ++services_[text_field(item, "pool")];
  }
  [[nodiscard]] std::string text(const json& service, double seconds) const {
    const std::string pool = text_field(service, "pool");
    const auto opened = opened_.find(pool);
    if (services_.at(pool) > 1) return "-";
    return rate_text(opened == opened_.end() ? 0 : opened->second / seconds);
  }

 private:
  std::map<std::string, double> opened_;
  std::map<std::string, std::size_t> services_;
};

struct Row {
  double packets;
  std::vector<std::string> cells;
};

std::string busiest_text(const char* title, std::vector<Row> rows, std::size_t rows_max) {
  std::stable_sort(rows.begin(), rows.end(),
                   [](const Row& one, const Row& other) { return one.packets > other.packets; });
  if (rows.size() > rows_max) rows.resize(rows_max);
  TextTable table({{title}, {"PACKETS/S", right}, {"BYTES/S", right}, {"NEW FLOWS/S", right}});
  for (Row& row : rows) table.add_row(std::move(row.cells));
  return table.empty() ? "" : table.text() + "\n";
}

// A row of each that both answers have; `name` and `opened` make the first and the last cell.
template <typename Name, typename Opened>
std::vector<Row> rows_of(const json& before, const json& now, double seconds, Name name, Opened opened) {
  std::map<std::string, const json*> then;
  for (const json& item : before) then[name(item)] = &item;
  std::vector<Row> rows;
  for (const json& item : now) {
    const auto found = then.find(name(item));
    const json& old = found == then.end() ? item : *found->second;
    const double packets = grown(old, item, "packets") / seconds;
    rows.push_back(
        {packets, {name(item), rate_text(packets), rate_text(grown(old, item, "bytes") / seconds), opened(old, item)}});
  }
  return rows;
}

std::string service_rates_text(const json& before, const json& now, double seconds, std::size_t rows_max) {
  const OpenedByPool opened(before, now);
  return busiest_text("SERVICE",
                      rows_of(
                          list_field(before, "services"), list_field(now, "services"), seconds,
                          [](const json& item) { return text_field(item, "name"); },
                          [&](const json&, const json& item) { return opened.text(item, seconds); }),
                      rows_max);
}

std::string backend_rates_text(const json& before, const json& now, double seconds, std::size_t rows_max) {
  return busiest_text(
      "BACKEND",
      rows_of(list_field(before, "backends"), list_field(now, "backends"), seconds, key_of,
              [&](const json& old, const json& item) { return rate_text(grown(old, item, "opened") / seconds); }),
      rows_max);
}

std::string drop_rates_text(const json& before, const json& now, double seconds) {
  TextTable table({{"DROPPED"}, {"PACKETS/S", right}, {"MEANING"}});
  const json& then = object_field(before, "exits");
  for (const auto& [name, exit] : object_field(now, "exits").items()) {
    const double count = grown(object_field(then, name.c_str()), exit, "count");
    if (name.rfind("drop_", 0) == 0 && count > 0)
      table.add_row({name, rate_text(count / seconds), text_field(exit, "meaning")});
  }
  return table.empty() ? "" : table.text();
}

}  // namespace

std::string rates_text(const json& before, const json& now, double seconds, std::size_t rows_max) {
  return worker_rates_text(before, now, seconds) + service_rates_text(before, now, seconds, rows_max) +
         backend_rates_text(before, now, seconds, rows_max) + drop_rates_text(before, now, seconds);
}

}  // namespace guideway
