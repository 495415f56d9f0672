// SPDX-License-Identifier: Apache-2.0
#include "dataplane/forwarding/table_memory.hh"

#include <algorithm>
#include <utility>

namespace guideway {
namespace {

constexpr std::size_t page_bytes = std::size_t{2} << 20U;
constexpr std::size_t region_bytes_max = std::size_t{32} << 20U;
constexpr std::size_t line_bytes = 64;

constexpr std::size_t rounded_up(std::size_t bytes, std::size_t to) { return (bytes + to - 1) / to * to; }

}  // namespace

class TableMemory::Region {
 public:
  explicit Region(Mapping memory) : memory_(std::move(memory)) { free_.emplace(0, memory_.bytes().size()); }

  [[nodiscard]] std::size_t size_bytes() const noexcept { return memory_.bytes().size(); }
  [[nodiscard]] bool is_unused() const noexcept {
    return free_.size() == 1 && free_.begin()->second == memory_.bytes().size();
  }

  // Empty if no gap is long enough.
  [[nodiscard]] std::span<std::byte> take(std::size_t length_bytes) {
    const auto gap =
        std::find_if(free_.begin(), free_.end(), [&](const auto& each) { return each.second >= length_bytes; });
    if (gap == free_.end()) return {};
    const auto [at, gap_bytes] = *gap;
    free_.erase(gap);
    if (gap_bytes > length_bytes) free_.emplace(at + length_bytes, gap_bytes - length_bytes);
    return {memory_.data() + at, length_bytes};
  }

  void give_back(std::span<std::byte> bytes) {
    auto [gap, inserted] = free_.emplace(static_cast<std::size_t>(bytes.data() - memory_.data()), bytes.size());
    if (const auto next = std::next(gap); next != free_.end() && gap->first + gap->second == next->first) {
      gap->second += next->second;
      free_.erase(next);
    }
    if (gap == free_.begin()) return;
    const auto before = std::prev(gap);
    if (before->first + before->second != gap->first) return;
    before->second += gap->second;
    free_.erase(gap);
  }

 private:
  Mapping memory_;
  std::map<std::size_t, std::size_t> free_;  // gaps: where, how long; no two of them touch
};

TableMemory::Block::Block(Block&& other) noexcept
    : region_(std::move(other.region_)), bytes_(std::exchange(other.bytes_, {})) {}

TableMemory::Block& TableMemory::Block::operator=(Block&& other) noexcept {
  std::swap(region_, other.region_);
  std::swap(bytes_, other.bytes_);
  return *this;
}

TableMemory::Block::~Block() {
  if (region_ != nullptr) region_->give_back(bytes_);
}

Result<TableMemory::Block> TableMemory::take(std::size_t length_bytes) {
  const std::size_t wanted = rounded_up(std::max(length_bytes, line_bytes), line_bytes);
  const auto block = [&](const std::shared_ptr<Region>& region, std::span<std::byte> bytes) {
    return Block(region, bytes);
  };
  // Those that nobody uses any more go, but for one, for the next change.
  const auto unused =
      std::find_if(regions_.begin(), regions_.end(), [](const auto& each) { return each->is_unused(); });
  if (unused != regions_.end()) {
    regions_.erase(
        std::remove_if(std::next(unused), regions_.end(), [](const auto& each) { return each->is_unused(); }),
        regions_.end());
  }
  for (const auto& region : regions_) {
    if (const auto bytes = region->take(wanted); !bytes.empty()) return block(region, bytes);
  }
  const std::size_t growth = std::clamp(reserved_bytes(), page_bytes, region_bytes_max);
  auto memory = Mapping::anonymous(std::max(rounded_up(wanted, page_bytes), rounded_up(growth, page_bytes)));
  if (!memory) return failure_of(memory);
  regions_.push_back(std::make_shared<Region>(std::move(*memory)));
  return block(regions_.back(), regions_.back()->take(wanted));
}

std::size_t TableMemory::reserved_bytes() const noexcept {
  std::size_t sum = 0;
  for (const auto& region : regions_) sum += region->size_bytes();
  return sum;
}

}  // namespace guideway
