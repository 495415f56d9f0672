// SPDX-License-Identifier: Apache-2.0
// Captures: frames with their times from a file, and into one. Classic pcap with microseconds or nanoseconds is read
// (and pcapng, as libpcap does); classic pcap is written. Ethernet only. Every failure is a sentence with the path.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "dataplane/base/result.hh"

struct pcap;
struct pcap_dumper;

namespace guideway {

struct CapturedFrame {
  std::uint64_t time_ns = 0;                // since 1970
  std::span<const std::byte> bytes;         // valid until the next call of next()
  std::uint32_t original_length_bytes = 0;  // more than bytes.size() where the capture cut the frame off
};

enum class PcapPrecision { microseconds, nanoseconds };

class PcapReader {
 public:
  // "-" is standard input.
  [[nodiscard]] static Result<PcapReader> open(const std::string& path);
  // The next frame; nothing at the end of the file; an error where the file is cut off or broken.
  [[nodiscard]] Result<std::optional<CapturedFrame>> next();

 private:
  struct Close {
    void operator()(pcap* handle) const noexcept;
  };
  PcapReader(std::unique_ptr<pcap, Close> handle, std::string path)
      : handle_(std::move(handle)), path_(std::move(path)) {}
  std::unique_ptr<pcap, Close> handle_;
  std::string path_;
  std::uint64_t frame_count_ = 0;
};

class PcapWriter {
 public:
  // Replaces the file. "-" is standard output.
  [[nodiscard]] static Result<PcapWriter> create(const std::string& path,
                                                 PcapPrecision precision = PcapPrecision::nanoseconds);
  [[nodiscard]] Result<void> write(std::uint64_t time_ns, std::span<const std::byte> frame);
  // Writes out what is buffered and closes the file; an error if any byte did not reach it. Without it the file is
  // closed by the destructor, and errors go unseen.
  [[nodiscard]] Result<void> finish();

 private:
  struct Close {
    void operator()(pcap* handle) const noexcept;
    void operator()(pcap_dumper* dumper) const noexcept;
  };
  PcapWriter(std::unique_ptr<pcap, Close> handle, std::unique_ptr<pcap_dumper, Close> dumper, std::string path,
             PcapPrecision precision)
      : handle_(std::move(handle)), dumper_(std::move(dumper)), path_(std::move(path)), precision_(precision) {}
  std::unique_ptr<pcap, Close> handle_;
  std::unique_ptr<pcap_dumper, Close> dumper_;  // closed before handle_
  std::string path_;
  PcapPrecision precision_;
};

}  // namespace guideway
