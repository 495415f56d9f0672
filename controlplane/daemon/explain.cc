// SPDX-License-Identifier: Apache-2.0
#include "controlplane/daemon/explain.hh"

#include <algorithm>
#include <utility>

#include <nlohmann/json.hpp>

#include "controlplane/daemon/snapshot_view.hh"
#include "controlplane/health/backend_health.hh"
#include "dataplane/forwarding/selection.hh"
#include "dataplane/forwarding/service_table.hh"
#include "dataplane/net/endian.hh"
#include "ebpf/abi/flow.h"

namespace guideway {
namespace {

std::string hex(std::uint64_t value) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text(16, '0');
  for (std::size_t i = 16; i-- > 0; value >>= 4U) text[i] = digits[value & 0xfU];
  return text;
}

// "192.0.2.0/24 port 8000-8100", for what is not simply the destination.
std::string listens_on(const gw_service& row) {
  AddressPrefix prefix;
  std::copy(std::begin(row.key.address), std::end(row.key.address), prefix.address.bytes.begin());
  prefix.address.family = static_cast<Family>(row.key.family);
  prefix.bits = row.key.prefix_bits;
  const std::uint16_t port = be16::from_raw(row.key.port_be16).host();
  const std::string last = row.port_last == 0 ? "" : "-" + std::to_string(row.port_last);
  return prefix.text() + (port == 0 ? ", any port" : " port " + std::to_string(port) + last);
}

// Takes the steps of sections 2 and 3 one by one and writes down what each finds.
class Explanation {
 public:
  Explanation(const ExplainRequest& request, const ExplainInputs& inputs, const Result<door::FlowAnswer>& answer)
      : request_(request), inputs_(inputs), answer_(answer), view_(inputs.compiled), flow_(flow_key_of(request)) {}

  Reply run() {
    service_ = view_.services().match(flow_);
    if (service_ == nullptr) return no_service();
    hash_ = view_.choice_hash(*service_, flow_);
    slot_ = gw_scale(hash_, service_->slot_count);
    current_ = service_->slots[slot_].current_backend;
    home_ = service_->slots[slot_].home_backend;
    describe_slot();
    if (view_.allows(*service_, flow_)) {
      describe_limits();
      decide();
    } else {
      deny();
    }
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
    step("the destination belongs to service " + service + " (" + listens_on(service_->row) + ")");
    const bool by_source = service_->row.scheduler == GW_SCHEDULER_SOURCE;
    step((by_source ? "the keyed hash of the source's first " + std::to_string(service_->row.source_bits) + " bits is "
                    : "the flow's keyed hash is ") +
         hex(hash_) + ", which is slot " + std::to_string(slot_) + " of " + std::to_string(service_->slot_count));
    if (current_ == home_) {
      step("the slot belongs to " + text(current_));
    } else {
      step("the slot is moving from " + text(home_) + " to " + text(current_) +
           ": flows that began before the change stay where they are");
    }
  }

  [[nodiscard]] bool has(unsigned flag) const { return (service_->row.flags & flag) != 0; }

  void deny() {
    body_["plain"] = false;
    body_["remembered"] = false;
    body_["backend"] = nullptr;
    finish(nullptr, "the service's access list denies " + request_.source.address.text() +
                        ": its packets leave by drop_access_denied");
  }

  void describe_limits() {
    const gw_service& row = service_->row;
    if (row.access_list != 0) step("the service's access list lets " + request_.source.address.text() + " in");
    if (row.source_flow_rate != 0)
      step("new flows of one source, of whose address " + std::to_string(row.limit_source_bits) +
           " bits count, are limited to " + std::to_string(row.source_flow_rate) +
           " a second; above, they leave by drop_source_limited");
    if (row.flow_rate != 0)
      step("new flows are limited to " + std::to_string(row.flow_rate) +
           " a second; above, they leave by drop_rate_limited");
  }

  void decide() {
    const bool follows = has(GW_SERVICE_FOLLOWS_EVERY_FLOW);
    const bool is_plain = !follows && !has(GW_SERVICE_PER_PACKET) && current_ == home_ && current_ != GW_NO_BACKEND &&
                          gw_health_is_plain(word(current_)) != 0;
    const bool is_remembered = !has(GW_SERVICE_REMEMBERS_NOTHING) && remembered();
    body_["plain"] = is_plain && !is_remembered;
    body_["remembered"] = is_remembered;
    if (is_remembered && keeps_remembered()) return;
    if (is_plain) {
      return conclude(current_, "slot " + std::to_string(slot_) +
                                    " is plain: its backend is up with its full share, so every "
                                    "packet of the slot goes there without a look-up");
    }
    if (follows) step("the service follows every flow: whatever is chosen is remembered");
    if (has(GW_SERVICE_REMEMBERS_NOTHING))
      step(std::string("the service remembers nothing: ") +
           (has(GW_SERVICE_PER_PACKET) ? "its scheduler chooses for each packet" : "the hash alone decides"));
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
    if (is_tcp && home_lives) {
      body_["established"] = name(home_);
      step("an established connection that nobody remembers is taken to be with the slot's home, " + text(home_));
    }
    const std::uint8_t scheduler = service_->row.scheduler;
    if (scheduler == GW_SCHEDULER_ROUND_ROBIN || scheduler == GW_SCHEDULER_RANDOM) {
      if (!body_.contains("established")) body_["established"] = nullptr;
      body_["backend"] = nullptr;
      const std::string whom = has(GW_SERVICE_PER_PACKET) ? "each packet" : "a new flow";
      return finish(nullptr,
                    (scheduler == GW_SCHEDULER_RANDOM ? "random gives " + whom + " any slot"
                                                      : "round-robin gives " + whom + " the next slot in turn") +
                        std::string(", so its backend is not known beforehand"));
    }
    const std::uint32_t first = scheduler == GW_SCHEDULER_LEAST_CONNECTIONS ? less_loaded_slot() : slot_;
    const auto selection = select_accepting(*service_, inputs_.health, hash_, first);
    if (selection) return chosen(*selection);
    refuse(service_->slots[first].current_backend);
  }

  // The slot of two that least-connections tries first, by the flows of this moment.
  [[nodiscard]] std::uint32_t less_loaded_slot() {
    const std::uint32_t other = gw_probe_slot(hash_, GW_SECOND_CHOICE, service_->slot_count);
    const auto accepts = [&](std::uint32_t slot) {
      const std::uint32_t backend = service_->slots[slot].current_backend;
      return backend != GW_NO_BACKEND && gw_slot_accepts(word(backend), slot) != 0;
    };
    const auto described = [&](std::uint32_t slot) {
      const std::uint32_t backend = service_->slots[slot].current_backend;
      const std::string subject = "slot " + std::to_string(slot) + ", " + text(backend);
      if (!accepts(slot)) return subject + ", which does not accept";
      return subject + " with " + std::to_string(inputs_.flows_of_backend(backend)) + " flows and weight " +
             std::to_string(view_.weight(backend));
    };
    step("least-connections compares " + described(slot_) + ", and " + described(other));
    if (!accepts(other)) return slot_;
    if (!accepts(slot_)) return other;
    const std::uint32_t own = service_->slots[slot_].current_backend;
    const std::uint32_t second = service_->slots[other].current_backend;
    const bool is_less =
        inputs_.flows_of_backend(second) * view_.weight(own) < inputs_.flows_of_backend(own) * view_.weight(second);
    return is_less ? other : slot_;
  }

  // Nothing accepts: what the service's policy makes of that.
  void refuse(std::uint32_t first_backend) {
    const std::uint8_t policy = service_->row.policy;
    if (policy == GW_POLICY_FAIL_OPEN && first_backend != GW_NO_BACKEND)
      return conclude(first_backend, "no backend accepts, and the service's policy is fail-open");
    body_["backend"] = nullptr;
    if (policy == GW_POLICY_REJECT) {
      return finish(nullptr, std::string("no backend accepts, and the service's policy is reject: a new flow is "
                                         "answered with ") +
                                 (request_.protocol == Protocol::tcp ? "a reset" : "port unreachable") +
                                 " (answered_reject)");
    }
    finish(nullptr, std::string("no backend accepts, and the service's policy is ") +
                        (policy == GW_POLICY_DROP ? "drop" : "fail-open, but its table is empty") +
                        ": a new flow leaves by drop_no_backend");
  }

  void chosen(const Selection& selection) {
    if (selection.tries == 1 && selection.slot == slot_)
      return conclude(selection.backend, "a new flow gets the slot's backend, which accepts it");
    if (selection.tries == 1)
      return conclude(selection.backend, "a new flow gets the backend of slot " + std::to_string(selection.slot) +
                                             ", which now has fewer flows for its weight");
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
  const SnapshotView view_;
  const gw_flow_key flow_;
  const Service* service_ = nullptr;
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
