// SPDX-License-Identifier: Apache-2.0
// What one client may cost a server.
#pragma once

#include <chrono>
#include <cstddef>

namespace guideway {

struct HttpLimits {
  std::size_t body_bytes_max = std::size_t{1024} * 1024;
  std::chrono::seconds request_timeout{30};  // to read a request, and to write its answer
  std::size_t connections_max = 256;
  // Of an answer that goes on: whoever lets more wait is cut off.
  std::size_t stream_bytes_pending_max = std::size_t{1024} * 1024;
};

}  // namespace guideway
