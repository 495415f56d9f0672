// SPDX-License-Identifier: Apache-2.0
// One reader's capture: takes copies of packets from the datapath's rings every few milliseconds, so many at the most,
// and sends a line for each. What the reader does not take stays in the rings, which then count what is lost.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/steady_timer.hpp>

#include "controlplane/api/reply_stream.hh"
#include "controlplane/publish/capture_view.hh"
#include "controlplane/publish/door_client.hh"

namespace guideway {

struct CaptureTerms {
  std::uint32_t stages = 0;
  std::vector<std::uint32_t> service_ids;  // empty: of all packets
  std::map<std::uint32_t, std::string> services;
  std::map<std::uint32_t, std::string> backends;
};

class CaptureStream : public std::enable_shared_from_this<CaptureStream> {
 public:
  CaptureStream(boost::asio::io_context& io, const DoorClient& door, CaptureTerms terms, CaptureView view)
      : door_(door), terms_(std::move(terms)), view_(std::move(view)), timer_(io) {}
  void start(std::shared_ptr<ReplyStream> stream);

 private:
  void look();
  [[nodiscard]] std::string line_of(std::uint32_t worker, const gw_capture_slot& slot) const;

  const DoorClient& door_;
  CaptureTerms terms_;
  CaptureView view_;
  std::shared_ptr<ReplyStream> stream_;
  boost::asio::steady_timer timer_;
  std::uint32_t process_id_ = 0;  // of the datapath
  std::uint64_t lost_told_ = 0;
};

}  // namespace guideway
