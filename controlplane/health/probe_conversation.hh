// SPDX-License-Identifier: Apache-2.0
// A check that talks over TCP: connects, and goes through the target's conversation step by step. At most 16 KiB of
// an answer are read; then, as with silence, a close or a whole answer that is another, the check fails and says what
// came. A conversation without steps is a plain TCP or TLS check: a connection, or a handshake, is enough.
#pragma once

#include <memory>

#include "controlplane/health/check_target.hh"
#include "controlplane/health/probe_result.hh"

namespace boost::asio {
class io_context;
}

namespace guideway {

[[nodiscard]] std::shared_ptr<Probe> start_conversation_probe(boost::asio::io_context& io, const CheckTarget& target,
                                                              ProbeDone done);

}  // namespace guideway
