// SPDX-License-Identifier: Apache-2.0
// Half-read configuration: values as written, before it is known which services use a pool and so which port and kind
// its checks have. Readers fill drafts; resolve.cc turns them into pools.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "controlplane/config/backup_chain.hh"
#include "controlplane/config/schema.hh"
#include "controlplane/config/table_reader.hh"

namespace guideway {

struct CheckDraft {
  CheckConfig config;
  bool given = false;  // some level said something about the check
  bool timeout_given = false;
  bool fast_interval_given = false;
  bool down_interval_given = false;
};

struct ChecksDraft {
  std::vector<CheckDraft> list = std::vector<CheckDraft>(1);  // never empty
  CheckRule rule = CheckRule::all;
};

struct BackendDraft {
  BackendConfig config;
  ChecksDraft checks;
};

struct PoolDraft {
  PoolConfig config;  // its backends are in `backends`
  ChecksDraft checks;
  std::vector<BackendDraft> backends;
  std::set<std::string> names;  // of the backends, to notice one that is repeated
  std::set<IpAddress> addresses;
  std::string path;  // "pool.web", or "service.web" for the pool of a service that lists backends
};

// What [defaults] says: the values that services and pools of a file begin with.
struct DefaultsDraft {
  BackendDefaults backend;
  ChecksDraft checks;
  std::uint32_t slow_start_ms = 0;
  PoolHealthConfig health;
  Scheduler scheduler = Scheduler::maglev;
  std::uint8_t source_bits_ipv4 = 32;
  std::uint8_t source_bits_ipv6 = 128;
  NoBackendPolicy policy = NoBackendPolicy::drop;
  UdpMode udp = UdpMode::follow;
  std::uint32_t table_slots = GW_TABLE_SLOTS_DEFAULT;
  std::optional<std::uint32_t> idle_timeout_ms;
  std::optional<std::uint32_t> opening_timeout_ms;
  std::optional<std::uint32_t> closing_timeout_ms;
};

struct ServiceDraft {
  ServiceConfig config;
  std::optional<PoolDraft> pool;  // of its own
};

// read_check.cc: the check, or the list of them, under key `check`, starting from what is inherited.
ChecksDraft read_checks(TableReader& reader, const ChecksDraft& inherited);
// read_question.cc: what a check of this kind asks. read_http_question.cc: what an HTTP one does.
void read_question(TableReader& reader, CheckQuestion& question);
void read_http_question(TableReader& reader, CheckQuestion& question);
// read_program_question.cc, read_dns_question.cc: the same for these.
void read_program_question(TableReader& reader, CheckQuestion& question);
void read_dns_question(TableReader& reader, CheckQuestion& question);
// read_program_question.cc: a program with its arguments, "/path" or ["/path", "argument"]; [] is none.
std::optional<std::vector<std::string>> read_command(TableReader& reader, std::string_view key);
// What a check of this kind lacks, for the message; empty: nothing.
[[nodiscard]] std::string missing_in(const CheckQuestion& question);
// Without spaces, line breaks and the like: it becomes part of a request, which it must not end early.
[[nodiscard]] bool is_one_word(std::string_view text, std::size_t length_max);
// A string of bytes or a pattern (answer_pattern.hh), up to 512 bytes as written.
std::optional<std::string> read_pattern(TableReader& reader, std::string_view key);
// read_forward.cc: the mode and what it has to say beside its name. What a mode has no use for is dropped by settled().
void read_forward(TableReader& reader, Forward& forward, TunnelConfig& tunnel);
void refuse_unused(TableReader& reader, Forward forward);
[[nodiscard]] TunnelConfig settled(const TunnelConfig& tunnel, Forward forward);
// read_pool_health.cc
void read_pool_health(TableReader& reader, PoolHealthConfig& health);
// read_prefix.cc
std::optional<AddressPrefix> read_prefix(TableReader& reader, std::string_view key, const Tree& value);
// The same, of single hosts.
std::optional<AddressPrefix> read_unicast_prefix(TableReader& reader, std::string_view key, const Tree& value);
// Of a key that holds one or a list of them; each only once.
using PrefixReader = std::optional<AddressPrefix> (*)(TableReader&, std::string_view, const Tree&);
std::vector<AddressPrefix> read_prefixes(TableReader& reader, std::string_view key, std::string_view example,
                                         PrefixReader read);
// read_limits.cc: who may open flows, and how many.
void read_access(TableReader& reader, AccessList& access);
void read_flow_limits(TableReader& reader, ServiceConfig& service);
// read_pool.cc
std::optional<BackendDraft> read_backend(Reading& reading, const std::string& file, const Tree& value,
                                         const std::string& list_path, const PoolDraft& pool);
// What its table says beside name and address.
void read_backend_keys(TableReader& reader, BackendDraft& draft);
void read_pool_keys(TableReader& reader, PoolDraft& pool);
std::optional<PoolDraft> read_pool(Reading& reading, const std::string& file, const Tree& value, std::size_t ordinal,
                                   const DefaultsDraft& defaults);
// read_service.cc
std::optional<ServiceDraft> read_service(Reading& reading, const std::string& file, const Tree& value,
                                         std::size_t ordinal, const DefaultsDraft& defaults);
DefaultsDraft read_defaults(Reading& reading, const std::string& file, const Tree& value, const DefaultsDraft& outer);
// Keys that [defaults] and [[service]] share.
void read_shared_service_keys(TableReader& reader, DefaultsDraft& values);
// A name, or nothing where there is none or a wrong one, which has then been noted.
std::optional<std::string> read_name(TableReader& reader);
std::optional<IpAddress> read_address(TableReader& reader, std::string_view key, const Tree& value);

// resolve.cc: kind, port and timeout of every check, now that the services that use the pool are known.
// Those of a service whose pool it may have to stand in for count, too.
[[nodiscard]] PoolConfig resolve(Reading& reading, PoolDraft draft, const std::vector<ServiceConfig>& services,
                                 const BackupPools& backups);
// A pool that exists already, as a draft that resolves to itself.
[[nodiscard]] PoolDraft draft_of(const PoolConfig& pool);

}  // namespace guideway
