// SPDX-License-Identifier: Apache-2.0
// The groups of verbs, each in the file of its name: what its commands take, ask, and show. A new group is a file, a
// line here and a line in command_line.cc.
#pragma once

namespace CLI {
class App;
}

namespace guideway {

class Grammar;

void add_status_verb(Grammar& grammar);
void add_service_verbs(Grammar& grammar);
void add_pool_verbs(Grammar& grammar);
void add_backend_verbs(Grammar& grammar);
// edit: below the commands of services, pools and backends.
void add_service_edit(Grammar& grammar, CLI::App& service);
void add_pool_edit(Grammar& grammar, CLI::App& pool);
void add_backend_edit(Grammar& grammar, CLI::App& backend);
// drain, enable, maint: of backends and services below their group's command, and of hosts.
void add_backend_states(Grammar& grammar, CLI::App& backend);
void add_service_states(Grammar& grammar, CLI::App& service);
void add_host_verbs(Grammar& grammar);
void add_batch_verb(Grammar& grammar);
void add_config_verbs(Grammar& grammar);
void add_explain_verb(Grammar& grammar);
void add_capture_verb(Grammar& grammar);
void add_flows_verb(Grammar& grammar);
void add_stats_verb(Grammar& grammar);
void add_top_verb(Grammar& grammar);
void add_events_verb(Grammar& grammar);
void add_warnings_verb(Grammar& grammar);
void add_replay_verb(Grammar& grammar);
void add_ipvsadm_verb(Grammar& grammar);
void add_completion_verb(Grammar& grammar);

}  // namespace guideway
