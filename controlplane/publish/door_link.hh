// SPDX-License-Identifier: Apache-2.0
// One connection through the door: whole messages and the file descriptors beside them, in and out, without blocking.
// It knows nothing of what the messages mean. When the connection ends, on either side's account, `ended` is called
// once with a sentence, and nothing after it.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include "dataplane/base/result.hh"
#include "dataplane/base/unique_fd.hh"

namespace guideway {

class DoorLink : public std::enable_shared_from_this<DoorLink> {
 public:
  struct Handlers {
    std::function<void(std::span<const std::byte> message, std::vector<UniqueFd> descriptors)> received;
    std::function<void(const std::string& why)> ended;
  };

  // Connects to a SOCK_SEQPACKET unix socket; for those this never waits.
  [[nodiscard]] static Result<std::shared_ptr<DoorLink>> connect(boost::asio::io_context& io, const std::string& path,
                                                                 Handlers handlers);

  // Sends one message. Requests are answered before the next is sent, so a socket that has no room is a peer that has
  // stopped reading: the link ends.
  void send(std::span<const std::byte> message);
  // Ends the link without calling `ended`.
  void close();

 private:
  DoorLink(boost::asio::io_context& io, UniqueFd fd, Handlers handlers);
  void wait_for_message();
  void receive_all();
  // False when there is no more for now or the link has ended.
  bool receive_one();
  void end(const std::string& why);

  boost::asio::posix::stream_descriptor descriptor_;
  Handlers handlers_;
};

}  // namespace guideway
