// SPDX-License-Identifier: Apache-2.0
// The keys of services and backends that `service add` and `backend add` take as options: gue_port is --gue-port.
#pragma once

#include <array>

namespace guideway {

enum class KeyForm { text, number, check, list, flag };

struct KeyOption {
  const char* key;
  const char* what;
  KeyForm form;
};

inline constexpr std::array service_key_options{
    KeyOption{"protocol", "tcp (default), udp or tcp+udp", KeyForm::text},
    KeyOption{"pool", "A pool that exists, instead of backends", KeyForm::text},
    KeyOption{"check", "How backends are checked (see below)", KeyForm::check},
    KeyOption{"checks", "Of several checks, which must pass: all (default) or any", KeyForm::text},
    KeyOption{"scheduler", "maglev (default), source, round-robin, random or least-connections", KeyForm::text},
    KeyOption{"source_bits_ipv4", "With source: 1 to 32", KeyForm::number},
    KeyOption{"source_bits_ipv6", "With source: 1 to 128", KeyForm::number},
    KeyOption{"when_none", "No backend accepts: drop (default), reject or fail-open", KeyForm::text},
    KeyOption{"udp", "follow (default), hash or packet", KeyForm::text},
    KeyOption{"dscp", "What l3dsr backends know it by: 1 to 63", KeyForm::number},
    KeyOption{"allow", "Sources let in: a prefix; may be given several times", KeyForm::list},
    KeyOption{"deny", "Sources kept out: a prefix; may be given several times", KeyForm::list},
    KeyOption{"new_flows_per_second", "Default: no limit", KeyForm::number},
    KeyOption{"new_flows_burst", "At once; default: as many as a second", KeyForm::number},
    KeyOption{"source_flows_per_second", "The same of each source; default: no limit", KeyForm::number},
    KeyOption{"source_flows_burst", "At once; default: as many as a second", KeyForm::number},
    KeyOption{"source_flows_bits_ipv4", "What counts as one source: 1 to 32", KeyForm::number},
    KeyOption{"source_flows_bits_ipv6", "What counts as one source: 1 to 128", KeyForm::number},
    KeyOption{"forward", "l2 (default), ipip, gue, gre or l3dsr", KeyForm::text},
    KeyOption{"gue_variant", "0 (default) or 1", KeyForm::number},
    KeyOption{"gue_port", "Default: 6080", KeyForm::number},
    KeyOption{"gre_key", "Default: none", KeyForm::number},
    KeyOption{"mss_clamp", "SYNs announce no more than fits the tunnel", KeyForm::flag},
    KeyOption{"weight", "Of backends that say nothing: 0 to 65535", KeyForm::number},
    KeyOption{"slow_start", "Time in which a backend that returns climbs to its share", KeyForm::text},
    KeyOption{"flap_hold", "How long a backend that flaps is kept out at first; default: 10s", KeyForm::text},
    KeyOption{"flap_hold_max", "And at the longest; default: 5m", KeyForm::text},
    KeyOption{"panic_percent", "Ignore health while fewer of the backends are up; default: 0, never", KeyForm::number},
    KeyOption{"quorum", "Backends that must be up, or there is a warning; default: 1", KeyForm::number},
    KeyOption{"quorum_up", "Program run when that many are up; give it again for each argument", KeyForm::list},
    KeyOption{"quorum_down", "Program run when fewer are up; give it again for each argument", KeyForm::list},
    KeyOption{"quorum_hook_timeout", "These are killed after it; default: 10s", KeyForm::text},
    KeyOption{"backup_pool", "A pool that serves while this one is below its quorum", KeyForm::text},
    KeyOption{"load_feedback", "off (default), or latency: slow backends take less", KeyForm::text},
    KeyOption{"table_slots", "A prime from 251 to 5000011", KeyForm::number},
    KeyOption{"idle_timeout", "Such as 15m", KeyForm::text},
    KeyOption{"opening_timeout", "Such as 30s", KeyForm::text},
    KeyOption{"closing_timeout", "Such as 30s", KeyForm::text},
    KeyOption{"udp_idle_timeout", "With tcp+udp: UDP's, such as 60s", KeyForm::text},
    KeyOption{"udp_opening_timeout", "With tcp+udp: UDP's, such as 60s", KeyForm::text},
};

inline constexpr std::array backend_key_options{
    KeyOption{"name", "Its name; default: the address", KeyForm::text},
    KeyOption{"weight", "0 to 65535", KeyForm::number},
    KeyOption{"mac", "A fixed next hop", KeyForm::text},
    KeyOption{"vlan", "The VLAN of the fixed next hop: 1 to 4094", KeyForm::number},
    KeyOption{"port", "The port of its check", KeyForm::number},
    KeyOption{"forward", "l2, ipip, gue, gre or l3dsr", KeyForm::text},
    KeyOption{"gue_variant", "0 or 1", KeyForm::number},
    KeyOption{"gue_port", "A UDP port", KeyForm::number},
    KeyOption{"gre_key", "0 to 4294967295", KeyForm::number},
    KeyOption{"mss_clamp", "SYNs announce no more than fits the tunnel", KeyForm::flag},
    KeyOption{"check", "tcp, http:/path, redis, memcached, smtp or none", KeyForm::check},
    KeyOption{"checks", "Of several checks, which must pass: all or any", KeyForm::text},
    KeyOption{"state", "enabled (default), draining or disabled", KeyForm::text},
};

}  // namespace guideway
