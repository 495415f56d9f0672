// SPDX-License-Identifier: Apache-2.0
// The groups of verbs, each in the file of its name: what its commands take, ask, and show. A new group is a file, a
// line here and a line in command_line.cc.
#pragma once

namespace guideway {

class Grammar;

void add_status_verb(Grammar& grammar);
void add_service_verbs(Grammar& grammar);
void add_backend_verbs(Grammar& grammar);
void add_config_verbs(Grammar& grammar);
void add_explain_verb(Grammar& grammar);
void add_stats_verb(Grammar& grammar);
void add_replay_verb(Grammar& grammar);
void add_ipvsadm_verb(Grammar& grammar);

}  // namespace guideway
