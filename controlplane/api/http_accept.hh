// SPDX-License-Identifier: Apache-2.0
// Takes clients of a listening socket, one after the other, for as long as it is open.
#pragma once

#include <chrono>
#include <memory>
#include <utility>

#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core.hpp>

namespace guideway {

// A listener has an acceptor(), took() for each client's socket, and a pause() for when the process has no file
// descriptor left: asking again at once would be all that it does.
template <typename Listener>
void accept_next(const std::shared_ptr<Listener>& listener) {
  listener->acceptor().async_accept([listener](boost::beast::error_code error, auto socket) {
    if (!listener->acceptor().is_open()) return;
    if (!error) {
      listener->took(std::move(socket));
      return accept_next(listener);
    }
    listener->pause().expires_after(std::chrono::milliseconds(100));
    listener->pause().async_wait([listener](boost::beast::error_code stopped) {
      if (!stopped && listener->acceptor().is_open()) accept_next(listener);
    });
  });
}

}  // namespace guideway
