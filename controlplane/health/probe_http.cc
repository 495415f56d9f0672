// SPDX-License-Identifier: Apache-2.0
#include "controlplane/health/probe_http.hh"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/beast/core/string.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/optional/optional.hpp>
#include <cstddef>
#include <limits>
#include <utility>

#include "controlplane/config/answer_pattern.hh"
#include "controlplane/health/connecting_probe.hh"
#include "controlplane/health/quoted_beginning.hh"

namespace guideway {
namespace {

namespace http = boost::beast::http;
using boost::system::error_code;

constexpr std::size_t header_bytes_max = std::size_t{16} * 1024;
constexpr std::size_t body_bytes_max = std::size_t{64} * 1024;

std::string request_of(const CheckTarget& target) {
  std::string request = target.method + " " + target.path + " HTTP/1.1\r\nHost: " + target.host + "\r\n";
  const auto is_given = [&](std::string_view name) {
    return std::any_of(target.headers.begin(), target.headers.end(), [&](const auto& header) {
      return boost::beast::iequals(header.first, boost::beast::string_view(name.data(), name.size()));
    });
  };
  if (!is_given("User-Agent")) request += "User-Agent: guideway-check\r\n";
  if (!is_given("Accept")) request += "Accept: */*\r\n";
  for (const auto& [name, value] : target.headers) request.append(name).append(": ").append(value).append("\r\n");
  if (target.method == "POST") request += "Content-Length: 0\r\n";
  return request + "Connection: close\r\n\r\n";
}

std::string wanted_text(const std::vector<StatusRange>& ranges) {
  std::string text;
  for (const StatusRange& range : ranges) {
    if (!text.empty()) text += &range == &ranges.back() ? " or " : ", ";
    text += std::to_string(range.least);
    if (range.most != range.least) text += " to " + std::to_string(range.most);
  }
  return text;
}

class HttpProbe final : public ConnectingProbe {
 public:
  HttpProbe(boost::asio::io_context& io, const CheckTarget& target, ProbeDone done)
      : ConnectingProbe(io, target, std::move(done)) {
    parser_.header_limit(header_bytes_max);
    // A body above our own limit is no error: it is left unread.
    parser_.body_limit(std::numeric_limits<std::uint64_t>::max());
    parser_.skip(target.method == "HEAD");
    if (!target.body.empty()) wanted_body_ = AnswerPattern::parse(target.body).value_or(AnswerPattern());
  }

 private:
  void on_connected() override {
    write(request_of(target_), [this] { listen(); });
  }

  [[nodiscard]] std::string_view protocol_inside() const override { return "http/1.1"; }
  [[nodiscard]] std::string awaited_answer() const override {
    return parser_.is_header_done() ? "end of the HTTP response" : "HTTP response";
  }

  void listen() {
    read([this](std::string_view bytes, bool closed) {
      unparsed_ += bytes;
      if (first_.empty()) first_ = quoted_beginning(bytes);
      parse(closed);
    });
  }

  void parse(bool closed) {
    while (!unparsed_.empty() && !parser_.is_done()) {
      error_code error;
      const bool had_header = parser_.is_header_done();
      const std::size_t used = parser_.put(boost::asio::buffer(unparsed_), error);
      unparsed_.erase(0, used);
      if (error == http::error::need_more) break;
      if (error == http::error::need_buffer) return judge_body();
      if (error) return fail_parsing(error);
      if (!had_header && parser_.is_header_done()) {
        if (!is_wanted_status())
          return finish(ProbeOutcome::failed, status_text() + ", wanted " + wanted_text(target_.status));
        make_room_for_body();
      }
      if (used == 0) break;
    }
    if (closed && !parser_.is_done()) return end();
    if (parser_.is_done()) return judge_body();
    listen();
  }

  // Our own memory, bounded: a server may announce any length.
  void make_room_for_body() {
    body_.resize(body_bytes_max);
    parser_.get().body() = {body_.data(), body_.size(), true};
  }

  // The server closed: of a response without a length that is its end.
  void end() {
    if (!parser_.got_some()) return finish(ProbeOutcome::failed, "connection closed before an HTTP response");
    error_code error;
    parser_.put_eof(error);
    if (error) return fail_parsing(error);
    judge_body();
  }

  void judge_body() {
    const std::string_view body(body_.data(), body_.size() - parser_.get().body().size);
    if (wanted_body_.occurs_in(body)) return finish(ProbeOutcome::ok, status_text());
    finish(ProbeOutcome::failed, status_text() + ", but its body has no " + target_.body);
  }

  [[nodiscard]] bool is_wanted_status() const {
    const unsigned status = parser_.get().result_int();
    return std::any_of(target_.status.begin(), target_.status.end(),
                       [&](const StatusRange& range) { return range.least <= status && status <= range.most; });
  }

  void fail_parsing(const error_code& error) {
    if (error == http::error::partial_message)
      return finish(ProbeOutcome::failed, "connection closed in the middle of the HTTP response");
    if (error == http::error::header_limit)
      return finish(ProbeOutcome::failed, "HTTP response header above " + std::to_string(header_bytes_max) + " bytes");
    finish(ProbeOutcome::failed, "not a well-formed HTTP response (" + error.message() + ")" +
                                     (parser_.is_header_done() ? "" : ": " + first_));
  }

  [[nodiscard]] std::string status_text() const { return "HTTP status " + std::to_string(parser_.get().result_int()); }

  http::response_parser<http::buffer_body> parser_;
  std::string body_;
  AnswerPattern wanted_body_;
  std::string unparsed_;
  std::string first_;  // of what came, for people
};

}  // namespace

std::shared_ptr<Probe> start_http_probe(boost::asio::io_context& io, const CheckTarget& target, ProbeDone done) {
  auto probe = std::make_shared<HttpProbe>(io, target, std::move(done));
  probe->start();
  return probe;
}

}  // namespace guideway
