#include "controlplane/scion/keys.hh"

#include <fmt/format.h>
#include <string.h>  // explicit_bzero is not in <cstring>

#include <array>
#include <cstdint>
#include <filesystem>

#include "controlplane/config/form.hh"
#include "controlplane/scion/file.hh"

namespace rhumb::scion::control {
namespace {

constexpr std::size_t max_key_file_bytes = 4096;

// The six bits of a base64 digit, -1 if it is none.
int digit_value(char c) {
    constexpr std::string_view digits =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const std::size_t found = digits.find(c);
    return found == std::string_view::npos ? -1 : static_cast<int>(found);
}

// A decoder that is fed a character at a time.
class base64_decoder {
public:
    // `to` has room for all that is to come.
    explicit base64_decoder(std::vector<byte>& to) : to_(to) {}

    // Whether `c` may stand here.
    bool feed(char c) {
        if (c == '=') {
            // One or two end the text, in the places of a group's last digits.
            if (digits_ + padding_ < 2 || digits_ + padding_ > 3) {
                return false;
            }
            ++padding_;
            return true;
        }
        const int value = digit_value(c);
        if (value < 0 || padding_ != 0) {
            return false;
        }
        bits_ = bits_ << 6 | static_cast<std::uint32_t>(value);
        if (digits_ != 0) {
            to_.push_back(static_cast<byte>(bits_ >> (6 - 2 * digits_)));
        }
        digits_ = (digits_ + 1) % 4;
        return true;
    }
    // Whether the text may end here.
    [[nodiscard]] bool complete() const { return (digits_ + padding_) % 4 == 0; }

private:
    std::vector<byte>& to_;
    std::uint32_t bits_ = 0;
    unsigned digits_ = 0;   // of a group of four that is not complete
    unsigned padding_ = 0;  // characters
};

error wrong(std::string message, std::uint32_t line, std::uint32_t column) {
    return error{std::move(message), {"", line, column}};
}

result<secret> load_key(const std::filesystem::path& path) {
    std::array<char, max_key_file_bytes> text{};
    const auto size = read_file(path.string(), text);
    auto key = size ? decode_key(std::string_view(text.data(), size.value()))
                    : result<secret>(error{"cannot read the key: " + size.why().message, {}});
    explicit_bzero(text.data(), text.size());
    if (!key) {
        error why = key.why();
        why.where.file = path.string();
        return why;
    }
    return key;
}

}  // namespace

void secret::wipe() noexcept {
    if (!bytes_.empty()) {
        explicit_bzero(bytes_.data(), bytes_.size());
    }
}

result<secret> decode_key(std::string_view text) {
    std::vector<byte> bytes;
    bytes.reserve(text.size() / 4 * 3 + 3);  // growing would leave copies behind
    base64_decoder decoder(bytes);
    std::uint32_t line = 1;
    std::uint32_t column = 0;
    bool well_formed = true;
    for (const char c : text) {
        ++column;
        if (c == '\n') {
            ++line;
            column = 0;
        } else if (c != '\r' && !decoder.feed(c)) {
            well_formed = false;
            break;
        }
    }
    secret key(std::move(bytes));  // from here on it is wiped
    if (!well_formed) {
        // The character itself stays untold: it may be a key's.
        return wrong("a key is base64 text; this character does not belong there", line, column);
    }
    if (!decoder.complete()) {
        return wrong("the base64 text of the key ends within a group of four characters", line,
                     column + 1);
    }
    if (key.bytes().empty()) {
        return wrong("the key is empty", line, column + 1);
    }
    return key;
}

result<master_keys> load_master_keys(const std::string& config_dir) {
    const std::filesystem::path folder = std::filesystem::path(config_dir) / "keys";
    auto key0 = load_key(folder / "master0.key");
    if (!key0) {
        return key0.why();
    }
    auto key1 = load_key(folder / "master1.key");
    if (!key1) {
        return key1.why();
    }
    return master_keys{std::move(key0).value(), std::move(key1).value()};
}

}  // namespace rhumb::scion::control
