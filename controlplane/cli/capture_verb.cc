// SPDX-License-Identifier: Apache-2.0
// `capture`.
#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iostream>
#include <memory>
#include <mutex>
#include <thread>

#include <fmt/core.h>

#include "controlplane/cli/edit_forms.hh"
#include "controlplane/cli/field.hh"
#include "controlplane/cli/grammar.hh"
#include "controlplane/cli/packet_filter.hh"
#include "controlplane/cli/pcapng.hh"
#include "controlplane/cli/verbs.hh"
#include "ebpf/abi/capture.h"

namespace guideway {
namespace {

using nlohmann::json;

constexpr const char* capture_example =
    "Copies of packets as the datapath sees them, as pcapng for Wireshark and tshark. Each has a comment: the exit by\n"
    "which it left, its service, backend and worker. Stage rx is what was received, tx what leaves (tunnel headers "
    "and\n"
    "all), drop what a step dropped; each is an interface of the file. Copies come through a ring of 512 a worker:\n"
    "when it is full, packets pass uncopied and are counted as lost. Up to 2016 bytes of a packet are kept. --filter "
    "is\n"
    "in the words of tcpdump and runs here, on what was copied. Ends with Ctrl-C. One capture at a time.\n\n"
    "Examples:\n"
    "  guideway capture -w all.pcapng\n"
    "  guideway capture --service web --stage rx,tx --filter 'tcp port 80' -w web.pcapng --count 1000\n"
    "  guideway capture --stage drop -w - | tshark -r - -T fields -e frame.comment";

const std::vector<std::string> stages{"rx", "tx", "drop"};

struct CaptureWords {
  std::string service;
  std::vector<std::string> stage{"rx"};
  std::string filter;
  std::string file;
  std::string count;
};

std::uint64_t now_ns() {
  using std::chrono::nanoseconds;
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<nanoseconds>(std::chrono::system_clock::now().time_since_epoch()).count());
}

std::vector<std::uint8_t> bytes_of(const json& packet) {
  const auto found = packet.find("data");
  const std::string text = found != packet.end() && found->is_string() ? found->get<std::string>() : "";
  const auto digit = [](char c) { return static_cast<std::uint8_t>(c <= '9' ? c - '0' : c - 'a' + 10); };
  std::vector<std::uint8_t> bytes(text.size() / 2);
  for (std::size_t i = 0; i < bytes.size(); ++i)
    bytes[i] = static_cast<std::uint8_t>(digit(text[2 * i]) << 4U | digit(text[2 * i + 1]));
  return bytes;
}

std::string comment_of(const json& packet) {
  std::string comment = text_field(packet, "exit");
  for (const char* key : {"service", "backend", "worker"}) {
    if (packet.contains(key)) comment += fmt::format(" {}={}", key, text_field(packet, key));
  }
  return comment;
}

// The file, whole after each packet; the thread that waits for a signal ends it between two.
class CaptureFile {
 public:
  CaptureFile(std::ostream& to, PacketFilter filter, std::uint64_t count_max)
      : to_(to), filter_(std::move(filter)), count_max_(count_max) {
    to_ << pcapng_head(stages, GW_CAPTURE_BYTES_MAX) << std::flush;
  }

  // True once it has all that was asked for, or cannot be written.
  bool add(const std::string& line) {
    const std::lock_guard lock(mutex_);
    if (has_ended_) return false;
    const json packet = json::parse(line, nullptr, false);
    if (packet.contains("lost")) lost_ = count_field(packet, "lost");
    if (packet.contains("error")) error_ = text_field(packet, "error");
    const auto stage = std::find(stages.begin(), stages.end(), text_field(packet, "stage"));
    if (stage == stages.end()) return !error_.empty();
    const std::vector<std::uint8_t> bytes = bytes_of(packet);
    const auto length = static_cast<std::uint32_t>(count_field(packet, "length"));
    if (!filter_.matches(bytes, length)) return false;
    to_ << pcapng_packet({static_cast<std::uint32_t>(stage - stages.begin()), count_field(packet, "time_ns"), length,
                          bytes, comment_of(packet)})
        << std::flush;
    return ++count_ == count_max_ || !to_;
  }

  // The last words; what is added later is not.
  int end(std::ostream& error) {
    const std::lock_guard lock(mutex_);
    has_ended_ = true;
    to_ << pcapng_lost(0, now_ns(), lost_) << std::flush;
    error << fmt::format("{} packets captured, {} lost\n", count_, lost_) << std::flush;
    if (!to_) error << "guideway: the capture cannot be written\n" << std::flush;
    if (!error_.empty()) error << "guideway: " << error_ << "\n" << std::flush;
    return to_ && error_.empty() ? exit_ok : exit_refused;
  }

 private:
  std::mutex mutex_;
  std::ostream& to_;
  PacketFilter filter_;
  std::uint64_t count_max_;
  std::uint64_t count_ = 0;
  std::uint64_t lost_ = 0;
  bool has_ended_ = false;
  std::string error_;
};

// Ctrl-C and SIGTERM end the capture like the last packet that was asked for.
void end_by_signal(CaptureFile& file, std::ostream& error) {
  sigset_t ends;
  sigemptyset(&ends);
  sigaddset(&ends, SIGINT);
  sigaddset(&ends, SIGTERM);
  ::pthread_sigmask(SIG_BLOCK, &ends, nullptr);
  std::thread([&file, &error, ends] {
    int number = 0;
    ::sigwait(&ends, &number);
    std::_Exit(file.end(error));
  }).detach();
}

int capture(Session& session, const CaptureWords& words, const PacketFilter& filter, std::uint64_t count_max) {
  std::string target = "/v1/capture?stage=";
  for (const std::string& stage : words.stage) target += (target.back() == '=' ? "" : ",") + stage;
  if (!words.service.empty()) target += "&service=" + percent_encoded(words.service);
  std::ofstream stream;
  if (words.file != "-") stream.open(words.file, std::ios::binary | std::ios::trunc);
  if (words.file != "-" && !stream) {
    session.error() << fmt::format("guideway: {} cannot be written: {}\n", words.file, std::strerror(errno));
    return exit_refused;
  }
  CaptureFile file(words.file == "-" ? session.output() : stream, filter, count_max);
  end_by_signal(file, session.error());
  const auto reply = session.client().follow(target, [&](const std::string& line) {
    // Nothing of what is on its way is wanted any more.
    if (file.add(line)) std::_Exit(file.end(session.error()));
  });
  if (reply && reply->status == 200) return file.end(session.error());
  return session.finish(reply, dumped);
}

}  // namespace

void add_capture_verb(Grammar& grammar) {
  auto words = std::make_shared<CaptureWords>();
  CLI::App* command = grammar.add(
      grammar.app(), "capture", "Packets as the datapath sees them, into a file", capture_example, [&grammar, words] {
        const PacketFilter filter = must(PacketFilter::compile(words->filter));
        const std::uint64_t count_max =
            words->count.empty() ? UINT64_MAX : must(number_form(words->count, "a number of packets"));
        grammar.run(
            [words, filter, count_max](Session& session) { return capture(session, *words, filter, count_max); });
      });
  command->add_option("--service", words->service, "Only packets of this service");
  command->add_option("--stage", words->stage, "rx (default), tx or drop, or several with commas")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->check(CLI::IsMember(stages));
  command->add_option("--filter", words->filter, "Only what matches, such as 'tcp port 80'");
  command->add_option("-w,--write", words->file, "The file; - for standard output")->required();
  command->add_option("-c,--count", words->count, "End after so many packets");
}

}  // namespace guideway
