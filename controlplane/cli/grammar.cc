// SPDX-License-Identifier: Apache-2.0
#include "controlplane/cli/grammar.hh"

#include <algorithm>

#include "controlplane/cli/edit_forms.hh"

namespace guideway {
namespace {

using nlohmann::json;

json value_of(KeyForm form, const std::string& text) {
  return form == KeyForm::number ? json(must(number_form(text, "a number"))) : json(text);
}

// One is itself, several are a list.
json checks_of(const std::vector<std::string>& texts) {
  json list = json::array();
  for (const std::string& text : texts) list.push_back(must(check_form(text)));
  return list.size() == 1 ? list.front() : list;
}

}  // namespace

void refuse(const std::string& message) { throw CLI::ValidationError(message); }

CLI::App* Grammar::add(CLI::App& parent, const std::string& name, const std::string& what, const char* example,
                       std::function<void()> done) {
  CLI::App* command = parent.add_subcommand(name, what);
  command->footer(example);
  if (done)
    command->callback(std::move(done));
  else
    command->require_subcommand(1);
  return command;
}

CLI::App* Grammar::add_change(CLI::App& parent, const std::string& name, const std::string& what, const char* example,
                              std::function<void()> done) {
  CLI::App* command = add(parent, name, what, example, std::move(done));
  command->add_option("--if-generation", invocation_.if_generation,
                      "Only if nothing has changed since this generation, as status tells it");
  command->add_flag("--dry-run", invocation_.dry_run, "Only say what it would change, or why it would be refused");
  return command;
}

void add_key_option(CLI::App& command, const KeyOption& option, json& keys) {
  std::string name = "--" + std::string(option.key);
  std::replace(name.begin(), name.end(), '_', '-');
  if (option.form == KeyForm::check) {
    command
        .add_option_function<std::vector<std::string>>(
            name, [&keys, option](const std::vector<std::string>& texts) { keys[option.key] = checks_of(texts); },
            option.what)
        ->allow_extra_args(false);
  } else if (option.form == KeyForm::flag) {
    command.add_flag_callback(
        name, [&keys, option] { keys[option.key] = true; }, option.what);
  } else if (option.form == KeyForm::list) {
    command
        .add_option_function<std::vector<std::string>>(
            name, [&keys, option](const std::vector<std::string>& texts) { keys[option.key] = texts; }, option.what)
        ->allow_extra_args(false);
  } else {
    command.add_option_function<std::string>(
        name, [&keys, option](const std::string& text) { keys[option.key] = value_of(option.form, text); },
        option.what);
  }
}

}  // namespace guideway
