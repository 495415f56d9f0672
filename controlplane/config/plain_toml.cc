// SPDX-License-Identifier: Apache-2.0
#include "controlplane/config/plain_toml.hh"

#include <algorithm>
#include <charconv>
#include <tuple>
#include <utility>

namespace guideway {
namespace {

bool is_bare(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

// Of a string as it stands. What is not ASCII is left to toml11, which knows which code points there are.
bool is_plain(char c) { return c >= 0x20 && c < 0x7f && c != '"' && c != '\\'; }

constexpr std::ptrdiff_t digits_max = 18;  // of a number that is in range whatever they are

// Every function of it: false if something is not plain, and then nothing is worth reading on.
class PlainToml {
 public:
  explicit PlainToml(const TomlPart& part)
      : at_(part.text.data()), end_(part.text.data() + part.text.size()), line_(part.first_line) {}

  std::optional<Tree> read() {
    Tree root;
    root.kind = Tree::Kind::table;
    root.line = 1;
    Tree* table = &root;
    while (skip_blank_lines(), at_ != end_) {
      if (*at_ == '[') {
        table = read_header(root);
        if (table == nullptr) return std::nullopt;
      } else if (!read_entry(*table)) {
        return std::nullopt;
      }
      if (!end_line()) return std::nullopt;
    }
    in_order_of_lines(root);
    for (TreeEntry& entry : root.entries) {
      if (entry.value.kind == Tree::Kind::table) in_order_of_lines(entry.value);
      for (Tree& item : entry.value.items) in_order_of_lines(item);
    }
    return root;
  }

 private:
  [[nodiscard]] bool sees(char c) const { return at_ != end_ && *at_ == c; }

  bool take(char c) {
    if (!sees(c)) return false;
    ++at_;
    return true;
  }

  void skip_spaces() {
    while (sees(' ') || sees('\t')) ++at_;
  }

  // A carriage return ends it too, and nothing that is plain goes on there.
  void skip_comment() {
    if (sees('#')) at_ = std::find_if(at_, end_, [](char c) { return c == '\n' || c == '\r'; });
  }

  bool end_line() {
    skip_spaces();
    skip_comment();
    if (at_ == end_) return true;
    if (!take('\n')) return false;
    ++line_;
    return true;
  }

  void skip_blank_lines() {
    while (at_ != end_ && end_line()) {
    }
  }

  std::string_view read_key() {
    const char* first = at_;
    while (at_ != end_ && is_bare(*at_)) ++at_;
    return {first, static_cast<std::size_t>(at_ - first)};
  }

  // The table that it begins, of the root.
  Tree* read_header(Tree& root) {
    const int line = line_;
    if (!has_header_) values_ = root.entries.size();
    has_header_ = true;
    ++at_;
    const bool is_list = take('[');
    const std::string_view key = read_key();
    if (key.empty() || !take(']') || (is_list && !take(']'))) return nullptr;
    Tree table;
    table.kind = Tree::Kind::table;
    table.line = line;
    if (!is_list) return add(root, key, std::move(table)) ? &root.entries.back().value : nullptr;
    const auto known =
        std::find_if(root.entries.begin(), root.entries.end(), [&](const TreeEntry& each) { return each.key == key; });
    const bool is_new = known == root.entries.end();
    const bool is_value = static_cast<std::size_t>(known - root.entries.begin()) < values_;
    if (!is_new && (is_value || known->value.kind != Tree::Kind::list)) return nullptr;
    Tree& list = is_new ? add_list(root, key, line) : known->value;
    list.items.push_back(std::move(table));
    return &list.items.back();
  }

  static Tree& add_list(Tree& root, std::string_view key, int line) {
    Tree list;
    list.kind = Tree::Kind::list;
    list.line = line;
    root.entries.push_back({std::string(key), std::move(list)});
    return root.entries.back().value;
  }

  static bool add(Tree& table, std::string_view key, Tree&& value) {
    if (table.find(key) != nullptr) return false;
    table.entries.push_back({std::string(key), std::move(value)});
    return true;
  }

  bool read_entry(Tree& table) {
    const std::string_view key = read_key();
    if (key.empty()) return false;
    skip_spaces();
    if (!take('=')) return false;
    skip_spaces();
    Tree value;
    return read_value(value) && add(table, key, std::move(value));
  }

  bool read_value(Tree& value) {
    if (at_ == end_) return false;
    value.line = line_;
    switch (*at_) {
      case '"':
        return read_text(value);
      case '[':
        return read_list(value);
      case '{':
        return read_table(value);
      case 't':
        return read_word("true", value);
      case 'f':
        return read_word("false", value);
      default:
        return read_integer(value);
    }
  }

  bool read_text(Tree& value) {
    const char* first = ++at_;
    at_ = std::find_if_not(at_, end_, is_plain);
    value.kind = Tree::Kind::text;
    value.text.assign(first, at_);
    // Three quotes begin another kind of string.
    return take('"') && !sees('"');
  }

  bool read_word(std::string_view word, Tree& value) {
    if (static_cast<std::size_t>(end_ - at_) < word.size() || std::string_view(at_, word.size()) != word) return false;
    at_ += word.size();
    value.kind = Tree::Kind::boolean;
    value.boolean = word == "true";
    return ends_value();
  }

  bool read_integer(Tree& value) {
    const char* first = at_;
    while (at_ != end_ && *at_ >= '0' && *at_ <= '9') ++at_;
    if (at_ == first || at_ - first > digits_max || (*first == '0' && at_ - first > 1)) return false;
    value.kind = Tree::Kind::integer;
    std::from_chars(first, at_, value.integer);
    return ends_value();
  }

  // No fraction, no date, no more of a word.
  [[nodiscard]] bool ends_value() const {
    return at_ == end_ || std::string_view(" \t\n,]}#").find(*at_) != std::string_view::npos;
  }

  // Its items are of one kind and not lists themselves.
  bool read_list(Tree& value) {
    ++at_;
    value.kind = Tree::Kind::list;
    for (;;) {
      skip_blank_lines();
      if (take(']')) break;
      Tree item;
      if (!read_value(item) || item.kind == Tree::Kind::list) return false;
      if (!value.items.empty() && value.items.front().kind != item.kind) return false;
      value.items.push_back(std::move(item));
      skip_blank_lines();
      if (take(',')) continue;
      if (!take(']')) return false;
      break;
    }
    if (!value.items.empty() && value.items.front().kind == Tree::Kind::table) value.line = value.items.front().line;
    return true;
  }

  // In braces, on one line, with one entry at least.
  bool read_table(Tree& value) {
    ++at_;
    value.kind = Tree::Kind::table;
    const int line = line_;
    do {
      skip_spaces();
      if (!read_entry(value)) return false;
      skip_spaces();
    } while (take(','));
    if (!take('}') || line_ != line) return false;
    in_order_of_lines(value);
    return true;
  }

  static void in_order_of_lines(Tree& table) {
    std::sort(table.entries.begin(), table.entries.end(), [](const TreeEntry& a, const TreeEntry& b) {
      return std::tie(a.value.line, a.key) < std::tie(b.value.line, b.key);
    });
  }

  const char* at_;
  const char* end_;
  int line_;
  bool has_header_ = false;
  std::size_t values_ = 0;  // of the root, before the first header: no header may continue one
};

}  // namespace

std::optional<Tree> plain_toml_tree(const TomlPart& part) { return PlainToml(part).read(); }

}  // namespace guideway
