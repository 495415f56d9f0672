// SPDX-License-Identifier: Apache-2.0
#include "controlplane/cli/ipvsadm/options.hh"

#include <array>
#include <optional>
#include <string_view>

#include <fmt/core.h>

namespace guideway::ipvsadm {
namespace {

enum class Values { none, one, maybe_one, three };

struct Row {
  Option option;
  char letter;  // 0: only its name
  std::string_view name;
  Values values = Values::none;
  std::string_view commands;      // their letters; empty: it is a command itself
  std::string_view refusal = {};  // why there is no such thing
};

constexpr std::string_view of_services = "AEDaedLZ";
constexpr std::string_view no_sync =
    "there is no synchronisation daemon; boxes with the same hash_key and backends agree without one";
constexpr std::string_view no_checksum =
    "GUE and GRE are sent without a checksum of their own (the inner packet has one); leave it out, or say "
    "--tun-nocsum";

constexpr std::array known_options{
    Row{Option::add_service, 'A', "add-service"},
    Row{Option::edit_service, 'E', "edit-service"},
    Row{Option::delete_service, 'D', "delete-service"},
    Row{Option::add_server, 'a', "add-server"},
    Row{Option::edit_server, 'e', "edit-server"},
    Row{Option::delete_server, 'd', "delete-server"},
    Row{Option::clear, 'C', "clear"},
    Row{Option::list, 'L', "list"},
    Row{Option::list, 'l', ""},
    Row{Option::restore, 'R', "restore"},
    Row{Option::save, 'S', "save"},
    Row{Option::zero, 'Z', "zero"},
    Row{Option::set_timeouts, 0, "set", Values::three},
    Row{Option::help, 'h', "help"},
    Row{Option::version, 'v', "version"},
    Row{Option::tcp_service, 't', "tcp-service", Values::one, of_services},
    Row{Option::udp_service, 'u', "udp-service", Values::one, of_services},
    Row{Option::real_server, 'r', "real-server", Values::one, "aed"},
    Row{Option::scheduler, 's', "scheduler", Values::one, "AE"},
    Row{Option::scheduler_flags, 'b', "sched-flags", Values::one, "AE"},
    Row{Option::persistent, 'p', "persistent", Values::maybe_one, "AE"},
    Row{Option::netmask, 'M', "netmask", Values::one, "AE"},
    Row{Option::one_packet, 'o', "ops", Values::none, "AE"},
    Row{Option::gatewaying, 'g', "gatewaying", Values::none, "ae"},
    Row{Option::tunnel, 'i', "ipip", Values::none, "ae"},
    Row{Option::tunnel_type, 0, "tun-type", Values::one, "ae"},
    Row{Option::tunnel_port, 0, "tun-port", Values::one, "ae"},
    Row{Option::tunnel_no_checksum, 0, "tun-nocsum", Values::none, "ae"},
    Row{Option::weight, 'w', "weight", Values::one, "ae"},
    Row{Option::upper_threshold, 'x', "u-threshold", Values::one, "ae"},
    Row{Option::lower_threshold, 'y', "l-threshold", Values::one, "ae"},
    Row{Option::connections, 'c', "connection", Values::none, "L"},
    Row{Option::timeouts, 0, "timeout", Values::none, "L"},
    Row{Option::statistics, 0, "stats", Values::none, "L"},
    Row{Option::rates, 0, "rate", Values::none, "L"},
    Row{Option::thresholds, 0, "thresholds", Values::none, "L"},
    Row{Option::persistent_connections, 0, "persistent-conn", Values::none, "L"},
    Row{Option::tunnel_info, 0, "tun-info", Values::none, "L"},
    Row{Option::sort, 0, "sort", Values::none, "L"},
    Row{Option::no_sort, 0, "nosort", Values::none, "L"},
    Row{Option::exact, 0, "exact", Values::none, "L"},
    Row{Option::numeric, 'n', "numeric", Values::none, "LS"},
    Row{Option::refused, 'm', "masquerading", Values::none, "ae",
        "there is no NAT, replies go straight from the server to the client; use -g, or -i across routers"},
    Row{Option::refused, 'f', "fwmark-service", Values::one, of_services,
        "there are no firewall marks in the packet path; name the addresses with -t and -u"},
    Row{Option::refused, '6', "ipv6", Values::none, of_services, "there are no firewall marks that it could go with"},
    Row{Option::refused, 0, "sctp-service", Values::one, of_services, "SCTP is not balanced, only TCP and UDP are"},
    Row{Option::refused, 0, "pe", Values::one, "AE", "there are no persistence engines"},
    Row{Option::refused, 0, "tun-csum", Values::none, "ae", no_checksum},
    Row{Option::refused, 0, "tun-remcsum", Values::none, "ae", no_checksum},
    Row{Option::refused, 0, "daemon", Values::none, "L", no_sync},
    Row{Option::refused, 0, "start-daemon", Values::one, "", no_sync},
    Row{Option::refused, 0, "stop-daemon", Values::one, "", no_sync},
};

std::string shown(const Row& row) {
  return row.letter != 0 ? fmt::format("-{}", row.letter) : fmt::format("--{}", row.name);
}

class Reader {
 public:
  explicit Reader(const std::vector<std::string>& words) : words_(words) {}

  Result<CommandLine> operator()() {
    while (at_ < words_.size()) {
      if (auto read = read_word(words_[at_++]); !read) return failure_of(read);
    }
    if (command_ == nullptr && !options_.empty())
      return failure(fmt::format("{} comes with a command; begin with one of -A -E -D -a -e -d -C -L -R -S -Z --set",
                                 shown(*options_.front())));
    for (const Row* option : options_) {
      if (option->commands.find(command_->letter) == std::string_view::npos || command_->letter == 0)
        return failure(fmt::format("{} does not go with {}", shown(*option), shown(*command_)));
      if (option->option == Option::refused)
        return failure(fmt::format("{} is refused: {}", shown(*option), option->refusal));
    }
    return result_;
  }

 private:
  Result<void> read_word(const std::string& word) {
    if (word.size() < 2 || word[0] != '-') return failure(fmt::format("\"{}\" is not an option", word));
    return word[1] == '-' ? read_name(word) : read_letters(word);
  }

  Result<void> read_name(const std::string& word) {
    const std::size_t end = word.find('=');
    const std::string name = word.substr(2, end == std::string::npos ? end : end - 2);
    for (const Row& row : known_options) {
      if (row.name.empty() || row.name != name) continue;
      std::optional<std::string> value;
      if (end != std::string::npos) value = word.substr(end + 1);
      return take(row, value);
    }
    return failure(fmt::format("--{} is not an option of ipvsadm", name));
  }

  // "-Ln", "-t192.0.2.10:80".
  Result<void> read_letters(const std::string& word) {
    for (std::size_t i = 1; i < word.size(); ++i) {
      const Row* found = nullptr;
      for (const Row& row : known_options) {
        if (row.letter == word[i]) found = &row;
      }
      if (found == nullptr) return failure(fmt::format("-{} is not an option of ipvsadm", word[i]));
      std::optional<std::string> rest;
      if (found->values != Values::none && i + 1 < word.size()) rest = word.substr(i + (word[i + 1] == '=' ? 2 : 1));
      const bool is_last = rest.has_value();
      if (auto taken = take(*found, std::move(rest)); !taken) return taken;
      if (is_last) break;
    }
    return {};
  }

  Result<void> take(const Row& row, std::optional<std::string> value) {
    std::vector<std::string> values;
    if (value && row.values == Values::none) return failure(fmt::format("{} takes no value", shown(row)));
    if (value) values.push_back(std::move(*value));
    const std::size_t wanted = row.values == Values::three ? 3 : (row.values == Values::none ? 0 : 1);
    while (values.size() < wanted && at_ < words_.size() && !is_option(words_[at_])) values.push_back(words_[at_++]);
    if (values.size() < wanted && row.values != Values::maybe_one)
      return failure(fmt::format("{} takes {}", shown(row), wanted == 1 ? "a value" : "three values"));
    if (row.commands.empty()) return take_command(row, std::move(values));
    options_.push_back(&row);
    if (row.option == Option::refused) return {};
    if (!result_.options.emplace(row.option, std::move(values)).second)
      return failure(fmt::format("{} stands there twice", shown(row)));
    return {};
  }

  Result<void> take_command(const Row& row, std::vector<std::string> values) {
    if (row.option == Option::refused) return failure(fmt::format("{} is refused: {}", shown(row), row.refusal));
    if (command_ != nullptr && is_replacement(command_->option, row.option)) {
      command_ = row.option == Option::restore ? &row : command_;
      result_.command = Option::restore;
      result_.options.emplace(row.option, std::move(values));
      return {};
    }
    if (command_ != nullptr)
      return failure(fmt::format("{} and {} are two commands; give one", shown(*command_), shown(row)));
    command_ = row.letter == 'l' ? &list_ : &row;
    result_.command = row.option;
    result_.options.emplace(row.option, std::move(values));
    return {};
  }

  // The only two commands that go together: what is restored takes the place of what there was, in one transaction.
  static bool is_replacement(Option one, Option other) {
    return (one == Option::clear && other == Option::restore) || (one == Option::restore && other == Option::clear);
  }

  static bool is_option(const std::string& word) { return word.size() > 1 && word[0] == '-'; }

  static constexpr Row list_{Option::list, 'L', "list"};
  const std::vector<std::string>& words_;
  std::size_t at_ = 0;
  const Row* command_ = nullptr;
  std::vector<const Row*> options_;
  CommandLine result_;
};

}  // namespace

Result<CommandLine> parse_options(const std::vector<std::string>& words) { return Reader(words)(); }

}  // namespace guideway::ipvsadm
