// SPDX-License-Identifier: Apache-2.0
// Whole files: what stands at the top, what TOML itself refuses, includes, several errors at once, the examples.
#include "controlplane/config/load.hh"

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "tests/unit/controlplane/config/wrong_file.hh"

namespace guideway {
namespace {

namespace fs = std::filesystem;

std::string dots(int count) {
  std::string text;
  for (int i = 0; i < count; ++i) text += "a.";
  return text;
}

class WrongTop : public WrongFileTest {};

TEST_P(WrongTop, IsRefused) { expect_error(GetParam()); }

INSTANTIATE_TEST_SUITE_P(
    Table, WrongTop,
    testing::Values(
        WrongFile{"unknown top key", "dor = \"/x\"\n", 2, "dor", "did you mean \"door\"?"},
        WrongFile{"relative socket", "door = \"x\"\n", 2, "door", "absolute path of up to 107"},
        WrongFile{"socket path too long", "api = \"/" + std::string(107, 'x') + "\"\n", 2, "api", "up to 107"},
        WrongFile{"one socket for both", "api = \"/a\"\ndoor = \"/a\"\n", 2, "api", "same socket"},
        WrongFile{"two IPv4 tunnel sources", "tunnel_source = [\"10.0.0.1\", \"10.0.0.2\"]\n", 2, "tunnel_source",
                  "second address of its family"},
        WrongFile{"tunnel source is no address", "tunnel_source = \"eth0\"\n", 2, "tunnel_source", "not an address"},
        WrongFile{"include from a text", "include = [\"/etc/passwd\"]\n", 2, "include", "not possible"},
        WrongFile{"a key twice", "door = \"/a\"\ndoor = \"/b\"\n", 3, "", "not valid TOML"},
        WrongFile{"not TOML", "[[service]\n", 2, "", "not valid TOML"},
        WrongFile{"table over two lines", "[[service]]\ncheck = { http = \"/\",\n rise = 2 }\n", 3, "", "one line"},
        WrongFile{"too deep", "x = " + std::string(10000, '[') + "\n", 2, "", "nest deeper"},
        WrongFile{"too deep by dots", dots(100) + "a = 1\n", 2, "", "nest deeper"},
        WrongFile{"an endless string", "door = \"\"\"abc\n\n", 2, "", "never ends"}),
    [](const testing::TestParamInfo<WrongFile>& row) {
      std::string name = row.param.what;
      for (char& c : name) c = c == ' ' ? '_' : c;
      return name;
    });

TEST(Load, TheHashKeyIsRequiredAndNeverRepeated) {
  for (const std::string text :
       {"", "hash_key = 7\n", "hash_key = \"5ec4e7\"\n", "hash_key = \"5ec4e75ec4e75ec4e75ec4e75ec4e7zz\"\n"}) {
    const auto config = load_config_text(text, "conf.toml");
    ASSERT_FALSE(config.has_value());
    EXPECT_EQ(config.error().front().key, "hash_key");
    EXPECT_EQ(config.error().front().text().find("5ec4e7"), std::string::npos);
  }
}

TEST(Load, AnErrorIsOneLine) {
  const ConfigError error{"conf.toml", 41, "service.web.port", "70000 is above 65535; give a port"};
  EXPECT_EQ(error.text(), "conf.toml:41: service.web.port: 70000 is above 65535; give a port");
  const auto config = load_config_text(key_line + "\"a\\nb\" = 1\n", "conf.toml");
  ASSERT_FALSE(config.has_value());
  EXPECT_EQ(config.error().front().text().find('\n'), std::string::npos);
}

TEST(Load, SeveralErrorsComeAtOnceInTheOrderOfTheFile) {
  const auto config =
      load_config_text(key_line + web_service + "weight = -1\nscheduler = 5\n[[pool]]\nname = \"\"\n", "c");
  ASSERT_FALSE(config.has_value());
  std::vector<int> lines;
  for (const ConfigError& error : config.error()) lines.push_back(error.line);
  EXPECT_EQ(lines, (std::vector<int>{7, 8, 9, 10})) << text_of(config.error());
}

TEST(Load, APoolWhoseNameContinuesAnothersIsNotMistakenForIt) {
  const auto config = load_config_text(
      key_line + web_service + "[[pool]]\nname = \"web.x\"\nbackends = [{ address = \"10.0.0.2\", weight = 0 }]\n",
      "conf.toml");
  ASSERT_FALSE(config.has_value());
  EXPECT_EQ(config.error().front().key, "pool.web.x.backends");
  EXPECT_EQ(config.error().front().line, 9);
}

TEST(Load, AWholeServiceTakesEightLines) {
  const auto config = load_config_text(key_line + R"([[service]]
name = "web"
addresses = ["192.0.2.10", "2001:db8::10"]
port = 80
backends = ["10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4", "10.0.0.5"]
check = { http = "/healthz" }
)",
                                       "conf.toml");
  ASSERT_TRUE(config.has_value()) << text_of(config.error());
  EXPECT_EQ(config->services.at(0).addresses.size(), 2U);
  EXPECT_EQ(config->pools.at(0).backends.size(), 5U);
}

class Directory {
 public:
  Directory() {
    std::string name = (fs::temp_directory_path() / "guideway-config-XXXXXX").string();
    path_ = ::mkdtemp(name.data()) == nullptr ? "" : name;
  }
  Directory(const Directory&) = delete;
  Directory& operator=(const Directory&) = delete;
  ~Directory() { fs::remove_all(path_); }
  [[nodiscard]] fs::path write(const std::string& name, const std::string& text) const {
    fs::create_directories((path_ / name).parent_path());
    std::ofstream(path_ / name) << text;
    return path_ / name;
  }
  [[nodiscard]] const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

TEST(Include, FilesAreReadInOrderWithTheirOwnDefaults) {
  const Directory directory;
  const fs::path main = directory.write("main.toml", key_line +
                                                         "include = [\"conf.d/*.toml\", \"none.d/*.toml\"]\n"
                                                         "[defaults]\nweight = 5\n");
  (void)directory.write("conf.d/1.toml", "[defaults]\nforward = \"ipip\"\n" + web_service);
  (void)directory.write("conf.d/2.toml", "[[pool]]\nname = \"other\"\nbackends = [\"10.0.0.2\"]\n");
  (void)directory.write("conf.d/3.not", "this is not read");
  const auto config = load_config(main);
  ASSERT_TRUE(config.has_value()) << text_of(config.error());
  EXPECT_EQ(config->pools.at(0).backends.at(0).forward, Forward::l2) << "defaults of 1.toml stay in 1.toml";
  EXPECT_EQ(config->pools.at(0).backends.at(0).weight, 5U) << "defaults of the main file reach every file";
  EXPECT_EQ(config->pools.at(1).backends.at(0).forward, Forward::ipip);
  EXPECT_EQ(config->pools.at(1).backends.at(0).weight, 5U);
}

TEST(Include, ErrorsNameTheFileTheyStandIn) {
  const Directory directory;
  const fs::path main = directory.write("main.toml", key_line + "include = [\"a.toml\", \"b.toml\", \"c.toml\"]\n");
  const fs::path a = directory.write("a.toml", "hash_key = \"x\"\n" + web_service);
  const fs::path b = directory.write("b.toml", "\n" + web_service);
  const auto config = load_config(main);
  ASSERT_FALSE(config.has_value());
  const std::string text = text_of(config.error());
  EXPECT_NE(text.find(a.string() + ":1: hash_key: may only stand in the main file"), std::string::npos) << text;
  EXPECT_NE(text.find(b.string() + ":3: service.web.name: service web exists already (" + a.string() + ":3)"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find(main.string() + ":2: include: \"c.toml\" does not exist"), std::string::npos) << text;
}

TEST(Load, AFileThatIsNotThereIsOneSentence) {
  const auto config = load_config("/nonexistent/conf.toml");
  ASSERT_FALSE(config.has_value());
  EXPECT_EQ(text_of(config.error()), "/nonexistent/conf.toml: cannot be read: No such file or directory");
  const auto directory = load_config("/");
  ASSERT_FALSE(directory.has_value());
  EXPECT_EQ(text_of(directory.error()), "/: is a directory; give a file");
}

TEST(Examples, AllLoad) {
  const fs::path configs = fs::path(GUIDEWAY_SOURCE_DIR) / "configs";
  std::size_t count = 0;
  for (const auto& entry : fs::directory_iterator(configs / "examples")) {
    if (entry.path().extension() != ".toml") continue;
    ++count;
    const auto config = load_config(entry.path());
    EXPECT_TRUE(config.has_value()) << text_of(config.error());
    EXPECT_FALSE(config && config->services.empty()) << entry.path();
  }
  EXPECT_GE(count, 4U);
}

}  // namespace
}  // namespace guideway
