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
#include "controlplane/daemon/drain_watch.hh"
#include "controlplane/daemon/health_board.hh"
#include "controlplane/daemon/meters.hh"
#include "controlplane/daemon/observe.hh"
#include "controlplane/daemon/publisher.hh"
#include "controlplane/daemon/reachability.hh"
#include "controlplane/health/health_monitor.hh"
#include "controlplane/model/intent.hh"
#include "controlplane/model/intent_store.hh"
#include "controlplane/neighbours/neighbour_watcher.hh"
#include "controlplane/publish/door_client.hh"

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
  void reload();

  Reply status() override;
  Reply services() override;
  Reply service(const std::string& name) override;
  Reply backends(const std::optional<std::string>& pool) override;
  Reply stats() override;
  void metrics(Respond respond) override;
  Reply config() override;
  Reply config_diff(const std::string& path) override;
  void config_apply(const std::string& path, const Actor& actor, Respond respond) override;
  void edits(std::vector<Edit> edits, const Actor& actor, Respond respond) override;
  void explain(const ExplainRequest& request, Respond respond) override;

 private:
  // A change of the intent that waits for its turn: one at a time, so that each can be undone.
  struct Change {
    Intent intent;  // as it will be, but for ledger and generation
    std::set<BackendKey> at_once;
    nlohmann::json answer;  // beside the generation
  };
  using Turn = std::function<void(Respond respond)>;

  ControlPlane(boost::asio::io_context& io, IntentStore store, AuditLog audit, Intent intent, Ledger ledger,
               std::vector<std::string> warnings);

  // The answer to a change, once it stands in the audit log that it was asked for; else it is refused here.
  [[nodiscard]] Result<Respond> audited(const Actor& actor, const std::vector<std::string>& what, Respond respond);
  void take_turn(Turn turn, Respond respond);
  void next_turn();
  void edit(const std::vector<Edit>& asked, Respond respond);
  void end_drains();
  void apply(const std::string& path, Respond respond);
  void change(Change change, Respond respond);
  void published(const Intent& before, const nlohmann::json& answer, const PublishReport& report,
                 const Respond& respond);
  void undo(const Intent& before);
  [[nodiscard]] Result<void> save();

  // After the ledger changed: everybody else follows it.
  void follow_ledger();
  void refresh_reachability();
  void checked(std::uint32_t index, const ProbeResult& result);
  // Without a datapath there are no kernel faces, so failing checks and vanished next hops say nothing of the backends;
  // nor do they shortly after one has come back. What was known before is believed meanwhile.
  [[nodiscard]] bool is_blind() const;
  void retire();
  void watch_drains();
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
  Intent intent_;
  Ledger ledger_;
  Capacities capacities_;
  HealthBoard board_;
  HealthMonitor monitor_;
  Meters meters_;
  DrainWatch drains_;
  std::unique_ptr<NeighbourWatcher> watcher_;
  DoorClient door_;
  Publisher publisher_;
  boost::asio::steady_timer second_timer_;
  boost::asio::steady_timer tick_timer_;

  std::vector<std::string> start_warnings_;
  std::string last_rejection_;  // of a snapshot; empty once one was accepted
  std::string door_trouble_;
  bool attached_before_ = false;
  std::int64_t sighted_at_ms_ = 0;  // steady time at which is_blind() ends after a door has opened
  bool was_blind_ = false;
  std::map<IpAddress, NextHop> last_hops_;  // the newest that the kernel told of each address
  std::vector<DatapathPort> ports_;         // of the last datapath
  ReachabilityOutcome reachability_;
  std::shared_ptr<const Publication> published_;
  std::uint64_t generation_ = 0;           // of the newest snapshot made
  std::uint64_t generation_reserved_ = 0;  // saved: none made before the next save is higher
  std::int64_t started_ms_ = 0;

  std::deque<std::pair<Turn, Respond>> turns_;
  bool is_turn_taken_ = false;
};

}  // namespace guideway
