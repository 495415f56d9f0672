// SPDX-License-Identifier: Apache-2.0
#include "tests/twin/frame_maker.hh"

#include <algorithm>
#include <cstring>

#include "dataplane/net/checksum.hh"

namespace guideway::twin {
namespace {

void put16(Bytes& bytes, std::uint32_t value) {
  bytes.push_back(static_cast<std::uint8_t>(value >> 8U));
  bytes.push_back(static_cast<std::uint8_t>(value));
}

void append(Bytes& bytes, const Bytes& more) { bytes.insert(bytes.end(), more.begin(), more.end()); }

void fix_ipv4_checksum(Bytes& frame, std::size_t at) {
  const std::uint32_t header_bytes = (frame[at] & 15U) * 4U;
  if (header_bytes < 20 || at + header_bytes > frame.size()) return;
  frame[at + 10] = frame[at + 11] = 0;
  const std::uint16_t checksum = header_checksum(frame.data() + at, header_bytes);
  std::memcpy(frame.data() + at + 10, &checksum, sizeof checksum);
}

}  // namespace

std::vector<std::byte> FrameMaker::next() {
  Bytes packet;
  const std::uint32_t kind = below(20);
  if (kind < 10) {
    packet = flow_packet();
  } else if (kind < 15) {
    packet = fragment_packet();
  } else if (kind < 17) {
    packet = echo_packet();
  } else {
    packet = error_packet();
  }
  Bytes frame(12);
  for (std::uint8_t& each : frame) each = static_cast<std::uint8_t>(byte() & 0xfeU);
  if (one_in(30)) frame[one_in(2) ? 6 : 0] |= 1U;  // a group address
  if (one_in(4)) {
    put16(frame, one_in(20) ? 0x88a8 : 0x8100);
    put16(frame, random_() & 0xffffU);
  }
  put16(frame, packet[0] >> 4U == 4 ? 0x0800 : 0x86dd);
  append(frame, packet);
  if (one_in(8)) frame.resize(frame.size() + below(60));
  if (one_in(6)) damage(frame);
  if (one_in(40)) frame.resize(below(static_cast<std::uint32_t>(frame.size()) + 1));
  const auto* bytes = reinterpret_cast<const std::byte*>(frame.data());
  return {bytes, bytes + frame.size()};
}

void FrameMaker::damage(Bytes& frame) {
  for (std::uint32_t left = 1 + below(3); left > 0; --left)
    frame[below(std::min<std::uint32_t>(static_cast<std::uint32_t>(frame.size()), 120))] =
        one_in(2) ? static_cast<std::uint8_t>(below(64)) : byte();
  const std::size_t at = frame.size() > 18 && frame[12] == 0x81 && frame[13] == 0 ? 18 : 14;
  if (!one_in(3) && frame.size() >= at + 20 && frame[at] >> 4U == 4) fix_ipv4_checksum(frame, at);
}

Bytes FrameMaker::client(bool is_ipv4) {
  const std::uint8_t host = static_cast<std::uint8_t>(1 + below(6));
  if (is_ipv4) {
    if (one_in(30)) return {static_cast<std::uint8_t>(one_in(2) ? 127 : 224 * below(2)), 0, 0, 1};
    return {172, 16, static_cast<std::uint8_t>(below(2)), host};
  }
  Bytes address(16);
  address[15] = host;
  if (one_in(30)) {
    address[0] = one_in(2) ? 0xff : 0;
    address[15] = static_cast<std::uint8_t>(below(2));
    return address;
  }
  address[0] = 0xfd;
  address[1] = 1;
  address[7] = static_cast<std::uint8_t>(below(2));
  return address;
}

Bytes FrameMaker::service(bool is_ipv4) {
  const auto low = static_cast<std::uint8_t>(below(4));
  if (is_ipv4) {
    if (one_in(20)) return {10, 9, 9, 9};
    if (one_in(3)) return {10, 2, static_cast<std::uint8_t>(below(2)), low};
    return {10, 1, 0, low};
  }
  Bytes address(16);
  address[0] = 0xfd;
  address[3] = one_in(20) ? 9 : one_in(3) ? 2 : 1;
  address[7] = static_cast<std::uint8_t>(address[3] == 2 ? below(2) : 0);
  address[15] = low;
  return address;
}

std::uint16_t FrameMaker::service_port() {
  return one_of(std::array<std::uint16_t, 9>{80, 80, 53, 8000, 8049, 8050, 8055, 8100, 9999});
}

std::uint32_t FrameMaker::payload_bytes() {
  if (one_in(8)) return below(1500);
  return one_in(3) ? 100 + below(60) : below(30);
}

Bytes FrameMaker::tcp_options() {
  Bytes options;
  while (options.size() < 40 && !one_in(4)) {
    switch (below(6)) {
      case 0:
        options.push_back(1);
        break;
      case 1:
        if (one_in(3)) options.push_back(0);
        break;
      case 2:
      case 3:
        options.insert(options.end(), {2, 4, static_cast<std::uint8_t>(below(8)), byte()});
        break;
      case 4:
        options.insert(options.end(), {3, 3, 7});
        break;
      default:
        options.insert(options.end(), {byte(), static_cast<std::uint8_t>(below(12)), byte()});
    }
  }
  options.resize(std::min<std::size_t>(options.size() + 3, 40) / 4 * 4);
  return options;
}

Bytes FrameMaker::tcp(std::uint16_t source_port, std::uint16_t destination_port) {
  constexpr std::array<std::uint16_t, 10> flags{2, 2, 2, 16, 16, 24, 17, 4, 18, 3};
  const Bytes options = one_in(2) ? tcp_options() : Bytes{};
  Bytes segment;
  put16(segment, source_port);
  put16(segment, destination_port);
  for (int i = 0; i < 8; ++i) segment.push_back(byte());
  segment.push_back(static_cast<std::uint8_t>((5 + options.size() / 4) << 4U));
  segment.push_back(static_cast<std::uint8_t>(one_of(flags)));
  for (int i = 0; i < 6; ++i) segment.push_back(one_in(10) ? 0xff : byte());
  append(segment, options);
  for (std::uint32_t left = payload_bytes(); left > 0; --left) segment.push_back(byte());
  return segment;
}

Bytes FrameMaker::udp(std::uint16_t source_port, std::uint16_t destination_port) {
  const std::uint32_t payload = payload_bytes();
  Bytes datagram;
  put16(datagram, source_port);
  put16(datagram, destination_port);
  put16(datagram, one_in(20) ? below(1600) : 8 + payload);
  put16(datagram, one_in(3) ? 0 : one_in(4) ? 0xffff : random_() & 0xffffU);
  for (std::uint32_t left = payload; left > 0; --left) datagram.push_back(byte());
  return datagram;
}

Bytes FrameMaker::write_ip(const Ip& ip, Bytes payload) {
  return ip.is_ipv4 ? write_ipv4(ip, payload) : write_ipv6(ip, std::move(payload));
}

Bytes FrameMaker::write_ipv4(const Ip& ip, const Bytes& payload) {
  const std::uint32_t options = one_in(6) ? below(11) * 4 : 0;
  Bytes packet{static_cast<std::uint8_t>(0x45 + options / 4), byte()};
  put16(packet, 20 + options + static_cast<std::uint32_t>(payload.size()));
  put16(packet, ip.identification);
  const std::uint32_t flags = (one_in(2) ? 0x4000U : 0U) | (one_in(20) ? 0x8000U : 0U);
  put16(packet, flags | (ip.more_fragments ? 0x2000U : 0U) | ip.fragment_offset);
  packet.push_back(byte());
  packet.push_back(ip.protocol);
  put16(packet, 0);
  append(packet, ip.source);
  append(packet, ip.destination);
  for (std::uint32_t left = options; left > 0; --left) packet.push_back(byte());
  fix_ipv4_checksum(packet, 0);
  append(packet, payload);
  return packet;
}

Bytes FrameMaker::write_ipv6(const Ip& ip, Bytes payload) {
  std::uint8_t next = ip.protocol;
  constexpr std::array<std::uint16_t, 4> kinds{0, 43, 60, 44};
  const auto prepend = [&](std::uint8_t kind, const Bytes& extension) {
    payload.insert(payload.begin(), extension.begin(), extension.end());
    next = kind;
  };
  const auto some_extensions = [&] {
    for (std::uint32_t left = one_in(6) ? below(6) : 0; left > 0; --left) {
      const auto kind = static_cast<std::uint8_t>(one_of(kinds));
      Bytes extension{next, 0, 0, static_cast<std::uint8_t>(kind == 44 ? below(8) & (one_in(3) ? 7U : 6U) : 0),
                      0,    0, 0, byte()};
      if (kind != 44 && one_in(4)) {
        extension[1] = 1;
        extension.resize(16);
      }
      prepend(kind, extension);
    }
  };
  if (!ip.has_fragment || ip.fragment_offset == 0) some_extensions();
  if (ip.has_fragment) {
    Bytes fragment{next, byte()};
    put16(fragment, ip.fragment_offset * 8U | (ip.more_fragments ? 1U : 0U));
    put16(fragment, 0);
    put16(fragment, ip.identification);
    prepend(44, fragment);
    some_extensions();
  }
  Bytes packet{static_cast<std::uint8_t>(0x60U | below(16)), byte(), byte(), byte()};
  put16(packet, static_cast<std::uint32_t>(payload.size()));
  packet.push_back(next);
  packet.push_back(byte());
  append(packet, ip.source);
  append(packet, ip.destination);
  append(packet, payload);
  return packet;
}

FrameMaker::Ip FrameMaker::to_service() {
  Ip ip;
  ip.is_ipv4 = one_in(2);
  ip.source = client(ip.is_ipv4);
  ip.destination = service(ip.is_ipv4);
  return ip;
}

Bytes FrameMaker::flow_packet() {
  Ip ip = to_service();
  ip.protocol = one_in(3) ? 17 : one_in(40) ? byte() : 6;
  ip.identification = static_cast<std::uint16_t>(random_());
  return write_ip(ip, ip.protocol == 17 ? udp(client_port(), service_port()) : tcp(client_port(), service_port()));
}

Bytes FrameMaker::fragment_packet() {
  Ip ip = to_service();
  ip.protocol = one_in(8) ? 6 : one_in(20) ? 1 : 17;
  ip.has_fragment = true;
  ip.identification = static_cast<std::uint16_t>(below(2));
  if (one_in(2)) {  // few pairs of addresses, so that fragments meet
    ip.source.back() = 1;
    ip.destination.back() = 1;
  }
  if (ip.is_ipv4 && one_in(3)) {  // one client sends more than may be held
    ip.source = {172, 16, 0, 1};
    ip.identification = static_cast<std::uint16_t>(random_());
  }
  ip.more_fragments = !one_in(3);
  if (one_in(3)) {
    ip.more_fragments = true;
    return write_ip(ip, ip.protocol == 6 ? tcp(client_port(), service_port()) : udp(client_port(), service_port()));
  }
  ip.fragment_offset = static_cast<std::uint16_t>(1 + below(400));
  if (!ip.is_ipv4 && one_in(10)) ip.protocol = 60;
  Bytes payload(payload_bytes());
  for (std::uint8_t& each : payload) each = byte();
  return write_ip(ip, payload);
}

Bytes FrameMaker::echo_packet() {
  Ip ip = to_service();
  ip.protocol = (ip.is_ipv4 != one_in(20)) ? 1 : 58;
  Bytes message{static_cast<std::uint8_t>(ip.is_ipv4 ? 8 : 128), static_cast<std::uint8_t>(one_in(10) ? 1 : 0)};
  if (one_in(10)) message[0] = byte();
  const std::uint32_t length = one_in(10) ? below(8) : 8 + payload_bytes();
  while (message.size() < length) message.push_back(byte());
  return write_ip(ip, message);
}

Bytes FrameMaker::quoted_packet(bool is_ipv4, const Bytes& service_address) {
  Ip ip;
  ip.is_ipv4 = is_ipv4;
  ip.source = one_in(20) ? service(is_ipv4) : service_address;
  ip.destination = client(is_ipv4);
  ip.protocol = one_in(3) ? 17 : 6;
  ip.has_fragment = one_in(8);
  ip.more_fragments = ip.has_fragment && one_in(2);
  ip.fragment_offset = static_cast<std::uint16_t>(ip.has_fragment && one_in(3) ? below(100) : 0);
  Bytes packet =
      write_ip(ip, ip.protocol == 17 ? udp(service_port(), client_port()) : tcp(service_port(), client_port()));
  if (one_in(2)) packet.resize(std::min<std::size_t>(packet.size(), (is_ipv4 ? 20U : 40U) + 8U));
  if (one_in(6)) packet.resize(below(static_cast<std::uint32_t>(packet.size()) + 1));
  if (one_in(6) && !packet.empty())
    packet[below(std::min<std::uint32_t>(60, static_cast<std::uint32_t>(packet.size())))] = byte();
  return packet;
}

Bytes FrameMaker::error_packet() {
  constexpr std::array<std::uint16_t, 5> types_ipv4{3, 3, 11, 12, 5};
  constexpr std::array<std::uint16_t, 5> types_ipv6{1, 2, 3, 4, 5};
  Ip ip = to_service();
  ip.protocol = ip.is_ipv4 ? 1 : 58;
  Bytes message{static_cast<std::uint8_t>(ip.is_ipv4 ? one_of(types_ipv4) : one_of(types_ipv6)), byte()};
  while (message.size() < 8) message.push_back(byte());
  append(message, quoted_packet(ip.is_ipv4, ip.destination));
  if (one_in(20)) message.resize(below(20));
  return write_ip(ip, message);
}

}  // namespace guideway::twin
