// SPDX-License-Identifier: Apache-2.0
#include "controlplane/cli/pcapng.hh"

#include <cstring>

namespace guideway {
namespace {

constexpr std::uint32_t section_header = 0x0a0d0d0a;
constexpr std::uint32_t byte_order = 0x1a2b3c4d;
constexpr std::uint32_t interface_description = 1;
constexpr std::uint32_t interface_statistics = 5;
constexpr std::uint32_t enhanced_packet = 6;
constexpr std::uint16_t ethernet = 1;
constexpr std::uint16_t option_comment = 1;
constexpr std::uint16_t option_interface_name = 2;
constexpr std::uint16_t option_application = 4;
constexpr std::uint16_t option_dropped = 5;
constexpr std::uint16_t option_time_resolution = 9;

template <typename T>
void put(std::string& to, T value) {
  char bytes[sizeof value];
  std::memcpy(bytes, &value, sizeof value);
  to.append(bytes, sizeof value);
}

void put_padded(std::string& to, const char* bytes, std::size_t count) {
  to.append(bytes, count);
  to.append((4 - count % 4) % 4, '\0');
}

void put_option(std::string& to, std::uint16_t code, const std::string& value) {
  put(to, code);
  put(to, static_cast<std::uint16_t>(value.size()));
  put_padded(to, value.data(), value.size());
}

void end_options(std::string& to) { put(to, std::uint32_t{0}); }

// The high half first, whatever the byte order.
void put_time(std::string& to, std::uint64_t time_ns) {
  put(to, static_cast<std::uint32_t>(time_ns >> 32U));
  put(to, static_cast<std::uint32_t>(time_ns));
}

std::string block(std::uint32_t type, const std::string& body) {
  const auto length = static_cast<std::uint32_t>(body.size() + 12);
  std::string result;
  put(result, type);
  put(result, length);
  result += body;
  put(result, length);
  return result;
}

}  // namespace

std::string pcapng_head(const std::vector<std::string>& interfaces, std::uint32_t bytes_max) {
  std::string section;
  put(section, byte_order);
  put(section, std::uint16_t{1});
  put(section, std::uint16_t{0});
  put(section, ~std::uint64_t{0});  // of any length
  put_option(section, option_application, "guideway capture");
  end_options(section);
  std::string result = block(section_header, section);
  for (const std::string& name : interfaces) {
    std::string interface;
    put(interface, ethernet);
    put(interface, std::uint16_t{0});
    put(interface, bytes_max);
    put_option(interface, option_interface_name, name);
    put_option(interface, option_time_resolution, "\x09");  // 10^-9 s
    end_options(interface);
    result += block(interface_description, interface);
  }
  return result;
}

std::string pcapng_packet(const CapturedPacket& packet) {
  std::string body;
  put(body, packet.interface);
  put_time(body, packet.time_ns);
  put(body, static_cast<std::uint32_t>(packet.bytes.size()));
  put(body, packet.length_bytes);
  put_padded(body, reinterpret_cast<const char*>(packet.bytes.data()), packet.bytes.size());
  if (!packet.comment.empty()) {
    put_option(body, option_comment, packet.comment);
    end_options(body);
  }
  return block(enhanced_packet, body);
}

std::string pcapng_lost(std::uint32_t interface, std::uint64_t time_ns, std::uint64_t lost) {
  std::string body;
  put(body, interface);
  put_time(body, time_ns);
  std::string count;
  put(count, lost);
  put_option(body, option_dropped, count);
  end_options(body);
  return block(interface_statistics, body);
}

}  // namespace guideway
