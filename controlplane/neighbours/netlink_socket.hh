// SPDX-License-Identifier: Apache-2.0
// A route netlink socket that never waits: the kernel has answered by the time a question is sent, so an answer that
// is not there is an error, not a reason to sleep.
#pragma once

#include <linux/netlink.h>

#include <functional>
#include <memory>
#include <vector>

#include "dataplane/base/result.hh"

struct nl_msg;
struct nl_sock;

namespace guideway {

class NetlinkSocket {
 public:
  using Handler = std::function<void(const nlmsghdr* header)>;

  // Joins the multicast groups (RTNLGRP_*).
  [[nodiscard]] static Result<NetlinkSocket> open(const std::vector<int>& groups);

  [[nodiscard]] int fd() const;
  // Sends a request and hands on every message of its answer. Returns 0 or an errno; EINTR: a dump that changed under
  // way and should be repeated.
  [[nodiscard]] int ask(nl_msg* request, const Handler& handler);
  // Hands on what was received, up to some bound. Returns 0, EAGAIN when there is no more, ENOBUFS when the kernel
  // had to drop something, or another errno.
  [[nodiscard]] int receive(const Handler& handler);

 private:
  struct Free {
    void operator()(nl_sock* socket) const noexcept;
  };
  explicit NetlinkSocket(nl_sock* socket);

  // One datagram into buffer_. Its size, or minus an errno.
  [[nodiscard]] int receive_datagram();

  std::unique_ptr<nl_sock, Free> socket_;
  std::vector<char> buffer_;
};

}  // namespace guideway
