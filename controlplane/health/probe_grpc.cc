// SPDX-License-Identifier: Apache-2.0
#include "controlplane/health/probe_grpc.hh"

#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <array>
#include <utility>

#include "controlplane/health/connecting_probe.hh"
#include "controlplane/health/grpc_health.hh"
#include "controlplane/health/quoted_beginning.hh"

namespace guideway {
namespace {

constexpr std::size_t grpc_answer_bytes_max = std::size_t{64} * 1024;

nghttp2_nv header(std::string_view name, std::string_view value) {
  // The library copies both.
  return {reinterpret_cast<std::uint8_t*>(const_cast<char*>(name.data())),
          reinterpret_cast<std::uint8_t*>(const_cast<char*>(value.data())), name.size(), value.size(),
          NGHTTP2_NV_FLAG_NONE};
}

class GrpcProbe final : public ConnectingProbe {
 public:
  GrpcProbe(boost::asio::io_context& io, const CheckTarget& target, ProbeDone done)
      : ConnectingProbe(io, target, std::move(done)), unsent_(grpc_health_request(target.grpc_service)) {
    nghttp2_session_callbacks* callbacks = nullptr;
    nghttp2_session_callbacks_new(&callbacks);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_stream_close);
    nghttp2_session_client_new(&session_, callbacks, this);
    nghttp2_session_callbacks_del(callbacks);
  }
  GrpcProbe(const GrpcProbe&) = delete;
  GrpcProbe& operator=(const GrpcProbe&) = delete;
  ~GrpcProbe() override { nghttp2_session_del(session_); }

 private:
  [[nodiscard]] std::string_view protocol_inside() const override { return "h2"; }
  [[nodiscard]] std::string awaited_answer() const override { return "gRPC answer"; }

  void on_connected() override {
    const std::array headers{header(":method", "POST"),
                             header(":scheme", target_.tls ? "https" : "http"),
                             header(":path", "/grpc.health.v1.Health/Check"),
                             header(":authority", target_.host),
                             header("te", "trailers"),
                             header("content-type", "application/grpc"),
                             header("user-agent", "guideway-check")};
    nghttp2_data_provider body{};
    body.source.ptr = this;
    body.read_callback = give_body;
    nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, nullptr, 0);
    if (nghttp2_submit_request(session_, nullptr, headers.data(), headers.size(), &body, this) < 0)
      return cannot("no memory for an HTTP/2 request");
    go_on();
  }

  void fail_speaking() {
    finish(ProbeOutcome::failed, "what answers is not HTTP/2" + (first_.empty() ? "" : ": " + first_));
  }

  // Says what the session has to say, then hears more.
  void go_on() {
    std::string bytes;
    const std::uint8_t* chunk = nullptr;
    for (ssize_t length = nghttp2_session_mem_send(session_, &chunk); length > 0;
         length = nghttp2_session_mem_send(session_, &chunk))
      bytes.append(reinterpret_cast<const char*>(chunk), static_cast<std::size_t>(length));
    if (is_over_) return judge();
    if (nghttp2_session_want_read(session_) == 0) return fail_speaking();
    if (bytes.empty()) return listen();
    write(std::move(bytes), [this] { listen(); });
  }

  void listen() {
    read([this](std::string_view bytes, bool closed) {
      if (first_.empty() && !bytes.empty()) first_ = quoted_beginning(bytes);
      const ssize_t used =
          nghttp2_session_mem_recv(session_, reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
      if (used < 0) return fail_speaking();
      if (closed && !is_over_) return finish(ProbeOutcome::failed, "connection closed, no gRPC answer");
      go_on();
    });
  }

  void judge() {
    if (stream_error_ != NGHTTP2_NO_ERROR)
      return finish(ProbeOutcome::failed, std::string("HTTP/2 stream reset: ") + nghttp2_http2_strerror(stream_error_));
    if (http_status_ != "200") return finish(ProbeOutcome::failed, "HTTP status " + http_status_ + " for a gRPC call");
    if (grpc_status_ != "0") {
      return finish(ProbeOutcome::failed, grpc_status_.empty()
                                              ? "an answer without a gRPC status"
                                              : "gRPC status " + grpc_status_name(grpc_status_) +
                                                    (message_.empty() ? "" : ": " + quoted_beginning(message_)));
    }
    const auto status = grpc_health_status(answer_);
    if (!status) return finish(ProbeOutcome::failed, "a malformed gRPC health answer");
    constexpr std::uint64_t serving = 1;
    if (*status == serving) return finish(ProbeOutcome::ok, "gRPC health SERVING");
    finish(ProbeOutcome::failed, "gRPC health " + grpc_health_name(*status) + ", wanted SERVING");
  }

  static int on_header(nghttp2_session* /*session*/, const nghttp2_frame* /*frame*/, const std::uint8_t* name,
                       std::size_t name_length, const std::uint8_t* value, std::size_t value_length,
                       std::uint8_t /*flags*/, void* self) {
    auto& probe = *static_cast<GrpcProbe*>(self);
    const std::string_view key(reinterpret_cast<const char*>(name), name_length);
    const std::string_view text(reinterpret_cast<const char*>(value), value_length);
    if (key == ":status") probe.http_status_ = text;
    if (key == "grpc-status") probe.grpc_status_ = text;
    if (key == "grpc-message") probe.message_ = text;
    return 0;
  }

  static int on_data(nghttp2_session* /*session*/, std::uint8_t /*flags*/, std::int32_t /*stream*/,
                     const std::uint8_t* data, std::size_t length, void* self) {
    auto& probe = *static_cast<GrpcProbe*>(self);
    if (probe.answer_.size() + length > grpc_answer_bytes_max) return NGHTTP2_ERR_CALLBACK_FAILURE;
    probe.answer_.append(reinterpret_cast<const char*>(data), length);
    return 0;
  }

  static int on_stream_close(nghttp2_session* /*session*/, std::int32_t /*stream*/, std::uint32_t error, void* self) {
    auto& probe = *static_cast<GrpcProbe*>(self);
    probe.is_over_ = true;
    probe.stream_error_ = error;
    return 0;
  }

  static ssize_t give_body(nghttp2_session* /*session*/, std::int32_t /*stream*/, std::uint8_t* buffer,
                           std::size_t length, std::uint32_t* flags, nghttp2_data_source* source, void* /*self*/) {
    std::string& unsent = static_cast<GrpcProbe*>(source->ptr)->unsent_;
    const std::size_t bytes = std::min(length, unsent.size());
    std::copy_n(unsent.begin(), bytes, buffer);
    unsent.erase(0, bytes);
    if (unsent.empty()) *flags |= NGHTTP2_DATA_FLAG_EOF;
    return static_cast<ssize_t>(bytes);
  }

  nghttp2_session* session_ = nullptr;
  std::string unsent_;
  std::string first_;  // of what came, for people
  std::string http_status_;
  std::string grpc_status_;
  std::string message_;
  std::string answer_;
  std::uint32_t stream_error_ = NGHTTP2_NO_ERROR;
  bool is_over_ = false;
};

}  // namespace

std::shared_ptr<Probe> start_grpc_probe(boost::asio::io_context& io, const CheckTarget& target, ProbeDone done) {
  auto probe = std::make_shared<GrpcProbe>(io, target, std::move(done));
  probe->start();
  return probe;
}

}  // namespace guideway
