// The master keys of an AS, from which its routers and control services derive the key of hop
// fields: keys/master0.key and keys/master1.key, base64 text (RFC 4648 section 4). Nothing is
// derived here. Threads: control.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "rhumb/bytes.hh"
#include "rhumb/result.hh"

namespace rhumb::scion::control {

// Bytes that are overwritten when they are no longer needed. They move, and are never copied.
class secret {
public:
    secret() = default;
    explicit secret(std::vector<byte> bytes) : bytes_(std::move(bytes)) {}
    secret(secret&& other) noexcept : bytes_(std::exchange(other.bytes_, {})) {}
    secret& operator=(secret&& other) noexcept {
        if (this != &other) {
            wipe();
            bytes_ = std::exchange(other.bytes_, {});
        }
        return *this;
    }
    ~secret() { wipe(); }

    [[nodiscard]] std::span<const byte> bytes() const { return bytes_; }

private:
    void wipe() noexcept;
    std::vector<byte> bytes_;
};

// At least one byte each.
struct master_keys {
    secret key0;
    secret key1;  // the next one; no router uses it yet
};

// Base64 with its padding, line ends ignored. Bits beyond the last byte are not looked at, as the
// reference implementation does not. The error says where, but has no file.
[[nodiscard]] result<secret> decode_key(std::string_view text);

// The keys under `config_dir`.
[[nodiscard]] result<master_keys> load_master_keys(const std::string& config_dir);

}  // namespace rhumb::scion::control
