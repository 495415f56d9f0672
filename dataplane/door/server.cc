// SPDX-License-Identifier: Apache-2.0
#include "dataplane/door/server.hh"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <array>
#include <vector>

#include "dataplane/base/check.hh"
#include "dataplane/door/packet_socket.hh"

namespace guideway::door {
namespace {

std::string_view reason_in(const Reply& reply) {
  // Refused and Rejected have the same shape.
  const auto* text = reinterpret_cast<const char*>(reply.bytes().data()) + sizeof(MessageHeader);
  return text;
}

std::string process(const Conversation& conversation) {
  return "process=" + std::to_string(conversation.controller_process_id());
}

}  // namespace

Server::Server(Listener listener, Datapath& datapath, EventLog log, std::chrono::milliseconds patience)
    : listener_(std::move(listener)),
      datapath_(datapath),
      log_(std::move(log)),
      patience_(patience),
      stop_event_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  check(static_cast<bool>(stop_event_), "an eventfd can be made");
}

void Server::stop() noexcept { ::eventfd_write(stop_event_.get(), 1); }

void Server::log_reply(const Reply& reply) const {
  if (reply.type() == MessageType::refused) log_(Event::controller_refused, reason_in(reply));
  if (reply.type() == MessageType::rejected) log_(Event::offer_rejected, reason_in(reply));
}

void Server::run() {
  for (;;) {
    std::array<pollfd, 3> watched{{{stop_event_.get(), POLLIN, 0},
                                   {listener_.fd(), POLLIN, 0},
                                   {controller_ ? controller_->fd.get() : -1, POLLIN, 0}}};
    const int timeout_ms = awaits_hello() ? static_cast<int>(patience_.count()) : -1;
    if (::poll(watched.data(), watched.size(), timeout_ms) < 0) continue;  // a signal: look again
    if (watched[0].revents != 0) return;
    // First the controller, so that one that has died makes room for the next.
    if (watched[2].revents != 0) serve_controller();
    refuse_silence();
    if (watched[1].revents != 0) accept_one();
  }
}

void Server::refuse_silence() {
  if (!awaits_hello() || std::chrono::steady_clock::now() < controller_->hello_until) return;
  const Reply reply = refuse(0, "no Hello came within " + std::to_string(patience_.count()) + " ms");
  log_reply(reply);
  static_cast<void>(send_message(controller_->fd.get(), reply.bytes(), {}));
  controller_.reset();
}

void Server::accept_one() {
  UniqueFd fd(::accept4(listener_.fd(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (!fd) return;  // gone again
  if (controller_) {
    const std::uint32_t process_id = controller_->conversation.controller_process_id();
    const Reply reply =
        refuse(0, "another controller is connected" +
                      (process_id != 0 ? " (process " + std::to_string(process_id) + ")" : "") + "; one at a time");
    log_reply(reply);
    static_cast<void>(send_message(fd.get(), reply.bytes(), {}));
    return;
  }
  controller_.emplace(
      Controller{std::move(fd), Conversation(datapath_, holdings_), std::chrono::steady_clock::now() + patience_});
}

void Server::serve_controller() {
  IncomingMessage message;
  switch (receive_message(controller_->fd.get(), message)) {
    case Received::nothing:
      return;
    case Received::closed:
      if (controller_->conversation.greeted()) log_(Event::controller_left, process(controller_->conversation));
      controller_.reset();
      return;
    case Received::message:
      break;
  }
  std::vector<int> fds;
  for (const UniqueFd& fd : message.fds) fds.push_back(fd.get());
  const Reply reply = message.cut_off
                          ? refuse(0, "message is longer than " + std::to_string(message_bytes_max) + " bytes")
                          : controller_->conversation.answer(std::span(message.bytes).first(message.length_bytes), fds);
  log_reply(reply);
  if (reply.type() == MessageType::welcome) log_(Event::controller_joined, process(controller_->conversation));
  if (!send_message(controller_->fd.get(), reply.bytes(), reply.fds()) || reply.closes()) controller_.reset();
}

}  // namespace guideway::door
