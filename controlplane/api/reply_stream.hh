// SPDX-License-Identifier: Apache-2.0
// An answer that goes on: pieces are sent as they come, for as long as the reader stays. Sending never waits: a reader
// that lets more than a bound pile up is cut off, and whoever sends hears of it.
#pragma once

#include <cstddef>
#include <string>

#include "controlplane/api/actor.hh"

namespace guideway {

class ReplyStream {
 public:
  enum class Sent { queued, gone, too_slow };  // too_slow: the reader has just been cut off

  ReplyStream() = default;
  ReplyStream(const ReplyStream&) = delete;
  ReplyStream& operator=(const ReplyStream&) = delete;
  virtual ~ReplyStream() = default;

  [[nodiscard]] virtual Sent send(const std::string& piece) = 0;
  // What was sent and the reader has not taken yet: whoever need not send waits until it is little.
  [[nodiscard]] virtual std::size_t waiting_bytes() const = 0;
  // That was all: the answer is complete.
  virtual void finish() = 0;
  [[nodiscard]] virtual const Actor& reader() const = 0;
};

}  // namespace guideway
