// SPDX-License-Identifier: Apache-2.0
// A ReplyStream as a chunked HTTP answer. It lives until its reader closes, is cut off, or nobody sends any more.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include <fmt/core.h>
#include <boost/asio/write.hpp>

#include "controlplane/api/reply_stream.hh"

namespace guideway {

template <typename Wire>
class HttpStream : public ReplyStream, public std::enable_shared_from_this<HttpStream<Wire>> {
 public:
  // `place` is held as long as the stream is open. `pending_bytes_max`: so much may wait for the reader.
  HttpStream(std::unique_ptr<Wire> wire, Actor reader, std::size_t pending_bytes_max, std::shared_ptr<void> place)
      : wire_(std::move(wire)),
        reader_(std::move(reader)),
        pending_bytes_max_(pending_bytes_max),
        place_(std::move(place)) {}

  void start() {
    queue(
        "HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\nConnection: "
        "close\r\n\r\n");
    // Whatever the reader says now, an end of file included, is the end. (In TLS 1.3 that is not the protocol's own.)
    wire_->socket().async_wait(Wire::Socket::wait_read,
                               [weak = this->weak_from_this()](const boost::system::error_code&) {
                                 if (auto self = weak.lock()) self->close();
                               });
  }

  [[nodiscard]] Sent send(const std::string& piece) override {
    if (!is_open_) return Sent::gone;
    // What waits already counts, not the new piece: one that is larger than the bound is possible.
    if (pending_.size() > pending_bytes_max_) {
      close();
      return Sent::too_slow;
    }
    if (!piece.empty()) queue(fmt::format("{:x}\r\n{}\r\n", piece.size(), piece));
    return Sent::queued;
  }
  [[nodiscard]] std::size_t waiting_bytes() const override { return writing_.size() + pending_.size(); }
  void finish() override {
    if (is_open_) queue("0\r\n\r\n");
  }
  [[nodiscard]] const Actor& reader() const override { return reader_; }

 private:
  void queue(const std::string& text) {
    pending_ += text;
    if (writing_.empty()) write();
  }

  void write() {
    writing_ = std::exchange(pending_, {});
    boost::asio::async_write(wire_->stream(), boost::asio::buffer(writing_),
                             [self = this->shared_from_this()](const boost::system::error_code& error, std::size_t) {
                               self->writing_.clear();
                               if (error) return self->close();
                               if (!self->pending_.empty() && self->is_open_) self->write();
                             });
  }

  void close() {
    is_open_ = false;
    place_.reset();
    boost::system::error_code ignored;
    wire_->socket().close(ignored);
  }

  std::unique_ptr<Wire> wire_;
  Actor reader_;
  std::size_t pending_bytes_max_;
  std::shared_ptr<void> place_;
  std::string writing_;  // with the kernel
  std::string pending_;
  bool is_open_ = true;
};

}  // namespace guideway
