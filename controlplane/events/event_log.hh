// SPDX-License-Identifier: Apache-2.0
// The newest events in memory, all of them on disk as far as the file reaches, and who wants to hear of new ones.
// Nothing here waits, and a disk that is full costs events on disk, never one in memory.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <string>
#include <utility>

#include "controlplane/events/event.hh"
#include "controlplane/events/event_file.hh"

namespace guideway {

class EventLog {
 public:
  struct Limits {
    std::size_t events_max = 10000;                      // in memory
    std::size_t file_bytes_max = std::size_t{4} << 20U;  // of each of two files
  };
  // False: it wants no more. Null: nothing happened, it is only asked that. It may not add events or listeners itself.
  using Listener = std::function<bool(const Event* event)>;

  // Takes back what the files in `directory` hold.
  EventLog(const std::string& directory, const Limits& limits);

  // Gives it its id. Listeners hear of it before this returns.
  void add(Event event);
  void listen(Listener listener) { listeners_.push_back(std::move(listener)); }

  [[nodiscard]] const std::deque<Event>& events() const noexcept { return events_; }
  // Why events are not on disk at the moment; empty: they are.
  [[nodiscard]] const std::string& trouble() const noexcept { return trouble_; }
  // Those that still want any.
  [[nodiscard]] std::size_t listeners();

 private:
  Limits limits_;
  EventFile file_;
  std::deque<Event> events_;
  std::list<Listener> listeners_;
  std::uint64_t last_id_ = 0;
  std::string trouble_;
};

}  // namespace guideway
