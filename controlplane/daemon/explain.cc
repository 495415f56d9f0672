// SPDX-License-Identifier: Apache-2.0
#include "controlplane/daemon/explain.hh"

#include <algorithm>
#include <cstring>
#include <utility>

#include <nlohmann/json.hpp>

#include "controlplane/health/backend_health.hh"
#include "dataplane/forwarding/selection.hh"
#include "dataplane/forwarding/service_table.hh"
#include "dataplane/net/endian.hh"
#include "ebpf/abi/flow.h"
#include "ebpf/abi/snapshot.h"

namespace guideway {
namespace {

// The service rows of a compiled snapshot with their tables beside them, without a copy of the slots.
std::vector<Service> services_of(const Compiled& compiled) {
  gw_snapshot_header header{};
  std::memcpy(&header, compiled.snapshot.data(), sizeof header);
  std::vector<Service> services(header.service_count);
  for (std::size_t i = 0; i < services.size(); ++i) {
    Service& service = services[i];
    std::memcpy(&service.row, compiled.snapshot.data() + sizeof header + i * sizeof service.row, sizeof service.row);
    const std::vector<std::byte>& table = *compiled.tables.at(service.row.table).bytes;
    service.slots = reinterpret_cast<const gw_slot*>(table.data() + sizeof(gw_table_header));
    service.slot_count = static_cast<std::uint32_t>((table.size() - sizeof(gw_table_header)) / sizeof(gw_slot));
  }
  return services;
}

gw_hash_key hash_key_of(const Compiled& compiled) {
  gw_snapshot_header header{};
  std::memcpy(&header, compiled.snapshot.data(), sizeof header);
  return header.hash_key;
}

std::string hex(std::uint64_t value) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text(16, '0');
  for (std::size_t i = 16; i-- > 0; value >>= 4U) text[i] = digits[value & 0xfU];
  return text;
}

// Takes the steps of section 3 one by one and writes down what each finds.
class Explanation {
 public:
  Explanation(const ExplainRequest& request, const ExplainInputs& inputs, const Result<door::FlowAnswer>& answer)
      : request_(request), inputs_(inputs), answer_(answer) {}

  Reply run() {
    const gw_flow_key flow = flow_key_of(request_);
    const ServiceTable services(services_of(inputs_.compiled));
    const Service* service = services.match(flow);
    if (service == nullptr) return no_service();
    service_ = service;
    hash_key_ = hash_key_of(inputs_.compiled);
    hash_ = gw_hash_flow(&hash_key_, &flow);
    slot_ = gw_scale(hash_, service->slot_count);
    current_ = service->slots[slot_].current_backend;
    home_ = service->slots[slot_].home_backend;
    describe_slot();
    decide();
    return {200, std::move(body_)};
  }

 private:
  Reply no_service() {
    const std::string destination = request_.destination.text();
    const std::string sentence = "no service has " + destination + " over " + std::string(name_of(request_.protocol)) +
                                 "; the packet goes to the kernel (kernel_no_service)";
    return {200,
            {{"service", nullptr},
             {"address", destination},
             {"backend", nullptr},
             {"plain", false},
             {"remembered", false},
             {"why", sentence},
             {"steps", {sentence}}}};
  }

  void describe_slot() {
    const std::string service = inputs_.name_of_service(service_->row.id);
    body_ = {{"service", service}, {"address", request_.destination.text()}, {"hash", hex(hash_)},
             {"slot", slot_},      {"slots", service_->slot_count},          {"current", name(current_)},
             {"home", name(home_)}};
    step("the destination belongs to service " + service);
    step("the flow's keyed hash is " + hex(hash_) + ", which is slot " + std::to_string(slot_) + " of " +
         std::to_string(service_->slot_count));
    if (current_ == home_) {
      step("the slot belongs to " + text(current_));
    } else {
      step("the slot is moving from " + text(home_) + " to " + text(current_) +
           ": flows that began before the change stay where they are");
    }
  }

  void decide() {
    const bool follows = (service_->row.flags & GW_SERVICE_FOLLOWS_EVERY_FLOW) != 0;
    const bool forgets = (service_->row.flags & GW_SERVICE_REMEMBERS_NOTHING) != 0;
    const bool is_plain =
        !follows && current_ == home_ && current_ != GW_NO_BACKEND && gw_health_is_plain(word(current_)) != 0;
    const bool is_remembered = !forgets && remembered();
    body_["plain"] = is_plain && !is_remembered;
    body_["remembered"] = is_remembered;
    if (is_remembered && keeps_remembered()) return;
    if (is_plain) {
      return conclude(current_, "slot " + std::to_string(slot_) +
                                    " is plain: its backend is up with its full share, so every "
                                    "packet of the slot goes there without a look-up");
    }
    if (follows) step("the service follows every flow: whatever is chosen is remembered");
    if (!follows && current_ != GW_NO_BACKEND && gw_health_is_plain(word(current_)) == 0) {
      step(text(current_) + " is not up with its full share: it is " + state_text(current_));
    }
    choose();
  }

  bool remembered() {
    if (!answer_) {
      step("whether the flow is remembered is not known: " + answer_.error().message);
      return false;
    }
    if (answer_->remembered == 0) {
      step("no worker remembers the flow");
      return false;
    }
    step("worker " + std::to_string(answer_->worker) + " remembers the flow for another " +
         std::to_string(answer_->remaining_ticks / GW_TICKS_PER_SECOND) + " s, with " + text(answer_->backend));
    return true;
  }

  bool keeps_remembered() {
    if (answer_->backend != GW_NO_BACKEND && gw_health_is_alive(word(answer_->backend)) != 0) {
      conclude(answer_->backend, "the flow is remembered, and its backend is " + state_text(answer_->backend));
      return true;
    }
    step("its backend is " + state_text(answer_->backend) + ", so the flow is forgotten and chosen anew");
    return false;
  }

  void choose() {
    const bool is_tcp = request_.protocol == Protocol::tcp;
    const bool home_lives = home_ != GW_NO_BACKEND && gw_health_is_alive(word(home_)) != 0;
    if (service_->row.scheduler == GW_SCHEDULER_ROUND_ROBIN) {
      body_["backend"] = nullptr;
      body_["established"] = is_tcp && home_lives ? name(home_) : nlohmann::json(nullptr);
      return finish(nullptr,
                    "round-robin gives a new flow the next slot in turn, so its backend is not known beforehand");
    }
    const auto selection = select_accepting(*service_, inputs_.health, hash_, slot_);
    if (is_tcp && home_lives) {
      body_["established"] = name(home_);
      step("an established connection that nobody remembers is taken to be with the slot's home, " + text(home_));
    }
    if (selection) return chosen(*selection);
    if (service_->row.policy == GW_POLICY_FAIL_OPEN && current_ != GW_NO_BACKEND) {
      return conclude(current_, "no backend accepts, and the service's policy is fail-open");
    }
    body_["backend"] = nullptr;
    finish(nullptr, "no backend accepts, and the service's policy is drop: a new flow leaves by drop_no_backend");
  }

  void chosen(const Selection& selection) {
    if (selection.tries == 1)
      return conclude(selection.backend, "a new flow gets the slot's backend, which accepts it");
    conclude(selection.backend, "the slot's backend does not accept new flows; the " + std::to_string(selection.tries) +
                                    ". slot tried, slot " + std::to_string(selection.slot) + ", has one that does");
  }

  void conclude(std::uint32_t backend, const std::string& why) {
    body_["backend"] = name(backend);
    finish(name(backend), why);
    body_["state"] = std::string(name_of(static_cast<gw_health_state>(gw_health_state_of(word(backend)))));
  }

  void finish(const nlohmann::json& backend, const std::string& why) {
    body_["state"] = nullptr;
    body_["why"] = why;
    step(why);
    if (!backend.is_null()) step("the backend is " + backend.get<std::string>());
    body_["steps"] = steps_;
  }

  void step(std::string sentence) { steps_.push_back(std::move(sentence)); }

  [[nodiscard]] std::uint64_t word(std::uint32_t backend) const {
    return backend < inputs_.health.size() ? inputs_.health.load(backend) : 0;
  }
  [[nodiscard]] nlohmann::json name(std::uint32_t backend) const {
    return backend == GW_NO_BACKEND ? nlohmann::json(nullptr) : nlohmann::json(inputs_.name_of_backend(backend));
  }
  [[nodiscard]] std::string text(std::uint32_t backend) const {
    return backend == GW_NO_BACKEND ? "no backend" : inputs_.name_of_backend(backend);
  }
  [[nodiscard]] std::string state_text(std::uint32_t backend) const {
    const HealthState state = HealthState::of_word(word(backend));
    std::string result(name_of(state.state));
    if (state.reason != GW_REASON_NONE) result += " (" + std::string(name_of(state.reason)) + ")";
    return result;
  }

  const ExplainRequest& request_;
  const ExplainInputs& inputs_;
  const Result<door::FlowAnswer>& answer_;
  const Service* service_ = nullptr;
  gw_hash_key hash_key_{};
  std::uint64_t hash_ = 0;
  std::uint32_t slot_ = 0;
  std::uint32_t current_ = GW_NO_BACKEND;
  std::uint32_t home_ = GW_NO_BACKEND;
  nlohmann::json body_;
  std::vector<std::string> steps_;
};

}  // namespace

gw_flow_key flow_key_of(const ExplainRequest& request) {
  gw_flow_key flow{};
  std::copy(request.source.address.bytes.begin(), request.source.address.bytes.end(), flow.source);
  std::copy(request.destination.address.bytes.begin(), request.destination.address.bytes.end(), flow.destination);
  flow.source_port_be16 = be16(request.source.port).raw();
  flow.destination_port_be16 = be16(request.destination.port).raw();
  flow.protocol = static_cast<__u8>(request.protocol);
  flow.family = static_cast<__u8>(request.source.address.family);
  return flow;
}

Reply explain(const ExplainRequest& request, const ExplainInputs& inputs, const Result<door::FlowAnswer>& answer) {
  return Explanation(request, inputs, answer).run();
}

}  // namespace guideway
