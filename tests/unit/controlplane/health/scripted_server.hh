// SPDX-License-Identifier: Apache-2.0
// A server on loopback for probe tests: what it does with a connection is scripted, real sockets all the same. It
// runs on the test's own io_context and lives as long as its object.
#pragma once

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "dataplane/net/address.hh"

namespace guideway {

struct Script {
  bool read_first = true;     // waits for the end of a request header before it answers
  std::string answer;         // empty: none
  bool close = true;          // after the answer; otherwise the connection stays open and silent
  std::uint32_t wait_ms = 0;  // before the answer
  bool reset = false;         // closes by RST
};

class ScriptedServer {
 public:
  ScriptedServer(boost::asio::io_context& io, Script script, const std::string& address = "127.0.0.1")
      : io_(io), script_(std::move(script)), acceptor_(io, {boost::asio::ip::make_address(address), 0}) {
    accept();
  }

  [[nodiscard]] std::uint16_t port() const { return acceptor_.local_endpoint().port(); }
  [[nodiscard]] int connections() const { return connections_; }
  [[nodiscard]] const std::string& last_request() const { return last_request_; }
  void set_script(Script script) { script_ = std::move(script); }
  void stop() {
    acceptor_.close();
    for (const auto& connection : open_) {
      boost::system::error_code ignored;
      connection->socket.close(ignored);
      connection->timer.cancel();
    }
    open_.clear();
  }

 private:
  struct Connection {
    explicit Connection(boost::asio::io_context& io) : socket(io), timer(io) {}
    boost::asio::ip::tcp::socket socket;
    boost::asio::steady_timer timer;
    std::array<char, 4096> buffer{};
    std::string request;
    Script script;
  };
  using ConnectionPtr = std::shared_ptr<Connection>;

  void accept() {
    const auto connection = std::make_shared<Connection>(io_);
    acceptor_.async_accept(connection->socket, [this, connection](const boost::system::error_code& error) {
      if (error) return;
      ++connections_;
      connection->script = script_;
      open_.push_back(connection);
      if (script_.read_first) {
        read(connection);
      } else {
        answer(connection);
      }
      accept();
    });
  }

  void read(const ConnectionPtr& connection) {
    connection->socket.async_read_some(boost::asio::buffer(connection->buffer),
                                       [this, connection](const boost::system::error_code& error, std::size_t bytes) {
                                         if (error) return;
                                         connection->request.append(connection->buffer.data(), bytes);
                                         if (connection->request.find("\r\n\r\n") == std::string::npos)
                                           return read(connection);
                                         last_request_ = connection->request;
                                         answer(connection);
                                       });
  }

  void answer(const ConnectionPtr& connection) {
    connection->timer.expires_after(std::chrono::milliseconds(connection->script.wait_ms));
    connection->timer.async_wait([connection](const boost::system::error_code& cancelled) {
      if (cancelled) return;
      boost::asio::async_write(connection->socket, boost::asio::buffer(connection->script.answer),
                               [connection](const boost::system::error_code&, std::size_t) {
                                 if (!connection->script.close) return;
                                 boost::system::error_code ignored;
                                 if (connection->script.reset) {
                                   connection->socket.set_option(boost::asio::socket_base::linger(true, 0), ignored);
                                 }
                                 connection->socket.close(ignored);
                               });
    });
  }

  boost::asio::io_context& io_;
  Script script_;
  boost::asio::ip::tcp::acceptor acceptor_;
  std::vector<ConnectionPtr> open_;
  int connections_ = 0;
  std::string last_request_;
};

}  // namespace guideway
