// SPDX-License-Identifier: Apache-2.0
// The wiring of guidewayd: intent, ledger, checks, next hops and the door, on one io_context.
//
//   configuration, edits -> intent (on disk) -> ledger -> snapshot -> door
//   checks, next hops    -> health board     -> health words, stored straight into the datapath's memory
//
// Every change of the intent follows the same path (change()): the ledger takes it over, it is made durable, then it
// acts, is published and, once the datapath has it, acknowledged. Whatever fails on the way is undone.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "controlplane/api/operations.hh"
#include "controlplane/compile/ledger.hh"
#include "controlplane/daemon/audit_log.hh"
#include "controlplane/daemon/datapath_watch.hh"
#include "controlplane/daemon/drain_watch.hh"
#include "controlplane/daemon/health_board.hh"
#include "controlplane/daemon/mass_events.hh"
#include "controlplane/daemon/meters.hh"
#include "controlplane/daemon/observe.hh"
#include "controlplane/daemon/publisher.hh"
#include "controlplane/daemon/quorum_hooks.hh"
#include "controlplane/daemon/reachability.hh"
#include "controlplane/daemon/unmade_checks.hh"
#include "controlplane/events/event_log.hh"
#include "controlplane/health/health_monitor.hh"
#include "controlplane/model/history.hh"
#include "controlplane/model/intent.hh"
#include "controlplane/model/intent_store.hh"
#include "controlplane/neighbours/neighbour_watcher.hh"
#include "controlplane/publish/door_client.hh"
#include "controlplane/true_path/service_carrier.hh"

namespace guideway {

class ControlPlane : public Operations {
 public:
  // `file_config` is what `config_file` says now. Restores what was saved, but starts nothing yet.
  [[nodiscard]] static Result<std::unique_ptr<ControlPlane>> create(boost::asio::io_context& io,
                                                                    const std::string& config_file,
                                                                    const Config& file_config);
  ~ControlPlane() override;

  [[nodiscard]] Result<void> start();
  // The datapath goes on with the last snapshot and the last health.
  void stop();
  // Applies the configuration file again, as SIGHUP asks for.
  void reload(const std::function<void()>& done);
  // How things stand, in one line.
  [[nodiscard]] std::string summary() const;

  Reply status() override;
  Reply services() override;
  Reply service(const std::string& name) override;
  Reply backends(const std::optional<std::string>& pool) override;
  Reply backend(const std::string& pool, const std::string& name) override;
  Reply stats() override;
  void metrics(Respond respond) override;
  Reply config() override;
  Reply config_diff(const ConfigSource& source) override;
  Reply config_history() override;
  void config_apply(const ConfigSource& source, const ChangeTerms& terms, Respond respond) override;
  void config_rollback(std::uint64_t change, const ChangeTerms& terms, Respond respond) override;
  void edits(std::vector<Edit> edits, const ChangeTerms& terms, Respond respond) override;
  void explain(const ExplainRequest& request, Respond respond) override;
  Reply events(const EventsRequest& request) override;
  Reply flows(const FlowsRequest& request) override;
  void capture(const CaptureRequest& request, Respond respond) override;

 private:
  // A change of the intent that waits for its turn: one at a time, so that each can be undone.
  struct Change {
    Intent intent;  // as it will be, but for ledger and generation
    std::set<BackendKey> at_once;
    nlohmann::json answer;  // beside the generation
    ChangeTerms terms;
    std::string what;           // for the history
    std::vector<Event> events;  // that tell of it once it is done
  };
  using Turn = std::function<void(Respond respond)>;

  // What a start finds.
  struct Restored {
    IntentStore store;
    AuditLog audit;
    History history;
    Intent intent;
    Ledger ledger;
    std::vector<std::string> warnings;
    bool is_news;  // another configuration than ran before
  };
  ControlPlane(boost::asio::io_context& io, Restored restored);

  // The answer to a change, once it stands in the audit log that it was asked for; else it is refused here.
  [[nodiscard]] Result<Respond> audited(const ChangeTerms& terms, const std::vector<std::string>& what,
                                        Respond respond);
  // Refused at its turn if `terms` say that it is based on what has changed since.
  void take_turn(const ChangeTerms& terms, Turn turn, Respond respond);
  void next_turn();
  void edit(const std::vector<Edit>& asked, const ChangeTerms& terms, Respond respond);
  void apply(const ConfigSource& source, const ChangeTerms& terms, Respond respond);
  void roll_back(std::uint64_t past_change, const ChangeTerms& terms, Respond respond);
  void end_drains();
  void change(Change change, Respond respond);
  // `change` without its intent, which is in force by now.
  void published(const Intent& before, const Change& change, const PublishReport& report, const Respond& respond);
  void undo(const Intent& before);
  // Why a change that is based on a generation is not to be made; nothing: it may be.
  [[nodiscard]] std::optional<Reply> outdated(const ChangeTerms& terms) const;
  // A change that is only tried: what it would do, or why it would be refused.
  [[nodiscard]] Reply rehearse(const Change& change) const;
  // In the history, with the time and a generation of now: what runs after the change. Beside whatever touches neither.
  [[nodiscard]] Result<std::uint64_t> note(PastChange change, const Intent& intent, ConfigTexts& texts);
  // The intent in force, in the state, as what runs after the change that was noted.
  [[nodiscard]] Result<void> archive(const Result<void>& audited, const Result<std::uint64_t>& noted,
                                     ConfigTexts& texts);
  [[nodiscard]] Result<void> save();
  [[nodiscard]] Result<void> save(ConfigTexts& texts);

  // After the ledger changed: everybody else follows it.
  void follow_ledger();
  void refresh_reachability();
  void checked(std::uint32_t check_id, const ProbeResult& result);
  void health_changed(const HealthBoard::Entry& entry, const HealthState& before);
  void pool_changed(const std::string& name, const HealthBoard::Pool& pool);
  void served_by_another(const std::string& pool, const std::string& server);
  void hook_ended(const QuorumNews& news, bool is_success, const std::string& text);
  void note_unmade(const HealthBoard::Entry& entry, std::size_t number, const ProbeResult& result);
  void tell_made_again();
  void repair_health();
  void next_hops_changed(const ReachabilityOutcome& before);
  void tell_mass();
  void record(const std::string& kind, const std::string& text, nlohmann::json values = nlohmann::json::object());
  void follow_events(const EventsRequest& request, const std::shared_ptr<ReplyStream>& stream);
  [[nodiscard]] bool is_about(const Event& event, const std::string& service) const;
  // The newest that are asked for, oldest first.
  [[nodiscard]] std::vector<const Event*> events_of(const EventsRequest& request) const;
  // How the datapath hands packets to a backend, by the newest snapshot that it has.
  [[nodiscard]] Result<ServiceCarrier::Way> way_to(std::uint32_t index);
  // Without a datapath there are no kernel faces, so failing checks and vanished next hops say nothing of the backends;
  // nor do they shortly after one has come back. What was known before is believed meanwhile.
  [[nodiscard]] bool is_blind() const;
  void retire();
  void watch_drains();
  void choose_backups();
  void every_second();
  void every_tick();

  void door_opened();
  void door_closed(const std::string& why);
  void fit_ledger_to(const Capacities& capacities);
  [[nodiscard]] std::shared_ptr<const Publication> make_publication();
  [[nodiscard]] bool may_publish() const;
  void publication_finished(const std::shared_ptr<const Publication>& publication, const PublishReport& report);

  [[nodiscard]] Observed observe() const;
  [[nodiscard]] std::vector<std::string> warnings() const;
  void explain_with(const ExplainRequest& request, const Result<door::FlowAnswer>& answer, const Respond& respond);

  boost::asio::io_context& io_;
  IntentStore store_;
  AuditLog audit_;
  std::uint64_t changes_asked_ = 0;  // since the start
  History history_;
  Intent intent_;
  EventLog events_;
  Ledger ledger_;
  Capacities capacities_;
  HealthBoard board_;
  HealthMonitor monitor_;
  UnmadeChecks unmade_;
  DatapathWatch datapath_watch_;
  std::optional<MassEvents> mass_;  // while the health of thousands changes at once
  ServiceCarrier carrier_;
  QuorumHooks hooks_;
  Meters meters_;
  DrainWatch drains_;
  std::unique_ptr<NeighbourWatcher> watcher_;
  DoorClient door_;
  Publisher publisher_;
  boost::asio::steady_timer second_timer_;
  boost::asio::steady_timer tick_timer_;

  std::vector<std::string> start_warnings_;
  bool is_news_;                // what this start brought is not in the history yet
  std::string last_rejection_;  // of a snapshot; empty once one was accepted
  std::string door_trouble_;
  bool attached_before_ = false;
  std::int64_t sighted_at_ms_ = 0;  // steady time at which is_blind() ends after a door has opened
  bool was_blind_ = false;
  bool is_restoring_ = false;               // what the health board says now is no news
  std::map<IpAddress, NextHop> last_hops_;  // the newest that the kernel told of each address
  std::vector<DatapathPort> ports_;         // of the last datapath
  ReachabilityOutcome reachability_;
  // What is resolved of it, as snapshots hold it.
  std::shared_ptr<const ReachabilityByIndex> ways_ = std::make_shared<const ReachabilityByIndex>();
  std::shared_ptr<const Publication> published_;
  std::shared_ptr<const Publication> rows_of_;  // whose rows are read back; only while checks go through services
  std::map<std::uint32_t, gw_backend> rows_;
  std::uint64_t generation_ = 0;           // of the newest snapshot made
  std::uint64_t generation_reserved_ = 0;  // saved: none made before the next save is higher
  std::int64_t started_ms_ = 0;

  std::weak_ptr<void> capture_;                                         // the one that goes on; rings have one reader
  const std::shared_ptr<void> flows_place_ = std::make_shared<char>();  // shared by every list that goes on

  std::deque<std::pair<Turn, Respond>> turns_;
  bool is_turn_taken_ = false;
};

}  // namespace guideway
