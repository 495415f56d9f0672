// SPDX-License-Identifier: Apache-2.0
#include "controlplane/cli/grammar.hh"

#include <algorithm>

#include "controlplane/cli/edit_forms.hh"

namespace guideway {
namespace {

using nlohmann::json;

json value_of(KeyForm form, const std::string& text) {
  if (form == KeyForm::number) return must(number_form(text, "a number"));
  return form == KeyForm::check ? must(check_form(text)) : json(text);
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

void add_key_option(CLI::App& command, const KeyOption& option, json& keys) {
  std::string name = "--" + std::string(option.key);
  std::replace(name.begin(), name.end(), '_', '-');
  if (option.form == KeyForm::flag) {
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
