// SPDX-License-Identifier: Apache-2.0
// What is asked through the door beside publishing: flows, and memory for captures.
#include <utility>

#include "controlplane/publish/door_client.hh"
#include "controlplane/publish/read_message.hh"

namespace guideway {

using door::message_of;
using door::MessageType;
using door::text_of;

void DoorClient::query(const gw_flow_key& flow, Answered done) {
  if (!opened_) return done(failure("no datapath is connected"));
  Job job;
  job.flow = flow;
  job.answered = std::move(done);
  jobs_.push_back(std::move(job));
  pump();
}

void DoorClient::read_flows(std::uint32_t worker, std::uint32_t first_bucket, PageRead done) {
  if (!opened_) return done(failure("no datapath is connected"));
  Job job;
  job.page.worker = worker;
  job.page.first_bucket = first_bucket;
  job.page_read = std::move(done);
  jobs_.push_back(std::move(job));
  pump();
}

void DoorClient::open_capture(CaptureOpened done) {
  if (!opened_) return done(failure("no datapath is connected"));
  Job job;
  job.capture_opened = std::move(done);
  jobs_.push_back(std::move(job));
  pump();
}

void DoorClient::send_question(const Job& job) {
  if (job.page_read) return send(job.page);
  if (job.capture_opened) return send(door::CaptureQuery{});
  door::FlowQuery query{};
  query.flow = *job.flow;
  send(query);
}

void DoorClient::answered_question(const Job& job, const door::MessageHeader& header, std::span<const std::byte> bytes,
                                   const std::vector<UniqueFd>& descriptors) {
  if (job.flow) return tell(&Job::answered, header, bytes);
  if (job.page_read) return tell(&Job::page_read, header, bytes);
  answered_capture(header, bytes, descriptors);
}

template <typename Answer>
void DoorClient::tell(std::function<void(const Result<Answer>&)> Job::*done, const door::MessageHeader& header,
                      std::span<const std::byte> bytes) {
  Result<Answer> result = failure("the datapath answered a flow query with something else");
  if (header.type == MessageType::rejected) {
    auto rejected = message_of<door::Rejected>(bytes);
    result = failure("the datapath does not say: " + (rejected ? text_of(rejected->reason) : "no reason given"));
  } else {
    auto answer = message_of<Answer>(bytes);
    if (!answer || header.type != Answer::type) return lose(result.error().message);
    result = *answer;
  }
  const auto hear = std::move(jobs_.front().*done);
  jobs_.pop_front();
  hear(result);
  pump();
}

void DoorClient::answered_capture(const door::MessageHeader& header, std::span<const std::byte> bytes,
                                  const std::vector<UniqueFd>& descriptors) {
  Result<std::shared_ptr<Mapping>> result = failure("the datapath lent no memory for captures");
  const auto answer = message_of<door::CaptureMemory>(bytes);
  if (header.type == MessageType::rejected) {
    const auto rejected = message_of<door::Rejected>(bytes);
    result = failure(rejected ? text_of(rejected->reason) : "the datapath lends no memory for captures");
  } else if (answer && header.type == MessageType::capture_memory && descriptors.size() == 1) {
    auto memory = Mapping::of_file(descriptors[0].get(), answer->length_bytes, true);
    if (memory)
      result = std::make_shared<Mapping>(std::move(*memory));
    else
      result = failure("the memory for captures cannot be mapped: " + memory.error().message);
  }
  const CaptureOpened done = std::move(jobs_.front().capture_opened);
  jobs_.pop_front();
  done(result);
  pump();
}

}  // namespace guideway
