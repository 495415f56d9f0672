// SPDX-License-Identifier: Apache-2.0
// Builds tables by the control plane's builder for maglev_test.py to compare.
// Input lines: "build SLOTS NAME WEIGHT NAME WEIGHT ..." or "populate SLOTS OFFSET SKIP WEIGHT OFFSET SKIP WEIGHT ...".
// Output: for each line the table, SLOTS little-endian 32-bit positions of members in the order given.
#include <cstdint>
#include <cstdio>
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

#include "controlplane/maglev/build.hh"

namespace {

std::vector<std::uint32_t> build_line(std::istringstream& line, std::uint32_t slots) {
  std::vector<std::string> names;
  std::vector<std::uint32_t> weights;
  std::string name;
  std::uint32_t weight = 0;
  while (line >> name >> weight) {
    names.push_back(name);
    weights.push_back(weight);
  }
  std::vector<guideway::MaglevMember> members;
  for (std::size_t i = 0; i < names.size(); ++i) members.push_back({names[i], weights[i]});
  return guideway::build_maglev(members, slots);
}

std::vector<std::uint32_t> populate_line(std::istringstream& line, std::uint32_t slots) {
  std::vector<guideway::MaglevPermutation> permutations;
  std::vector<std::uint32_t> weights;
  guideway::MaglevPermutation permutation;
  std::uint32_t weight = 0;
  while (line >> permutation.offset >> permutation.skip >> weight) {
    permutations.push_back(permutation);
    weights.push_back(weight);
  }
  return guideway::populate_maglev(permutations, weights, slots);
}

}  // namespace

int main() {
  std::string text;
  while (std::getline(std::cin, text)) {
    std::istringstream line(text);
    std::string verb;
    std::uint32_t slots = 0;
    line >> verb >> slots;
    const auto table = verb == "build" ? build_line(line, slots) : populate_line(line, slots);
    if (table.size() != slots) return 1;
    if (std::fwrite(table.data(), sizeof table[0], table.size(), stdout) != table.size()) return 1;
  }
  return 0;
}
