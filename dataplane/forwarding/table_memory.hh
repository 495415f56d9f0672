// SPDX-License-Identifier: Apache-2.0
// Memory for many tables, in regions of whole huge pages: a table of the default size is half a megabyte, and one page
// of two megabytes each would be four times that. Regions grow with what there is, so one table alone takes two
// megabytes. For the thread that loads snapshots; nothing here is on the packet path.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <span>
#include <vector>

#include "dataplane/base/mapping.hh"
#include "dataplane/base/result.hh"

namespace guideway {

class TableMemory {
  class Region;

 public:
  // A piece of a region, given back when it ends. It may outlive the TableMemory.
  class Block {
   public:
    Block() = default;
    Block(Block&& other) noexcept;
    Block& operator=(Block&& other) noexcept;
    ~Block();
    [[nodiscard]] std::span<std::byte> bytes() const noexcept { return bytes_; }

   private:
    friend class TableMemory;
    Block(std::shared_ptr<Region> region, std::span<std::byte> bytes) noexcept
        : region_(std::move(region)), bytes_(bytes) {}
    std::shared_ptr<Region> region_;
    std::span<std::byte> bytes_;
  };

  // On a cache line's boundary.
  [[nodiscard]] Result<Block> take(std::size_t length_bytes);
  // Of all regions, used or not.
  [[nodiscard]] std::size_t reserved_bytes() const noexcept;

 private:
  std::vector<std::shared_ptr<Region>> regions_;
};

}  // namespace guideway
