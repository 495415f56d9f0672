// SPDX-License-Identifier: Apache-2.0
// Decides when a snapshot is made and sent: at once for whoever waits for it, a little later for changes that come in
// crowds (next hops), never two at a time. What happens while one is under way goes into the next.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "controlplane/publish/door_client.hh"

namespace guideway {

// A snapshot, and the reachability that is in it.
struct Publication {
  Compiled compiled;
  std::shared_ptr<const ReachabilityByIndex> reachability;
};

class Publisher {
 public:
  struct Hooks {
    std::function<std::shared_ptr<const Publication>()> make;  // of everything as it is now, with a new generation
    std::function<bool()> ready;                               // false: asked again shortly
    std::function<void(const std::shared_ptr<const Publication>&, const PublishReport&)> finished;
  };
  using Done = std::function<void(const PublishReport&)>;

  Publisher(boost::asio::io_context& io, DoorClient& door, Hooks hooks)
      : door_(door), hooks_(std::move(hooks)), timer_(io) {}

  void soon();
  // `done` hears of the first snapshot that is made from now on; at once if there is no datapath.
  void now(Done done);

 private:
  static constexpr std::chrono::milliseconds coalesce{20};

  void start();
  void start_after(std::chrono::milliseconds delay);

  DoorClient& door_;
  Hooks hooks_;
  boost::asio::steady_timer timer_;
  bool is_wanted_ = false;
  bool is_timed_ = false;
  bool is_under_way_ = false;
  std::vector<Done> waiting_;
};

}  // namespace guideway
