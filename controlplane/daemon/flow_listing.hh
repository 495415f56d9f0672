// SPDX-License-Identifier: Apache-2.0
// One reader's list of remembered flows: page by page through the door, as fast as the reader takes it and never more
// than a few pages in memory. It lives by what it waits for, and ends with its reader, its datapath or the last page.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "controlplane/api/reply_stream.hh"
#include "controlplane/daemon/flow_names.hh"
#include "controlplane/publish/door_client.hh"

namespace guideway {

struct FlowListingTerms {
  std::uint32_t worker_count = 0;
  std::optional<std::set<std::uint32_t>> backends;             // only flows of these
  std::optional<FlowNames> names;                              // only flows that have one
  std::map<std::uint32_t, std::string> backend_names;          // by index
  std::map<std::uint32_t, std::vector<std::string>> services;  // by backend: all that it may serve for
  std::vector<std::string> left_out;
  std::uint64_t limit = UINT64_MAX;
  std::shared_ptr<void> place;  // held as long as the list goes on
};

class FlowListing : public std::enable_shared_from_this<FlowListing> {
 public:
  FlowListing(boost::asio::io_context& io, DoorClient& door, FlowListingTerms terms,
              std::shared_ptr<ReplyStream> stream);
  void start();

 private:
  void name_flows();
  void ask();
  void answered(const Result<door::FlowPage>& page);
  // False: there is nobody to go on for.
  bool send(const std::string& lines);
  void finish(const std::string& error);
  [[nodiscard]] std::string lines_of(const door::FlowPage& page);

  boost::asio::io_context& io_;
  DoorClient& door_;
  FlowListingTerms terms_;
  std::shared_ptr<ReplyStream> stream_;
  boost::asio::steady_timer timer_;
  std::uint32_t worker_ = 0;
  std::uint32_t next_bucket_ = 0;
  std::uint32_t looks_at_reader_ = 0;  // in vain, since it last took something
  std::uint64_t looked_at_ = 0;
  std::uint64_t listed_ = 0;
};

}  // namespace guideway
