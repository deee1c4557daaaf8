#include "controlplane/overlay/wire/json_writer.hh"

#include <array>

#include "controlplane/overlay/wire/json_number.hh"
#include "controlplane/overlay/wire/plain_run.hh"

namespace rhumb::overlay {
namespace {

constexpr std::string_view hex = "0123456789abcdef";

void append_unit(std::string& to, unsigned unit) {
    to += "\\u";
    for (unsigned shift = 16; shift != 0;) {
        shift -= 4;
        to += hex[unit >> shift & 15];
    }
}

// Ends at depth 64, where the scanner does.
class writer {
public:
    writer(json_style style, std::string& to, std::size_t most)
        : pretty_(style == json_style::pretty), to_(to), most_(to.size() + most) {}

    bool put(const json_value& value, std::string_view but_for) {
        switch (value.kind()) {
            case json_kind::null: to_ += "null"; break;
            case json_kind::boolean: to_ += value.boolean() ? "true" : "false"; break;
            case json_kind::number: append_json_number(to_, value.number()); break;
            case json_kind::string: append_json_string(to_, value.text()); break;
            case json_kind::array: return put_children(value, '[', ']', {});
            case json_kind::object: return put_children(value, '{', '}', but_for);
        }
        return to_.size() <= most_;
    }

private:
    bool put_children(const json_value& of, char open, char close, std::string_view but_for) {
        const bool is_object = of.is(json_kind::object);
        bool any = false;
        to_ += open;
        ++depth_;
        for (std::size_t n = 0; n != of.size(); ++n) {
            const json_value child = of[n];
            if (is_object && !but_for.empty() && child.key() == but_for) {
                continue;
            }
            if (any) {
                to_ += ',';
            }
            any = true;
            new_line();
            if (is_object) {
                append_json_string(to_, child.key());
                to_ += pretty_ ? ": " : ":";
            }
            if (!put(child, {})) {
                return false;
            }
        }
        --depth_;
        if (any) {
            new_line();
        }
        to_ += close;
        return to_.size() <= most_;
    }

    void new_line() {
        if (pretty_) {
            to_ += '\n';
            to_.append(2 * depth_, ' ');
        }
    }

    bool pretty_;
    std::string& to_;
    std::size_t most_;
    std::size_t depth_ = 0;
};

// \b \t \n \f \r by their letters, the others by their numbers.
void append_control(std::string& to, unsigned c) {
    constexpr std::string_view letters = "btn fr";  // from 8 on; 11 has none
    if (c >= 8 && c < 8 + letters.size() && c != 11) {
        to += '\\';
        to += letters[c - 8];
    } else {
        append_unit(to, c);
    }
}

// The bytes that cannot stand as they are: 0xed may begin half a surrogate pair.
constexpr std::array<bool, 256> special = [] {
    std::array<bool, 256> table{};
    for (std::size_t c = 0; c < ' '; ++c) {
        table[c] = true;
    }
    table['"'] = table['\\'] = table[0xed] = true;
    return table;
}();

}  // namespace

bool write_json(const json_value& value, json_style style, std::string& to, std::size_t most,
                std::string_view but_for) {
    return writer(style, to, most).put(value, but_for);
}

void append_json_string(std::string& to, std::string_view text) {
    to += '"';
    std::size_t run = 0;
    for (std::size_t n = 0; n < text.size();) {
        n += plain_run(text.data() + n, text.data() + text.size());
        if (n == text.size()) {
            break;
        }
        const unsigned c = static_cast<unsigned char>(text[n]);
        if (!special[c]) {
            ++n;
            continue;
        }
        const unsigned second = n + 1 < text.size() ? static_cast<unsigned char>(text[n + 1]) : 0;
        if (c == 0xed && (second < 0xa0 || n + 2 >= text.size())) {
            n += 1;  // an ordinary character
            continue;
        }
        to += text.substr(run, n - run);
        if (c == 0xed) {
            const unsigned third = static_cast<unsigned char>(text[n + 2]);
            append_unit(to, 0xd000 | (second & 0x3f) << 6 | (third & 0x3f));
            n += 3;
        } else {
            if (c == '"' || c == '\\') {
                to += '\\';
                to += static_cast<char>(c);
            } else {
                append_control(to, c);
            }
            ++n;
        }
        run = n;
    }
    to += text.substr(run);
    to += '"';
}

}  // namespace rhumb::overlay
