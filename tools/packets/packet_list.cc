#include "tools/packets/packet_list.hh"

#include <algorithm>
#include <optional>
#include <utility>

#include "tests/support/packet_text.hh"
#include "tools/packets/pcap_file.hh"

namespace rhumb::packets {

namespace {

constexpr std::string_view blanks = " \t\r";

// A line and those that go on with it, as one text that knows where its characters stand.
class statement {
public:
    statement(std::uint32_t line, std::string_view text) { go_on(line, text); }

    void go_on(std::uint32_t line, std::string_view text) {
        pieces_.push_back({text_.size(), line});
        text_ += text;
        text_ += ' ';
        std::replace(text_.begin(), text_.end(), '\r', ' ');
    }

    [[nodiscard]] std::string_view text() const { return text_; }
    [[nodiscard]] std::uint32_t line() const { return pieces_.front().line; }

    // `at`: an offset into text().
    [[nodiscard]] error wrong(const std::string& file, std::size_t at, std::string message) const {
        const auto found = std::find_if(pieces_.rbegin(), pieces_.rend(),
                                        [at](const auto& p) { return p.offset <= at; });
        return {std::move(message),
                {file, found->line, static_cast<std::uint32_t>(at - found->offset + 1)}};
    }

private:
    struct piece {
        std::size_t offset;  // in text_
        std::uint32_t line;
    };
    std::string text_;
    std::vector<piece> pieces_;
};

std::size_t after_blanks(std::string_view text, std::size_t from) {
    return std::min(text.find_first_not_of(blanks, from), text.size());
}

std::size_t after_word(std::string_view text, std::size_t from) {
    return std::min(text.find_first_of(blanks, from), text.size());
}

std::vector<statement> split(std::string_view text) {
    std::vector<statement> statements;
    bool goes_on = false;  // a bar continues the line before, which a comment ends
    for (std::uint32_t line = 1; !text.empty(); ++line) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        const std::string_view one = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        const std::size_t first = after_blanks(one, 0);
        if (first == one.size() || one[first] == '#') {
            goes_on = false;
        } else if (one[first] == '|' && goes_on) {
            statements.back().go_on(line, one);
        } else {
            statements.emplace_back(line, one);
            goes_on = true;
        }
    }
    return statements;
}

// `let NAME = ELEMENTS`, the first word of which ends at `at`.
std::optional<error> define(const statement& s, std::size_t at, const std::string& file,
                            test::packet_names& names) {
    const std::string_view text = s.text();
    const std::size_t name_at = after_blanks(text, at);
    const std::size_t name_end = after_word(text, name_at);
    const std::size_t sign_at = after_blanks(text, name_end);
    const std::size_t value_at = after_blanks(text, after_word(text, sign_at));
    if (text.substr(sign_at, after_word(text, sign_at) - sign_at) != "=" ||
        value_at == text.size()) {
        return s.wrong(file, name_at, "let wants NAME = ELEMENTS");
    }
    const std::string name(text.substr(name_at, name_end - name_at));
    if (!names.emplace(name, std::string(text.substr(value_at))).second) {
        return s.wrong(file, name_at, "\"" + name + "\" is defined already");
    }
    return std::nullopt;
}

}  // namespace

result<std::vector<listed_packet>> read_packet_list(std::string_view text,
                                                    const std::string& name) {
    std::vector<listed_packet> packets;
    test::packet_names names;
    for (const statement& s : split(text)) {
        const std::size_t first = after_blanks(s.text(), 0);
        const std::size_t first_end = after_word(s.text(), first);
        if (s.text().substr(first, first_end - first) == "let") {
            if (auto wrong = define(s, first_end, name, names)) {
                return std::move(*wrong);
            }
            continue;
        }
        auto bytes = test::parse_packet(s.text().substr(first), names);
        if (!bytes) {
            const std::size_t column = bytes.why().where.column;
            return s.wrong(name, first + (column != 0 ? column - 1 : 0), bytes.why().message);
        }
        if (bytes->size() > max_frame_bytes) {
            return s.wrong(name, first,
                           "the frame has " + std::to_string(bytes->size()) +
                               " bytes; a capture holds at most " +
                               std::to_string(max_frame_bytes));
        }
        packets.push_back({s.line(), std::move(*bytes)});
    }
    return packets;
}

}  // namespace rhumb::packets
