// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/xdp/report.hh"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

namespace guideway::bench {
namespace {

std::string flows_text(std::uint64_t flows) {
  constexpr std::uint64_t k = 1024;
  if (flows == every_flow) return "2^32";
  if (flows >= k * k && flows % (k * k) == 0) return fmt::format("{}M", flows / (k * k));
  if (flows >= k && flows % k == 0) return fmt::format("{}k", flows / k);
  return std::to_string(flows);
}

std::string target_text(const Measured& measured) {
  if (measured.row.target == 0) return "";
  return fmt::format("{:.1f}{}", measured.row.target, measured.multiple <= measured.row.target ? "" : ", missed");
}

}  // namespace

std::string table_of(const std::vector<Measured>& all) {
  std::string text =
      "| packets | flows | floor, pass | floor, head moved | program | multiple | of the least | target |\n"
      "|---|---|---|---|---|---|---|---|\n";
  for (const Measured& measured : all) {
    text += fmt::format("| {} | {} | {:.1f} ns | {:.1f} ns | {:.1f} ns | {:.2f} | {:.2f} | {} |\n", measured.row.name,
                        flows_text(measured.row.flows), measured.floor_pass.median, measured.floor_move_head.median,
                        measured.program.median, measured.multiple, measured.least_multiple, target_text(measured));
  }
  return text;
}

std::string json_of(const std::vector<Measured>& all, const Effort& effort) {
  const auto figure = [](const Figure& of) { return nlohmann::json{{"median", of.median}, {"least", of.least}}; };
  nlohmann::json rows = nlohmann::json::array();
  for (const Measured& measured : all) {
    nlohmann::json row{{"packets", measured.row.name},
                       {"flows", measured.row.flows},
                       {"floor_pass_ns", figure(measured.floor_pass)},
                       {"floor_move_head_ns", figure(measured.floor_move_head)},
                       {"program_ns", figure(measured.program)},
                       {"multiple", measured.multiple},
                       {"multiple_of_least", measured.least_multiple}};
    if (measured.row.target != 0) row["target"] = measured.row.target;
    rows.push_back(row);
  }
  const nlohmann::json whole{{"rounds", effort.rounds}, {"packets_each", effort.packets}, {"rows", rows}};
  return whole.dump(2) + "\n";
}

}  // namespace guideway::bench
