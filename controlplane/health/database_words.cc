// SPDX-License-Identifier: Apache-2.0
#include "controlplane/health/database_words.hh"

#include <cstdint>

#include "controlplane/health/printable.hh"
#include "controlplane/health/quoted_beginning.hh"

namespace guideway {
namespace {

using Is = Judgement::Is;

std::uint32_t byte_at(std::string_view bytes, std::size_t at) {
  return at < bytes.size() ? static_cast<std::uint8_t>(bytes[at]) : 0;
}

std::uint32_t big32(std::string_view bytes, std::size_t at) {
  return byte_at(bytes, at) << 24 | byte_at(bytes, at + 1) << 16 | byte_at(bytes, at + 2) << 8 | byte_at(bytes, at + 3);
}

std::string big32_bytes(std::uint32_t value) {
  return {static_cast<char>(value >> 24), static_cast<char>(value >> 16), static_cast<char>(value >> 8),
          static_cast<char>(value)};
}

// Words of a server that stand in a sentence as they are.
constexpr std::size_t shown_error_field_bytes_max = 20;

// Fields of one letter and a text, each ended by a zero.
std::string postgresql_error(std::string_view fields) {
  std::string severity;
  std::string code;
  std::string message;
  for (std::size_t at = 0; at < fields.size() && fields[at] != '\0';) {
    const char kind = fields[at];
    const std::size_t end = std::min(fields.find('\0', at), fields.size());
    const std::string text(fields.substr(at + 1, end - at - 1));
    if (kind == 'S') severity = printable(text, shown_error_field_bytes_max);
    if (kind == 'C') code = printable(text, shown_error_field_bytes_max);
    if (kind == 'M') message = text;
    at = end + 1;
  }
  return "PostgreSQL says " + severity + " " + code + ": " + quoted_beginning(message);
}

// One packet: three bytes of length, least first, and a number.
struct MysqlPacket {
  bool whole = false;
  std::uint32_t number = 0;
  std::string_view payload;
};

MysqlPacket mysql_packet(std::string_view answer) {
  const std::size_t length = byte_at(answer, 0) | byte_at(answer, 1) << 8 | byte_at(answer, 2) << 16;
  if (answer.size() < 4 || answer.size() < 4 + length) return {};
  return {true, byte_at(answer, 3), answer.substr(4, length)};
}

std::string mysql_packet_bytes(std::string_view payload, std::uint32_t number) {
  std::string bytes{static_cast<char>(payload.size()), static_cast<char>(payload.size() >> 8),
                    static_cast<char>(payload.size() >> 16), static_cast<char>(number)};
  return bytes.append(payload);
}

std::uint32_t mysql_error_code(std::string_view payload) { return byte_at(payload, 1) | byte_at(payload, 2) << 8; }

std::string mysql_error(std::string_view payload) {
  std::string_view message = payload.substr(std::min<std::size_t>(3, payload.size()));
  if (!message.empty() && message.front() == '#') message.remove_prefix(std::min<std::size_t>(6, message.size()));
  return "MySQL says error " + std::to_string(mysql_error_code(payload)) + ": " + quoted_beginning(message);
}

}  // namespace

std::string postgresql_startup(std::string_view user, std::string_view database) {
  std::string words = big32_bytes(196608);
  const auto add = [&](std::string_view word) { words.append(word).push_back('\0'); };
  add("user");
  add(user);
  add("database");
  add(database);
  words += '\0';
  return big32_bytes(static_cast<std::uint32_t>(words.size() + 4)) + words;
}

Judgement judge_postgresql(std::string_view answer) {
  while (answer.size() >= 5) {
    const char kind = answer.front();
    const std::size_t length = std::size_t{1} + big32(answer, 1);
    if (length < 5 || std::string_view("RESKZN").find(kind) == std::string_view::npos) return {Is::wrong, ""};
    if (kind == 'Z') return {Is::right, ""};
    if (answer.size() < length) return {Is::incomplete, ""};
    if (kind == 'E') return {Is::wrong, postgresql_error(answer.substr(5, length - 5))};
    // 0: the user may enter, but the database may still be missing. Others ask for a password.
    if (kind == 'R' && big32(answer, 5) != 0) return {Is::right, ""};
    answer.remove_prefix(length);
  }
  return {Is::incomplete, ""};
}

Judgement judge_mysql_greeting(std::string_view answer) {
  const MysqlPacket packet = mysql_packet(answer);
  const std::uint32_t protocol = byte_at(answer, 4);
  // Another server's first words would be a long packet that never comes whole.
  if (answer.size() >= 5 && (byte_at(answer, 3) != 0 || (protocol != 10 && protocol != 0xff))) return {Is::wrong, ""};
  if (!packet.whole) return {Is::incomplete, ""};
  return protocol == 0xff ? Judgement{Is::wrong, mysql_error(packet.payload)} : Judgement{Is::right, ""};
}

std::string mysql_login(std::string_view user) {
  constexpr std::uint32_t flags = 0x1 | 0x200 | 0x8000 | 0x80000;  // long password, 4.1, its passwords, plugins
  std::string payload{static_cast<char>(flags), static_cast<char>(flags >> 8), static_cast<char>(flags >> 16), '\0'};
  payload += std::string{'\0', '\0', '\0', 1};  // packets up to 16 MiB
  payload += static_cast<char>(33);             // utf8
  payload.append(23, '\0').append(user).append(2, '\0');
  payload.append("mysql_native_password").push_back('\0');
  return mysql_packet_bytes(payload, 1);
}

Judgement judge_mysql_login(std::string_view answer, bool must_enter) {
  constexpr std::uint32_t access_denied = 1045;
  constexpr std::uint32_t access_denied_without_password = 1698;
  const MysqlPacket packet = mysql_packet(answer);
  if (!packet.whole) return {Is::incomplete, ""};
  switch (byte_at(packet.payload, 0)) {
    case 0x00:
      return {Is::right, ""};
    case 0xfe:  // another plugin is to ask: no password for that either
      return {Is::asks, mysql_packet_bytes("", packet.number + 1)};
    case 0xff: {
      const std::uint32_t code = mysql_error_code(packet.payload);
      if (!must_enter && (code == access_denied || code == access_denied_without_password)) return {Is::right, ""};
      return {Is::wrong, mysql_error(packet.payload)};
    }
    default:
      return {Is::wrong, ""};
  }
}

std::string mysql_quit() { return mysql_packet_bytes("\x01", 0); }

}  // namespace guideway
