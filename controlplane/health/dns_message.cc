// SPDX-License-Identifier: Apache-2.0
#include "controlplane/health/dns_message.hh"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "controlplane/config/dns_records.hh"
#include "controlplane/health/printable.hh"
#include "dataplane/net/address.hh"

namespace guideway {
namespace {

constexpr std::array<std::string_view, 6> codes{"NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED"};
constexpr std::size_t header_bytes = 12;
constexpr std::uint16_t class_in = 1;

std::string lower(std::string_view text) {
  std::string small(text);
  for (char& c : small) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return small;
}

void put16(std::string& bytes, int value) {
  bytes += static_cast<char>(value >> 8);
  bytes += static_cast<char>(value & 0xff);
}

// Reads on from a place; what is not there makes it bad, and everything read afterwards is empty.
class Reader {
 public:
  Reader(std::string_view message, std::size_t at) : message_(message), at_(at) {}

  std::uint8_t byte() {
    if (at_ >= message_.size()) bad_ = true;
    return bad_ ? 0 : static_cast<std::uint8_t>(message_[at_++]);
  }
  int word() {
    const int high = byte();
    return high << 8 | byte();
  }
  void skip(std::size_t bytes) {
    if (bytes > message_.size() - at_) bad_ = true;
    if (!bad_) at_ += bytes;
  }
  std::string_view text(std::size_t bytes) {
    const std::size_t from = at_;
    skip(bytes);
    return bad_ ? std::string_view() : message_.substr(from, bytes);
  }
  // Follows pointers, each to an earlier place than the one before, so that it ends.
  std::string name() {
    std::string result;
    std::size_t limit = at_;
    std::optional<std::size_t> behind;
    while (!bad_) {
      const std::uint8_t length = byte();
      if (length == 0) break;
      if (length >= 0xc0) {
        const std::size_t target = (length & 0x3fU) << 8 | byte();
        if (!behind) behind = at_;
        if (target >= limit) bad_ = true;
        limit = target;
        at_ = target;
        continue;
      }
      const std::string_view label = text(length);
      if (length >= 0x40 || result.size() + label.size() > 254) bad_ = true;
      result += (result.empty() ? "" : ".") + std::string(label);
    }
    if (behind) at_ = *behind;
    return bad_ ? "" : result;
  }

  [[nodiscard]] bool bad() const { return bad_; }
  [[nodiscard]] std::size_t at() const { return at_; }

 private:
  std::string_view message_;
  std::size_t at_;
  bool bad_ = false;
};

std::string address_text(std::string_view bytes, Family family) {
  IpAddress address;
  address.family = family;
  if (bytes.size() != (family == Family::ipv6 ? 16 : 4)) return "";
  std::copy(bytes.begin(), bytes.end(), address.bytes.begin());
  return address.text();
}

// As zone files write it; empty if it is not well-formed.
std::string data_text(Reader data, int type, std::size_t length) {
  std::string result;
  if (type == 1 || type == 28) return address_text(data.text(length), type == 1 ? Family::ipv4 : Family::ipv6);
  if (type == 16) {
    const std::size_t end = data.at() + length;
    while (data.at() < end && !data.bad()) result += data.text(data.byte());
    return data.bad() ? "" : result;
  }
  const int numbers = type == 15 ? 1 : (type == 33 ? 3 : 0);
  for (int i = 0; i < numbers; ++i) result += std::to_string(data.word()) + " ";
  result += data.name();
  return data.bad() ? "" : result;
}

std::string normal(std::string_view expected, int type) {
  if (type == 16) return std::string(expected);
  if (const auto address = IpAddress::parse(std::string(expected))) return address->text();
  std::string text = lower(expected);
  if (text.size() > 1 && text.back() == '.') text.pop_back();
  return text;
}

constexpr std::size_t shown_record_bytes_max = 60;

}  // namespace

std::string dns_query(const DnsQuestion& question) {
  std::string bytes;
  put16(bytes, question.id);
  put16(bytes, 0x0100);  // recursion desired
  for (const int count : {1, 0, 0, 0}) put16(bytes, count);
  for (std::size_t at = 0; at < question.name.size();) {
    const std::size_t dot = std::min(question.name.find('.', at), question.name.size());
    bytes += static_cast<char>(dot - at);
    bytes += question.name.substr(at, dot - at);
    at = dot + 1;
  }
  bytes += '\0';
  put16(bytes, dns_record_number(question.record));
  put16(bytes, class_in);
  return bytes;
}

std::optional<DnsVerdict> judge_dns_answer(std::string_view message, const DnsQuestion& question,
                                           std::string_view expected) {
  const std::string asked = (question.name.empty() ? "." : question.name) + " " + question.record;
  if (message.size() < header_bytes) return std::nullopt;
  Reader reader(message, 0);
  const int id = reader.word();
  const int flags = reader.word();
  if (id != question.id || (flags & 0x8000) == 0) return std::nullopt;
  const int questions = reader.word();
  const int answers = reader.word();
  reader.skip(4);
  for (int i = 0; i < questions; ++i) {
    const std::string name = reader.name();
    const int type = reader.word();
    reader.skip(2);
    if (reader.bad()) return DnsVerdict{false, "malformed answer for " + asked};
    if (lower(name) != lower(question.name) || type != dns_record_number(question.record)) return std::nullopt;
  }
  const auto code = static_cast<std::size_t>(flags & 0xf);
  if (code != 0) {
    return DnsVerdict{
        false, (code < codes.size() ? std::string(codes.at(code)) : "code " + std::to_string(code)) + " for " + asked};
  }
  std::vector<std::string> found;
  const std::string wanted = normal(expected, dns_record_number(question.record));
  for (int i = 0; i < answers; ++i) {
    static_cast<void>(reader.name());
    const int type = reader.word();
    reader.skip(6);  // class and time to live
    const auto length = static_cast<std::size_t>(reader.word());
    const Reader data = reader;
    reader.skip(length);
    if (reader.bad()) break;
    if (type != dns_record_number(question.record)) continue;  // a CNAME on the way
    const std::string text = data_text(data, type, length);
    if (type != 16 && text.empty()) return DnsVerdict{false, "malformed answer for " + asked};
    if (expected.empty() || (type == 16 ? text : lower(text)) == wanted)
      return DnsVerdict{true, asked + " is " + printable(text, shown_record_bytes_max)};
    found.push_back(text);
  }
  if ((flags & 0x0200) != 0) return DnsVerdict{false, "the answer for " + asked + " is truncated; check it over TCP"};
  if (reader.bad()) return DnsVerdict{false, "malformed answer for " + asked};
  if (found.empty()) return DnsVerdict{false, "no record for " + asked};
  return DnsVerdict{false, asked + " is " + printable(found.front(), shown_record_bytes_max) +
                               (found.size() > 1 ? " and " + std::to_string(found.size() - 1) + " more" : "") +
                               ", wanted " + std::string(expected)};
}

}  // namespace guideway
