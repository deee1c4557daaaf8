#include "tools/rhumbctl/pcap.hh"

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <system_error>

#include "tools/rhumbctl/failure.hh"

namespace rhumb::ctl {
namespace {

constexpr std::uint32_t magic = 0xa1b23c4d;
constexpr std::uint32_t version = 4U << 16 | 2;  // two 16-bit numbers, major first
constexpr std::uint32_t snap_length = 65535;
constexpr std::uint32_t link_ethernet = 1;
constexpr std::uint64_t nanoseconds_a_second = 1'000'000'000;

template <std::size_t Count>
std::array<byte, 4 * Count> little_endian(const std::array<std::uint32_t, Count>& words) {
    std::array<byte, 4 * Count> bytes{};
    for (std::size_t n = 0; n < bytes.size(); ++n) {
        bytes[n] = static_cast<byte>(words[n / 4] >> 8 * (n % 4));
    }
    return bytes;
}

failure unwritable(const std::string& path) {
    return {exit_status::file,
            fmt::format("{}: cannot write: {}", path, std::generic_category().message(errno))};
}

}  // namespace

pcap_writer::pcap_writer(const std::string& path)
    : path_(path), file_(path == "-" ? stdout : std::fopen(path.c_str(), "wbe")) {
    if (!file_) {
        throw unwritable(path_);
    }
    put(little_endian<6>({magic, version, 0, 0, snap_length, link_ethernet}));
    flush();
}

void pcap_writer::write(std::uint64_t nanoseconds, std::uint32_t length,
                        std::span<const byte> kept) {
    put(little_endian<4>({static_cast<std::uint32_t>(nanoseconds / nanoseconds_a_second),
                          static_cast<std::uint32_t>(nanoseconds % nanoseconds_a_second),
                          static_cast<std::uint32_t>(kept.size()), length}));
    put(kept);
    flush();
}

void pcap_writer::put(std::span<const byte> bytes) {
    if (!bytes.empty() && std::fwrite(bytes.data(), 1, bytes.size(), file_.get()) != bytes.size()) {
        throw unwritable(path_);
    }
}

void pcap_writer::flush() {
    if (std::fflush(file_.get()) != 0) {
        throw unwritable(path_);
    }
}

}  // namespace rhumb::ctl
