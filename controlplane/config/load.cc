// SPDX-License-Identifier: Apache-2.0
#include "controlplane/config/load.hh"

#include <fmt/core.h>

#include "controlplane/config/document.hh"
#include "controlplane/config/include.hh"
#include "controlplane/config/toml_tree.hh"

namespace guideway {

std::string ConfigError::text() const {
  std::string result;
  if (!file.empty()) result = line > 0 ? fmt::format("{}:{}: ", file, line) : fmt::format("{}: ", file);
  if (!key.empty()) result += key + ": ";
  return result + message;
}

std::string text_of(const ConfigErrors& errors) {
  std::string result;
  for (const ConfigError& error : errors) result += (result.empty() ? "" : "; ") + error.text();
  return result;
}

namespace {

tl::expected<Document, ConfigError> document_of_file(const std::filesystem::path& file) {
  const auto text = read_config_file(file);
  if (!text) return tl::unexpected(ConfigError{file.string(), 0, "", text.error().message});
  auto tree = parse_toml(*text, file.string());
  if (!tree) return tl::unexpected(tree.error());
  return Document{file.string(), std::move(*tree)};
}

}  // namespace

tl::expected<Config, ConfigErrors> load_config(const std::filesystem::path& file) {
  const auto main = document_of_file(file);
  if (!main) return tl::unexpected(ConfigErrors{main.error()});
  const auto include = [&](const std::string& pattern) -> tl::expected<std::vector<Document>, ConfigErrors> {
    const auto files = files_of_include(file.parent_path(), pattern);
    if (!files) return tl::unexpected(ConfigErrors{{"", 0, "", files.error().message}});
    std::vector<Document> documents;
    ConfigErrors errors;
    for (const auto& each : *files) {
      auto document = document_of_file(each);
      if (document)
        documents.push_back(std::move(*document));
      else
        errors.push_back(document.error());
    }
    if (!errors.empty()) return tl::unexpected(std::move(errors));
    return documents;
  };
  return config_of(*main, include);
}

tl::expected<Config, ConfigErrors> load_config_text(std::string_view text, const std::string& name) {
  auto tree = parse_toml(text, name);
  if (!tree) return tl::unexpected(ConfigErrors{tree.error()});
  const auto refuse = [](const std::string&) -> tl::expected<std::vector<Document>, ConfigErrors> {
    return tl::unexpected(ConfigErrors{{"", 0, "", "is not possible in a text that is not a file; write it out"}});
  };
  return config_of({name, std::move(*tree)}, refuse);
}

}  // namespace guideway
