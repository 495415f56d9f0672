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

// Of the machine that the targets were set on: where the floor is another, they mean as many nanoseconds above it.
constexpr double target_floor_ns = 44;

double above_floor_ns(const Measured& measured) { return measured.program.median - measured.floor_move_head.median; }

std::string allowed_text(const Measured& measured) {
  if (measured.row.target == 0) return "";
  const double allowed_ns = (measured.row.target - 1) * target_floor_ns;
  return fmt::format("{:.0f} ns{}", allowed_ns, above_floor_ns(measured) <= allowed_ns ? "" : ", missed");
}

std::string reference_text(const Measured& measured) {
  if (!measured.reference) return " | ";
  return fmt::format("{:.1f} ns | {:.2f}", measured.reference->median, measured.of_reference);
}

}  // namespace

std::string table_of(const std::vector<Measured>& all) {
  std::string text =
      "| packets | flows | floor, pass | floor, head moved | program | multiple | of the least | target | above the "
      "floor "
      "| allowed | LRU reference | of the reference |\n"
      "|---|---|---|---|---|---|---|---|---|---|---|---|\n";
  for (const Measured& measured : all) {
    text += fmt::format(
        "| {} | {} | {:.1f} ns | {:.1f} ns | {:.1f} ns | {:.2f} | {:.2f} | {} | {:.1f} ns | {} | {} |\n",
        measured.row.name, flows_text(measured.row.flows), measured.floor_pass.median, measured.floor_move_head.median,
        measured.program.median, measured.multiple, measured.least_multiple, target_text(measured),
        above_floor_ns(measured), allowed_text(measured), reference_text(measured));
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
    if (measured.reference) {
      row["reference_ns"] = figure(*measured.reference);
      row["of_reference"] = measured.of_reference;
    }
    if (measured.row.target != 0) row["target"] = measured.row.target;
    rows.push_back(row);
  }
  const nlohmann::json whole{{"rounds", effort.rounds}, {"packets_each", effort.packets}, {"rows", rows}};
  return whole.dump(2) + "\n";
}

}  // namespace guideway::bench
