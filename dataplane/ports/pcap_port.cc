// SPDX-License-Identifier: Apache-2.0
#include "dataplane/ports/pcap_port.hh"

#include <pcap/pcap.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>

namespace guideway {
namespace {

constexpr std::uint64_t nanoseconds_per_second = 1'000'000'000;
constexpr int snapshot_bytes_max = 262144;

std::string named(const std::string& path) { return path == "-" ? "standard input" : "\"" + path + "\""; }

}  // namespace

void PcapReader::Close::operator()(pcap* handle) const noexcept { ::pcap_close(handle); }
void PcapWriter::Close::operator()(pcap* handle) const noexcept { ::pcap_close(handle); }
void PcapWriter::Close::operator()(pcap_dumper* dumper) const noexcept { ::pcap_dump_close(dumper); }

Result<PcapReader> PcapReader::open(const std::string& path) {
  // Opened here and not by libpcap, so that a file that is not there and a file that is no capture read differently.
  std::FILE* file = path == "-" ? stdin : std::fopen(path.c_str(), "rbe");
  if (file == nullptr) return failure("cannot open capture " + named(path) + ": " + std::strerror(errno));
  std::array<char, PCAP_ERRBUF_SIZE> why{};
  // Closes the file with the handle; on failure it does not.
  std::unique_ptr<pcap, Close> handle(
      ::pcap_fopen_offline_with_tstamp_precision(file, PCAP_TSTAMP_PRECISION_NANO, why.data()));
  if (handle == nullptr) {
    if (file != stdin) std::fclose(file);
    return failure("cannot read capture " + named(path) + ": " + why.data());
  }
  if (::pcap_datalink(handle.get()) != DLT_EN10MB) {
    const char* name = ::pcap_datalink_val_to_name(::pcap_datalink(handle.get()));
    return failure("capture " + named(path) + " has link type " + (name != nullptr ? name : "unknown") +
                   ", only Ethernet (EN10MB) can be replayed");
  }
  return PcapReader(std::move(handle), path);
}

Result<std::optional<CapturedFrame>> PcapReader::next() {
  pcap_pkthdr* header = nullptr;
  const u_char* bytes = nullptr;
  const int outcome = ::pcap_next_ex(handle_.get(), &header, &bytes);
  if (outcome == PCAP_ERROR_BREAK) return std::optional<CapturedFrame>{};
  if (outcome != 1)
    return failure("capture " + named(path_) + " is broken after frame " + std::to_string(frame_count_) + ": " +
                   ::pcap_geterr(handle_.get()));
  ++frame_count_;
  CapturedFrame frame;
  frame.time_ns = static_cast<std::uint64_t>(header->ts.tv_sec) * nanoseconds_per_second +
                  static_cast<std::uint64_t>(header->ts.tv_usec);  // nanoseconds, as asked for
  frame.bytes = std::as_bytes(std::span(bytes, header->caplen));
  frame.original_length_bytes = header->len;
  return std::optional(frame);
}

Result<PcapWriter> PcapWriter::create(const std::string& path, PcapPrecision precision) {
  const u_int unit = precision == PcapPrecision::nanoseconds ? PCAP_TSTAMP_PRECISION_NANO : PCAP_TSTAMP_PRECISION_MICRO;
  std::unique_ptr<pcap, Close> handle(::pcap_open_dead_with_tstamp_precision(DLT_EN10MB, snapshot_bytes_max, unit));
  if (handle == nullptr) return failure("cannot write capture \"" + path + "\": out of memory");
  std::unique_ptr<pcap_dumper, Close> dumper(::pcap_dump_open(handle.get(), path.c_str()));
  if (dumper == nullptr) return failure(std::string("cannot write capture: ") + ::pcap_geterr(handle.get()));
  return PcapWriter(std::move(handle), std::move(dumper), path, precision);
}

Result<void> PcapWriter::write(std::uint64_t time_ns, std::span<const std::byte> frame) {
  const std::uint64_t fraction_ns = time_ns % nanoseconds_per_second;
  pcap_pkthdr header{};
  header.ts.tv_sec = static_cast<time_t>(time_ns / nanoseconds_per_second);
  header.ts.tv_usec =
      static_cast<suseconds_t>(precision_ == PcapPrecision::nanoseconds ? fraction_ns : fraction_ns / 1000);
  header.caplen = header.len = static_cast<bpf_u_int32>(frame.size());
  ::pcap_dump(reinterpret_cast<u_char*>(dumper_.get()), &header, reinterpret_cast<const u_char*>(frame.data()));
  if (std::ferror(::pcap_dump_file(dumper_.get())) != 0)
    return failure("cannot write capture \"" + path_ + "\": " + std::strerror(errno));
  return {};
}

Result<void> PcapWriter::finish() {
  if (::pcap_dump_flush(dumper_.get()) != 0)
    return failure("cannot write capture \"" + path_ + "\": " + std::strerror(errno));
  dumper_.reset();
  handle_.reset();
  return {};
}

}  // namespace guideway
