// SPDX-License-Identifier: Apache-2.0
// The control plane's end of the door. It connects, again and again, to whichever datapath stands behind it, maps its
// health table and counters, and hands over snapshots: first the tables that this datapath does not hold yet, then the
// snapshot that names them. Requests are answered in the order in which they are made. When the datapath goes away
// everything that was under way fails with a sentence; whoever owns the client publishes again on `opened`.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "controlplane/compile/ledger.hh"
#include "controlplane/publish/counters_view.hh"
#include "controlplane/publish/door_link.hh"
#include "controlplane/publish/staging_writer.hh"
#include "dataplane/base/mapping.hh"
#include "dataplane/door/messages.hh"
#include "dataplane/forwarding/capacities.hh"
#include "dataplane/forwarding/health_table.hh"
#include "dataplane/net/address.hh"

namespace guideway {

struct DatapathPort {
  std::uint32_t number = 0;
  std::string name;
  std::string kernel_face;  // empty: none
  MacAddress mac;
  std::uint32_t mtu_bytes = 0;
};

// What the datapath said of itself.
struct Datapath {
  std::string name;
  std::uint32_t process_id = 0;
  std::uint64_t generation = 0;  // of the snapshot that it was using when it opened; 0: it had none
  Capacities capacities;
  std::uint32_t worker_count = 0;
  std::vector<DatapathPort> ports;
};

enum class PublishOutcome { accepted, rejected, connection_lost };

struct PublishReport {
  PublishOutcome outcome = PublishOutcome::accepted;
  std::string reason;            // unless accepted
  std::size_t tables_sent = 0;   // for it, before it was there or after
  std::uint64_t generation = 0;  // of the snapshot
};

class DoorClient {
 public:
  struct Handlers {
    std::function<void()> opened;  // datapath(), health() and counters() are there
    std::function<void(const std::string& why)>
        closed;                     // they are gone; also told once for every new reason not to open
    std::function<void()> closing;  // the last look at them
  };
  struct Timing {
    std::chrono::milliseconds retry{200};
    std::chrono::milliseconds answer{30'000};  // a datapath that says nothing for so long is given up
  };

  DoorClient(boost::asio::io_context& io, std::string path, Handlers handlers, Timing timing);
  DoorClient(boost::asio::io_context& io, std::string path, Handlers handlers)
      : DoorClient(io, std::move(path), std::move(handlers), Timing{}) {}
  DoorClient(const DoorClient&) = delete;
  DoorClient& operator=(const DoorClient&) = delete;
  ~DoorClient();

  void start();
  void stop();
  [[nodiscard]] const std::string& path() const noexcept { return path_; }

  // Null or empty while no door is open.
  [[nodiscard]] const Datapath* datapath() const noexcept { return opened_ ? &opened_->datapath : nullptr; }
  [[nodiscard]] std::optional<HealthTable> health() const noexcept;
  [[nodiscard]] const CountersView* counters() const noexcept { return opened_ ? &opened_->counters : nullptr; }

  using Published = std::function<void(const PublishReport&)>;
  void publish(std::shared_ptr<const Compiled> compiled, Published done);
  // Tables for a snapshot that is still to be made, so that it need not wait for them. What becomes of them shows when
  // that is published.
  void offer(std::vector<CompiledTable> tables);
  // Whether the datapath remembers this flow.
  using Answered = std::function<void(const Result<door::FlowAnswer>&)>;
  void query(const gw_flow_key& flow, Answered done);
  // Some of what a worker remembers, from a bucket on.
  using PageRead = std::function<void(const Result<door::FlowPage>&)>;
  void read_flows(std::uint32_t worker, std::uint32_t first_bucket, PageRead done);
  // What copies of packets come through, writable (ebpf/abi/capture.h).
  using CaptureOpened = std::function<void(const Result<std::shared_ptr<Mapping>>&)>;
  void open_capture(CaptureOpened done);

 private:
  // Everything that one datapath handed out, gone with it.
  struct Opened {
    Datapath datapath;
    Mapping health;
    Mapping counters_memory;
    CountersView counters;
    StagingWriter staging;
  };
  // What goes through the door at once: some tables, or behind the last of them the snapshot, if there is one.
  struct Piece {
    std::vector<std::uint64_t> tables;  // ids; none: the snapshot, or nothing
    std::size_t end = 0;                // position of the first table that comes later
    Result<door::StagedBytes> staged;
  };
  // A snapshot on its way, piece by piece, or its tables alone, or a question.
  struct Job {
    std::shared_ptr<const Compiled> compiled;  // without a snapshot: the tables alone
    std::vector<std::uint64_t> offered;        // tables that wait for their answer; none: the snapshot does
    std::vector<std::uint64_t> accepted;       // tables
    std::optional<Piece> prepared;             // the next one, made while the datapath looks at the one before
    Published published;
    std::optional<gw_flow_key> flow;
    Answered answered;
    door::FlowPageQuery page{};
    PageRead page_read;  // there is one: `page` is the question
    CaptureOpened capture_opened;
    [[nodiscard]] bool asks() const { return flow || page_read || capture_opened; }
  };

  void try_to_open();
  void retry_later();
  void lose(const std::string& why);
  void received(std::span<const std::byte> bytes, std::vector<UniqueFd> descriptors);
  void welcomed(std::span<const std::byte> bytes, std::vector<UniqueFd> descriptors);
  void answered(const door::MessageHeader& header, std::span<const std::byte> bytes,
                const std::vector<UniqueFd>& descriptors);
  void send_question(const Job& job);
  void answered_question(const Job& job, const door::MessageHeader& header, std::span<const std::byte> bytes,
                         const std::vector<UniqueFd>& descriptors);
  template <typename Answer>
  void tell(std::function<void(const Result<Answer>&)> Job::*done, const door::MessageHeader& header,
            std::span<const std::byte> bytes);
  void answered_capture(const door::MessageHeader& header, std::span<const std::byte> bytes,
                        const std::vector<UniqueFd>& descriptors);
  void answered_publication(Job& job, const door::MessageHeader& header, std::span<const std::byte> bytes);
  void hold(std::vector<std::uint64_t> tables);
  void finish_offer();
  void finish_publication(PublishOutcome outcome, const std::string& reason);
  void pump();
  [[nodiscard]] bool has_more(Job& job);
  void send_next_of(Job& job);
  template <typename Message>
  void send(Message message) {
    message.header = {door::message_magic, door::protocol_version, Message::type, sizeof message, ++sequence_};
    if (link_) link_->send(std::as_bytes(std::span<const Message, 1>(&message, 1)));
  }
  [[nodiscard]] Piece make_piece(const Job& job, std::size_t first_table);
  void watch_for_answer();

  boost::asio::io_context& io_;
  std::string path_;
  Handlers handlers_;
  Timing timing_;
  boost::asio::steady_timer retry_timer_;
  boost::asio::steady_timer answer_timer_;
  bool running_ = false;
  std::string last_reason_;
  std::shared_ptr<DoorLink> link_;
  std::optional<Opened> opened_;
  std::vector<std::uint64_t> held_tables_;  // by the datapath, of publications that are done; sorted
  std::size_t tables_sent_ = 0;             // since the last publication was done
  std::deque<Job> jobs_;
  bool waiting_for_answer_ = false;
  std::uint32_t sequence_ = 0;
};

}  // namespace guideway
