// The listing as lines: byte offset, name, value, meaning. Threads: any.
#include <fmt/format.h>

#include <string>
#include <string_view>

#include "controlplane/scion/explain.hh"

namespace rhumb::scion::explain {

namespace {

constexpr std::string_view plain = "\x1b[0m";
constexpr std::string_view bold = "\x1b[1m";
constexpr std::string_view red = "\x1b[31m";
constexpr std::string_view green = "\x1b[32m";
constexpr std::string_view yellow = "\x1b[33m";

class writer {
public:
    explicit writer(bool colours) : colours_(colours) {}

    void line(const field& of, unsigned depth) {
        const bool is_part = !of.inside.empty() || depth == 0;
        const std::string_view judged = of.judged == verdict::right   ? green
                                        : of.judged == verdict::wrong ? red
                                                                      : "";
        text_ += of.bytes != 0 || is_part ? fmt::format("{:6}", of.offset) : "      ";
        painted(yellow, of.is_current ? " -> " : "    ");
        std::string name(std::size_t{2} * depth, ' ');
        name += of.name;
        const bool has_more = !of.value.empty() || !of.meaning.empty();
        painted(is_part ? bold : "", has_more ? fmt::format("{:<32}", name) : name);
        if (has_more) {
            text_ += ' ';
            painted(judged, of.meaning.empty() ? of.value : fmt::format("{:<20}", of.value));
        }
        if (!of.meaning.empty()) {
            text_ += ' ';
            painted(judged, of.meaning);
        }
        text_ += '\n';
        for (const field& one : of.inside) {
            line(one, depth + 1);
        }
    }
    void line(const fault& of) {
        text_ += fmt::format("{:6}    ", of.offset);
        painted(red, "MALFORMED: " + of.message);
        text_ += '\n';
    }
    [[nodiscard]] std::string take() && { return std::move(text_); }

private:
    void painted(std::string_view colour, std::string_view what) {
        const bool paint = colours_ && !colour.empty();
        text_ += paint ? colour : "";
        text_ += what;
        text_ += paint ? plain : "";
    }

    bool colours_;
    std::string text_;
};

}  // namespace

std::string to_text(const listing& of, bool colours) {
    writer out(colours);
    for (const field& one : of.layers) {
        out.line(one, 0);
    }
    for (const fault& one : of.faults) {
        out.line(one);
    }
    return std::move(out).take();
}

}  // namespace rhumb::scion::explain
