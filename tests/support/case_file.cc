#include "tests/support/case_file.hh"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <ctime>
#include <fstream>
#include <iterator>
#include <optional>
#include <set>
#include <utility>

namespace rhumb::test {

namespace {

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r'; }

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && is_blank(text.front())) {
        text.remove_prefix(1);
    }
    while (!text.empty() && is_blank(text.back())) {
        text.remove_suffix(1);
    }
    return text;
}

// One line and those that continue it; knows where in the file each of its characters stands.
class statement {
public:
    statement(std::uint32_t line, std::string_view text)
        : text_(text), pieces_{{0, line}}, indented_(!text.empty() && is_blank(text.front())) {}

    void go_on(std::uint32_t line, std::string_view text) {
        pieces_.push_back({text_.size() + 1, line});
        text_ += '\n';
        text_ += text;
        std::replace(text_.begin(), text_.end(), '\n', ' ');
    }

    [[nodiscard]] std::uint32_t line() const { return pieces_[0].line; }
    [[nodiscard]] bool indented() const { return indented_; }

    // The next word, empty at the end.
    std::string word() {
        skip_blanks();
        const std::size_t from = at_;
        while (at_ < text_.size() && !is_blank(text_[at_])) {
            ++at_;
        }
        return text_.substr(from, at_ - from);
    }
    // All that is left.
    std::string rest() {
        skip_blanks();
        const std::string left(trimmed(std::string_view(text_).substr(at_)));
        return left;
    }

    // An error at the next word, or `column` (from 1) behind there.
    [[nodiscard]] error wrong(const std::string& path, std::string message,
                              std::size_t column = 1) {
        skip_blanks();
        const std::size_t at = at_ + column - 1;
        const auto found = std::find_if(pieces_.rbegin(), pieces_.rend(),
                                        [at](const auto& p) { return p.offset <= at; });
        return {std::move(message),
                {path, found->line, static_cast<std::uint32_t>(at - found->offset + 1)}};
    }

private:
    struct piece {
        std::size_t offset;  // in text_
        std::uint32_t line;
    };
    void skip_blanks() {
        while (at_ < text_.size() && is_blank(text_[at_])) {
            ++at_;
        }
    }

    std::string text_;
    std::vector<piece> pieces_;
    bool indented_;
    std::size_t at_ = 0;
};

std::vector<std::string_view> split_lines(std::string_view text) {
    std::vector<std::string_view> lines;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        lines.push_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return lines;
}

std::optional<drop_reason> reason_named(std::string_view name) {
    for (const drop_reason_text& text : drop_reason_texts) {
        if (text.name == name && text.reason != drop_reason::none) {
            return text.reason;
        }
    }
    return std::nullopt;
}

class parser {
public:
    parser(const std::string& path, std::uint64_t now) {
        file_.path = path;
        file_.now = now;
        names_["now"] = std::to_string(now);
    }

    result<case_file> run(std::string_view text) {
        const std::vector<std::string_view> lines = split_lines(text);
        for (std::size_t n = 0; n < lines.size();) {
            const std::string_view line = trimmed(lines[n]);
            const auto number = static_cast<std::uint32_t>(n + 1);
            ++n;
            if (line.empty() || line.front() == '#') {
                continue;
            }
            statement s(number, lines[n - 1]);
            if (line == "config" && !s.indented()) {
                if (has_config_) {
                    return s.wrong(file_.path, "the file has a config already");
                }
                n = take_config(lines, n);
                continue;
            }
            if (line.starts_with("file ") && !s.indented()) {
                n = take_file(lines, n, std::string(trimmed(line.substr(5))));
                continue;
            }
            for (; n < lines.size() && trimmed(lines[n]).starts_with('|'); ++n) {
                s.go_on(static_cast<std::uint32_t>(n + 1), lines[n]);
            }
            if (auto done = s.indented() ? inside(s) : outside(s); !done) {
                return done.why();
            }
        }
        if (auto done = close_case(); !done) {
            return done.why();
        }
        if (!has_config_) {
            return error{"there is no config", {file_.path, 0, 0}};
        }
        return std::move(file_);
    }

private:
    // The indented lines from `n` on; returns the line behind them.
    std::size_t take_config(const std::vector<std::string_view>& lines, std::size_t n) {
        has_config_ = true;
        file_.config.assign(n, '\n');
        for (; n < lines.size(); ++n) {
            if (!lines[n].empty() && !is_blank(lines[n].front()) && lines[n].front() != '#') {
                break;
            }
            file_.config.append(lines[n]);
            file_.config += '\n';
        }
        return n;
    }

    // The same for another file: without the indentation, and from its own first line on.
    std::size_t take_file(const std::vector<std::string_view>& lines, std::size_t n,
                          const std::string& name) {
        std::string& text = file_.files[name];
        for (; n < lines.size() && lines[n].starts_with("    "); ++n) {
            text.append(lines[n].substr(4));
            text += '\n';
        }
        return n;
    }

    result<void> outside(statement& s) {
        const std::string what = s.word();
        if (what == "key") {
            return key(s);
        }
        if (what == "let") {
            return let(s);
        }
        if (what == "case") {
            if (auto done = close_case(); !done) {
                return done;
            }
            return open_case(s);
        }
        statement again(s.line(), what);
        return again.wrong(file_.path,
                           "a line starts with config, file, key, let or case; what belongs to one "
                           "of them is indented");
    }

    result<void> key(statement& s) {
        const std::string name = s.word();
        if (s.word() != "=" || s.rest().size() != 32) {
            return s.wrong(file_.path, "key wants NAME = 32 hex digits");
        }
        names_["key " + name] = s.rest();
        return {};
    }

    result<void> let(statement& s) {
        const std::string name = s.word();
        if (s.word() != "=" || s.rest().empty()) {
            return s.wrong(file_.path, "let wants NAME = ELEMENTS");
        }
        if (!names_.emplace(name, s.rest()).second) {
            return s.wrong(file_.path, "\"" + name + "\" is defined already");
        }
        return {};
    }

    result<void> open_case(statement& s) {
        test_case made;
        made.name = s.rest();
        made.line = s.line();
        if (made.name.empty()) {
            return s.wrong(file_.path, "a case wants a name");
        }
        if (!slugs_.insert(made.slug()).second) {
            return s.wrong(file_.path, "there is a case of that name already");
        }
        file_.cases.push_back(std::move(made));
        in_case_ = true;
        return {};
    }

    result<void> close_case() {
        if (!in_case_) {
            return {};
        }
        const test_case& last = file_.cases.back();
        if (open_ || !before_.empty() || last.exchanges.empty()) {
            return error{open_ ? "an `in` has no out, drop or punt behind it"
                               : "a case wants an `in` line, and states stand before one",
                         {file_.path, open_ ? last.exchanges.back().line : last.line, 1}};
        }
        in_case_ = false;
        return {};
    }

    result<void> inside(statement& s) {
        const std::string what = s.word();
        if (!in_case_) {
            return s.wrong(file_.path, "\"" + what + "\" stands in no case");
        }
        const bool is_fate = what == "out" || what == "drop" || what == "punt" || what == "answer";
        if (is_fate != open_) {
            return s.wrong(file_.path, is_fate ? "there is no `in` that this is the fate of"
                                               : "the `in` before wants an out, a drop or a punt");
        }
        if (what == "in") return in(s);
        if (what == "out") return out(s);
        if (what == "answer") return answer(s);
        if (is_fate) return ends_here(s, what == "drop" ? fate::drop : fate::punt);
        if (what == "link" || what == "nexthop") return state(s, what == "link");
        if (what == "headroom") return headroom(s);
        if (what == "without-daemon") return without_daemon(s);
        return s.wrong(file_.path, "\"" + what +
                                       "\" is no line of a case; there are in, out, drop, "
                                       "punt, answer, link, nexthop, headroom, without-daemon");
    }

    result<packet_bytes> packet_at(statement& s) {
        const std::string text = s.rest();
        auto bytes = parse_packet(text, names_);
        if (!bytes) {
            return s.wrong(file_.path, bytes.why().message, bytes.why().where.column);
        }
        return bytes;
    }

    result<void> in(statement& s) {
        exchange made;
        made.line = s.line();
        made.in_port = s.word();
        made.before = std::exchange(before_, {});
        auto bytes = packet_at(s);
        if (!bytes) {
            return bytes.why();
        }
        made.in = std::move(*bytes);
        file_.cases.back().exchanges.push_back(std::move(made));
        open_ = true;
        return {};
    }

    result<void> out(statement& s) {
        exchange& last = file_.cases.back().exchanges.back();
        last.out_port = s.word();
        auto bytes = packet_at(s);
        if (!bytes) {
            return bytes.why();
        }
        last.out = std::move(*bytes);
        open_ = false;
        return {};
    }

    result<void> answer(statement& s) {
        const std::string name = s.word();
        const auto reason = reason_named(name);
        if (!reason) {
            return s.wrong(file_.path, "\"" + name + "\" is no drop reason");
        }
        exchange& last = file_.cases.back().exchanges.back();
        last.want = fate::answer;
        last.reason = *reason;
        return out(s);
    }

    result<void> without_daemon(statement& s) {
        file_.cases.back().without_daemon = s.rest();
        if (s.rest().empty()) {
            return s.wrong(file_.path, "without-daemon wants a reason");
        }
        return {};
    }

    result<void> ends_here(statement& s, fate want) {
        const auto reason = reason_named(s.rest());
        if (!reason) {
            return s.wrong(file_.path, "\"" + s.rest() + "\" is no drop reason");
        }
        exchange& last = file_.cases.back().exchanges.back();
        last.want = want;
        last.reason = *reason;
        open_ = false;
        return {};
    }

    result<void> state(statement& s, bool is_port) {
        const std::string name = s.word();
        const std::string to = s.rest();
        if (to != "up" && to != "down") {
            return s.wrong(file_.path, "a state is up or down");
        }
        before_.push_back({is_port, name, to == "up", s.line()});
        return {};
    }

    result<void> headroom(statement& s) {
        test_case& last = file_.cases.back();
        const std::string text = s.rest();
        const auto [end, code] =
            std::from_chars(text.data(), text.data() + text.size(), last.headroom);
        if (code != std::errc{} || end != text.data() + text.size() || last.headroom > 1024 ||
            !last.exchanges.empty()) {
            return s.wrong(file_.path, "headroom wants a number up to 1024, before the first `in`");
        }
        return {};
    }

    case_file file_;
    packet_names names_;
    std::set<std::string> slugs_;
    std::vector<state_change> before_;
    bool has_config_ = false;
    bool in_case_ = false;
    bool open_ = false;  // an `in` waits for its fate
};

}  // namespace

std::string test_case::slug() const {
    std::string result;
    for (const char c : name) {
        const bool plain = std::isalnum(static_cast<unsigned char>(c)) != 0;
        if (plain || (!result.empty() && result.back() != '_')) {
            result += plain ? c : '_';
        }
    }
    while (!result.empty() && result.back() == '_') {
        result.pop_back();
    }
    return result;
}

std::uint64_t seconds_since_1970() { return static_cast<std::uint64_t>(std::time(nullptr)); }

result<case_file> parse_case_file(std::string_view text, const std::string& path,
                                  std::uint64_t now) {
    return parser(path, now).run(text);
}

result<case_file> load_case_file(const std::string& path, std::uint64_t now) {
    std::ifstream stream(path, std::ios::binary);
    if (!stream) {
        return error{"cannot be read", {path, 0, 0}};
    }
    return parse_case_file(std::string{std::istreambuf_iterator<char>(stream), {}}, path, now);
}

}  // namespace rhumb::test
