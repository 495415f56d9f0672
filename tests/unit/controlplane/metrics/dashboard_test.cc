// SPDX-License-Identifier: Apache-2.0
// Holds configs/grafana and configs/prometheus to the exposition: every metric that a panel or an alert names is told,
// every expression is one that Prometheus understands, and every alert comes when it should.
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "controlplane/metrics/exposition.hh"
#include "tests/unit/controlplane/metrics/promtool.hh"
#include "tests/unit/controlplane/metrics/some_facts.hh"

namespace guideway {
namespace {

const std::string configs = std::string(GUIDEWAY_SOURCE_DIR) + "/configs";

std::string contents(const std::string& path) {
  std::ifstream stream(path);
  return {std::istreambuf_iterator<char>(stream), {}};
}

std::set<std::string> told() {
  std::set<std::string> names;
  const std::string text = exposition(some_facts());
  const std::regex sample("(^|\n)(guideway_[a-z_]+)");
  for (std::sregex_iterator each(text.begin(), text.end(), sample), end; each != end; ++each) names.insert((*each)[2]);
  return names;
}

std::set<std::string> named_in(const std::string& expression) {
  std::set<std::string> names;
  const std::regex name("guideway_[a-z_]+");
  for (std::sregex_iterator each(expression.begin(), expression.end(), name), end; each != end; ++each)
    names.insert(each->str());
  return names;
}

std::vector<std::string> expressions_of_panels() {
  const auto dashboard = nlohmann::json::parse(contents(configs + "/grafana/guideway.json"));
  std::vector<std::string> expressions;
  std::set<int> ids;
  for (const auto& panel : dashboard.at("panels")) {
    EXPECT_TRUE(ids.insert(panel.at("id").get<int>()).second) << "two panels of one id";
    EXPECT_FALSE(panel.at("targets").empty()) << panel.at("title");
    for (const auto& target : panel.at("targets")) expressions.push_back(target.at("expr"));
  }
  for (const auto& variable : dashboard.at("templating").at("list")) {
    if (variable.at("type") != "query") continue;
    EXPECT_EQ(told().count(*named_in(variable["query"]["query"]).begin()), 1U);
  }
  return expressions;
}

TEST(Dashboard, NamesOnlyMetricsThatAreTold) {
  const auto names = told();
  const auto expressions = expressions_of_panels();
  EXPECT_GT(expressions.size(), 24U);
  for (const std::string& expression : expressions) {
    EXPECT_FALSE(named_in(expression).empty()) << expression;
    for (const std::string& name : named_in(expression)) EXPECT_EQ(names.count(name), 1U) << name;
  }
}

TEST(Dashboard, PrometheusUnderstandsEveryPanel) {
  if (!has_promtool()) GTEST_SKIP() << "promtool is not here (Debian package prometheus)";
  nlohmann::json rules = nlohmann::json::array();
  for (std::string expression : expressions_of_panels()) {
    expression = std::regex_replace(expression, std::regex("\\$__rate_interval"), "1m");
    rules.push_back({{"record", "panel:" + std::to_string(rules.size())}, {"expr", expression}});
  }
  const nlohmann::json file{{"groups", {{{"name", "panels"}, {"rules", rules}}}}};
  EXPECT_NE(promtool("check rules", file.dump()).find("SUCCESS"), std::string::npos)
      << promtool("check rules", file.dump());
}

TEST(Alerts, NameOnlyMetricsThatAreTold) {
  const auto names = told();
  const auto named = named_in(contents(configs + "/prometheus/alerts.yaml"));
  EXPECT_GT(named.size(), 5U);
  for (const std::string& name : named) EXPECT_EQ(names.count(name), 1U) << name;
}

TEST(Alerts, EachComesWhenItShould) {
  if (!has_promtool()) GTEST_SKIP() << "promtool is not here (Debian package prometheus)";
  const std::string rules = contents(configs + "/prometheus/alerts.yaml");
  const std::string played = contents(configs + "/prometheus/alerts_test.yaml");
  const std::regex alert("alert: (\\w+)");
  for (std::sregex_iterator each(rules.begin(), rules.end(), alert), end; each != end; ++each)
    EXPECT_NE(played.find("alertname: " + (*each)[1].str() + "\n"), std::string::npos)
        << (*each)[1] << " is not played";
  const std::string said = said_by("promtool test rules " + configs + "/prometheus/alerts_test.yaml");
  EXPECT_NE(said.find("SUCCESS"), std::string::npos) << said;
}

}  // namespace
}  // namespace guideway
