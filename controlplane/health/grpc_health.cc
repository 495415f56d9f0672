// SPDX-License-Identifier: Apache-2.0
#include "controlplane/health/grpc_health.hh"

#include <array>

namespace guideway {
namespace {

constexpr std::size_t frame_bytes = 5;  // whether it is compressed, and the length

void put_varint(std::string& bytes, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) bytes += static_cast<char>(value | 0x80);
  bytes += static_cast<char>(value);
}

std::optional<std::uint64_t> take_varint(std::string_view& bytes) {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 64 && !bytes.empty(); shift += 7) {
    const auto byte = static_cast<std::uint8_t>(bytes.front());
    bytes.remove_prefix(1);
    value |= std::uint64_t{byte & 0x7fU} << shift;
    if (byte < 0x80) return value;
  }
  return std::nullopt;
}

// Behind the tag of a field that is not ours.
bool skip_field(std::string_view& bytes, std::uint64_t wire_type) {
  std::optional<std::uint64_t> length;
  if (wire_type == 0) return take_varint(bytes).has_value();
  if (wire_type == 1) length = 8;
  if (wire_type == 2) length = take_varint(bytes);
  if (wire_type == 5) length = 4;
  if (!length || *length > bytes.size()) return false;
  bytes.remove_prefix(static_cast<std::size_t>(*length));
  return true;
}

}  // namespace

std::string grpc_health_request(std::string_view service) {
  std::string message;
  if (!service.empty()) {
    message += '\x0a';  // field 1, a string
    put_varint(message, service.size());
    message += service;
  }
  const auto length = static_cast<std::uint32_t>(message.size());
  return std::string{'\0', static_cast<char>(length >> 24), static_cast<char>(length >> 16),
                     static_cast<char>(length >> 8), static_cast<char>(length)} +
         message;
}

std::optional<std::uint64_t> grpc_health_status(std::string_view framed) {
  if (framed.size() < frame_bytes || framed.front() != '\0') return std::nullopt;
  std::size_t length = 0;
  for (std::size_t i = 1; i < frame_bytes; ++i) length = length << 8 | static_cast<std::uint8_t>(framed[i]);
  framed.remove_prefix(frame_bytes);
  if (framed.size() != length) return std::nullopt;
  std::uint64_t status = 0;  // a field that is not there has its default
  while (!framed.empty()) {
    const auto tag = take_varint(framed);
    if (!tag) return std::nullopt;
    if (*tag == 0x08) {  // field 1, a varint
      const auto value = take_varint(framed);
      if (!value) return std::nullopt;
      status = *value;
    } else if (!skip_field(framed, *tag & 7)) {
      return std::nullopt;
    }
  }
  return status;
}

std::string grpc_health_name(std::uint64_t status) {
  constexpr std::array<std::string_view, 4> names{"UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN"};
  return status < names.size() ? std::string(names.at(status)) : "status " + std::to_string(status);
}

std::string grpc_status_name(std::string_view status) {
  constexpr std::array<std::string_view, 17> names{
      "OK",        "CANCELLED",      "UNKNOWN",           "INVALID_ARGUMENT",   "DEADLINE_EXCEEDED",
      "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION",
      "ABORTED",   "OUT_OF_RANGE",   "UNIMPLEMENTED",     "INTERNAL",           "UNAVAILABLE",
      "DATA_LOSS", "UNAUTHENTICATED"};
  std::string text(status.substr(0, 8));
  for (char& c : text) c = c >= 0x20 && c < 0x7f ? c : '.';
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (std::to_string(i) == status) text += " " + std::string(names.at(i));
  }
  return text;
}

}  // namespace guideway
