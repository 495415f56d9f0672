// SPDX-License-Identifier: Apache-2.0
#include "controlplane/cli/packet_filter.hh"

#include <pcap/pcap.h>

namespace guideway {

struct PacketFilter::Program {
  Program() = default;
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;
  ~Program() { ::pcap_freecode(&code); }
  bpf_program code{};
};

Result<PacketFilter> PacketFilter::compile(const std::string& text) {
  const std::unique_ptr<pcap_t, void (*)(pcap_t*)> ethernet(::pcap_open_dead(DLT_EN10MB, 65535), ::pcap_close);
  auto program = std::make_shared<Program>();
  if (::pcap_compile(ethernet.get(), &program->code, text.c_str(), 1, PCAP_NETMASK_UNKNOWN) != 0)
    return failure("--filter: libpcap does not understand \"" + text + "\": " + ::pcap_geterr(ethernet.get()));
  return PacketFilter(std::move(program));
}

bool PacketFilter::matches(std::span<const std::uint8_t> bytes, std::uint32_t length_bytes) const {
  const pcap_pkthdr header{{}, static_cast<bpf_u_int32>(bytes.size()), length_bytes};
  return ::pcap_offline_filter(&program_->code, &header, bytes.data()) != 0;
}

}  // namespace guideway
