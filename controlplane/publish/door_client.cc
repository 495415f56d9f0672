// SPDX-License-Identifier: Apache-2.0
#include "controlplane/publish/door_client.hh"

#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "controlplane/publish/read_message.hh"
#include "controlplane/publish/table_batch.hh"
#include "controlplane/publish/welcome.hh"

namespace guideway {

using door::message_of;
using door::MessageType;
using door::text_of;

DoorClient::DoorClient(boost::asio::io_context& io, std::string path, Handlers handlers, Timing timing)
    : io_(io),
      path_(std::move(path)),
      handlers_(std::move(handlers)),
      timing_(timing),
      retry_timer_(io),
      answer_timer_(io) {}

DoorClient::~DoorClient() {
  running_ = false;
  if (link_) link_->close();
}

void DoorClient::start() {
  running_ = true;
  try_to_open();
}

void DoorClient::stop() {
  running_ = false;
  retry_timer_.cancel();
  lose("guidewayd is leaving");
}

std::optional<HealthTable> DoorClient::health() const noexcept {
  if (!opened_) return std::nullopt;
  auto* words = reinterpret_cast<std::uint64_t*>(opened_->health.data());
  return HealthTable({words, opened_->datapath.capacities.backends_max});
}

void DoorClient::try_to_open() {
  if (!running_ || link_) return;
  auto link = DoorLink::connect(io_, path_,
                                {[this](std::span<const std::byte> bytes, std::vector<UniqueFd> descriptors) {
                                   received(bytes, std::move(descriptors));
                                 },
                                 [this](const std::string& why) { lose(why); }});
  if (!link) {
    lose(link.error().message);
    return;
  }
  link_ = *link;
  door::Hello hello{};
  hello.abi_version = GW_ABI_VERSION;
  hello.process_id = static_cast<std::uint32_t>(::getpid());
  send(hello);
  watch_for_answer();
}

void DoorClient::retry_later() {
  if (!running_) return;
  retry_timer_.expires_after(timing_.retry);
  retry_timer_.async_wait([this](const boost::system::error_code& error) {
    if (!error) try_to_open();
  });
}

void DoorClient::lose(const std::string& why) {
  if (link_) link_->close();
  link_.reset();
  answer_timer_.cancel();
  waiting_for_answer_ = false;
  held_tables_.clear();
  bool was_open = opened_.has_value();
  if (was_open && handlers_.closing) handlers_.closing();
  opened_.reset();
  std::deque<Job> jobs = std::exchange(jobs_, {});
  if (was_open || why != last_reason_) {
    last_reason_ = why;
    if (handlers_.closed) handlers_.closed(why);
  }
  for (Job& job : jobs) {
    if (job.published) job.published({PublishOutcome::connection_lost, why, tables_sent_, job.compiled->generation});
    if (job.answered) job.answered(failure(why));
    if (job.page_read) job.page_read(failure(why));
    if (job.capture_opened) job.capture_opened(failure(why));
  }
  tables_sent_ = 0;
  retry_later();
}

void DoorClient::received(std::span<const std::byte> bytes, std::vector<UniqueFd> descriptors) {
  door::MessageHeader header{};
  if (bytes.size() < sizeof header) return lose("the datapath sent a message that is too short");
  std::memcpy(&header, bytes.data(), sizeof header);
  if (header.magic != door::message_magic || header.length_bytes != bytes.size()) {
    return lose("the datapath sent a message with a wrong beginning");
  }
  if (header.type == MessageType::refused) {
    auto refused = message_of<door::Refused>(bytes);
    return lose(refused ? "the datapath refused: " + text_of(refused->reason) : "the datapath refused");
  }
  if (header.version != door::protocol_version) {
    return lose("the datapath speaks version " + std::to_string(header.version) +
                " through the door, guidewayd version " + std::to_string(door::protocol_version));
  }
  if (header.sequence != sequence_) return lose("the datapath answered a question that nobody asked");
  if (!opened_) return welcomed(bytes, std::move(descriptors));
  answered(header, bytes, descriptors);
}

void DoorClient::welcomed(std::span<const std::byte> bytes, std::vector<UniqueFd> descriptors) {
  auto welcome = message_of<door::Welcome>(bytes);
  if (!welcome || welcome->header.type != MessageType::welcome) return lose("the datapath did not say Welcome");
  auto datapath = read_welcome(*welcome);
  if (!datapath) return lose(datapath.error().message);
  if (descriptors.size() != 3) return lose("the datapath handed out no memory for health, counters and offers");
  auto health = Mapping::of_file(descriptors[0].get(), welcome->health_bytes, true);
  if (!health) return lose("the datapath's health table cannot be mapped: " + health.error().message);
  auto memory = Mapping::of_file(descriptors[1].get(), welcome->counters_bytes, false);
  if (!memory) return lose("the datapath's counters cannot be mapped: " + memory.error().message);
  auto counters = CountersView::over(memory->bytes());
  if (!counters) return lose(counters.error().message);
  answer_timer_.cancel();
  last_reason_.clear();
  opened_.emplace(Opened{std::move(*datapath), std::move(*health), std::move(*memory), *counters,
                         StagingWriter(std::move(descriptors[2]), welcome->staging_bytes)});
  if (handlers_.opened) handlers_.opened();
  pump();
}

void DoorClient::publish(std::shared_ptr<const Compiled> compiled, Published done) {
  if (!opened_) return done({PublishOutcome::connection_lost, "no datapath is connected", 0, compiled->generation});
  Job job;
  job.compiled = std::move(compiled);
  job.published = std::move(done);
  jobs_.push_back(std::move(job));
  pump();
}

void DoorClient::offer(std::vector<CompiledTable> tables) {
  if (!opened_) return;
  Job job;
  job.compiled = std::make_shared<const Compiled>(Compiled{0, {}, std::move(tables)});
  jobs_.push_back(std::move(job));
  pump();
}

void DoorClient::pump() {
  if (!opened_ || waiting_for_answer_ || jobs_.empty()) return;
  if (!has_more(jobs_.front())) return finish_offer();
  waiting_for_answer_ = true;
  send_next_of(jobs_.front());
  watch_for_answer();
}

bool DoorClient::has_more(Job& job) {
  if (job.asks()) return true;
  if (!job.prepared) job.prepared = make_piece(job, 0);
  return !job.prepared->tables.empty() || !job.compiled->snapshot.empty();
}

void DoorClient::send_next_of(Job& job) {
  if (job.asks()) return send_question(job);
  Piece piece = std::move(*std::exchange(job.prepared, std::nullopt));
  if (!piece.staged) return lose(piece.staged.error().message);
  job.offered = std::move(piece.tables);
  if (job.offered.empty()) {
    door::SnapshotOffer offer{};
    offer.generation = job.compiled->generation;
    offer.staged = *piece.staged;
    return send(offer);
  }
  door::TableOffer offer{};
  offer.table_count = static_cast<std::uint32_t>(job.offered.size());
  offer.staged = *piece.staged;
  send(offer);
  // Unless the door was lost with that, and the job with the door.
  if (link_) job.prepared = make_piece(job, piece.end);
}

DoorClient::Piece DoorClient::make_piece(const Job& job, std::size_t first_table) {
  TableBatch batch = batch_tables(job.compiled->tables, first_table, [this](std::uint64_t id) {
    return std::binary_search(held_tables_.begin(), held_tables_.end(), id);
  });
  if (batch.ids.empty() && job.compiled->snapshot.empty()) return {{}, batch.end, door::StagedBytes{}};
  if (batch.ids.empty()) batch.parts.push_back({0, job.compiled->snapshot});
  return {std::move(batch.ids), batch.end, opened_->staging.write(batch.parts)};
}

void DoorClient::watch_for_answer() {
  answer_timer_.expires_after(timing_.answer);
  answer_timer_.async_wait([this](const boost::system::error_code& error) {
    if (!error) lose("the datapath does not answer");
  });
}

void DoorClient::answered(const door::MessageHeader& header, std::span<const std::byte> bytes,
                          const std::vector<UniqueFd>& descriptors) {
  if (!waiting_for_answer_ || jobs_.empty()) return lose("the datapath answered a question that nobody asked");
  answer_timer_.cancel();
  waiting_for_answer_ = false;
  Job& job = jobs_.front();
  if (job.asks()) return answered_question(job, header, bytes, descriptors);
  answered_publication(job, header, bytes);
}

void DoorClient::answered_publication(Job& job, const door::MessageHeader& header, std::span<const std::byte> bytes) {
  if (header.type == MessageType::rejected) {
    auto rejected = message_of<door::Rejected>(bytes);
    // What was accepted before stays, for the next snapshot to name.
    hold(std::move(job.accepted));
    return finish_publication(PublishOutcome::rejected, rejected ? text_of(rejected->reason) : "no reason given");
  }
  const auto accepted = message_of<door::Accepted>(bytes);
  const std::uint64_t expected_id = job.offered.empty() ? job.compiled->generation : job.offered.size();
  if (header.type != MessageType::accepted || !accepted || accepted->id != expected_id) {
    return lose("the datapath answered an offer with something else");
  }
  if (!job.offered.empty()) {
    job.accepted.insert(job.accepted.end(), job.offered.begin(), job.offered.end());
    tables_sent_ += job.offered.size();
    return pump();
  }
  // With the new snapshot in use the datapath drops the tables that it does not name.
  held_tables_.clear();
  std::vector<std::uint64_t> named;
  named.reserve(job.compiled->tables.size());
  for (const CompiledTable& table : job.compiled->tables) named.push_back(table.id);
  hold(std::move(named));
  finish_publication(PublishOutcome::accepted, "");
}

void DoorClient::hold(std::vector<std::uint64_t> tables) {
  std::sort(tables.begin(), tables.end());
  const auto middle = held_tables_.insert(held_tables_.end(), tables.begin(), tables.end());
  std::inplace_merge(held_tables_.begin(), middle, held_tables_.end());
}

void DoorClient::finish_offer() {
  hold(std::move(jobs_.front().accepted));
  jobs_.pop_front();
  pump();
}

void DoorClient::finish_publication(PublishOutcome outcome, const std::string& reason) {
  PublishReport report{outcome, reason, std::exchange(tables_sent_, 0), jobs_.front().compiled->generation};
  Published done = std::move(jobs_.front().published);
  jobs_.pop_front();
  if (done) done(report);
  pump();
}

}  // namespace guideway
