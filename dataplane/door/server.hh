// SPDX-License-Identifier: Apache-2.0
// The door's socket: one controller at a time, others are refused with a sentence. A controller that dies, hangs or
// talks nonsense costs the datapath nothing.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "dataplane/base/result.hh"
#include "dataplane/base/unique_fd.hh"
#include "dataplane/door/conversation.hh"

namespace guideway::door {

// A listening socket; its file is removed when this ends.
class Listener {
 public:
  // Makes the directory if it is missing, and replaces a socket that nobody listens on any more; one that somebody
  // listens on is an error.
  [[nodiscard]] static Result<Listener> open(const std::string& path);
  Listener(Listener&& other) noexcept = default;
  Listener& operator=(Listener&&) = delete;
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;
  ~Listener();

  [[nodiscard]] int fd() const noexcept { return fd_.get(); }

 private:
  Listener(UniqueFd fd, std::string path) noexcept : fd_(std::move(fd)), path_(std::move(path)) {}
  UniqueFd fd_;
  std::string path_;
};

enum class Event { controller_joined, controller_left, controller_refused, offer_rejected };
// Told of events as they happen, on the door's thread: a line for the log.
using EventLog = std::function<void(Event event, std::string_view details)>;

class Server {
 public:
  // `patience` is how long a controller may take to say hello.
  Server(Listener listener, Datapath& datapath, EventLog log,
         std::chrono::milliseconds patience = std::chrono::seconds(5));

  // Serves until stop(), which another thread may call.
  void run();
  void stop() noexcept;

 private:
  struct Controller {
    UniqueFd fd;
    Conversation conversation;
    std::chrono::steady_clock::time_point hello_until;  // it may not keep others out by saying nothing
  };
  [[nodiscard]] bool awaits_hello() const noexcept { return controller_ && !controller_->conversation.greeted(); }
  void refuse_silence();
  void accept_one();
  void log_reply(const Reply& reply) const;
  void serve_controller();

  Listener listener_;
  Datapath& datapath_;
  EventLog log_;
  std::chrono::milliseconds patience_;
  Holdings holdings_;
  std::optional<Controller> controller_;
  UniqueFd stop_event_;
};

}  // namespace guideway::door
