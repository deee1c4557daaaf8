// Writes captures: the pcap format (draft-ietf-opsawg-pcap) with nanosecond time stamps,
// little-endian whatever the machine, link type Ethernet. Threads: one at a time.
//
//   file:   magic a1b23c4d | version 2.4 | 0 | 0 | snap length | link type 1           24 bytes
//   packet: seconds | nanoseconds | bytes kept | bytes on the wire | the bytes kept    16 + n
#pragma once

#include <cstdint>
#include <cstdio>
#include <memory>
#include <span>
#include <string>

#include "rhumb/bytes.hh"

namespace rhumb::ctl {

class pcap_writer {
public:
    // Creates or overwrites the file, - being standard output, and writes the file header.
    // Throws failure{file}, as the others do.
    explicit pcap_writer(const std::string& path);

    // `nanoseconds` since 1970; `length` on the wire. The packet is in the file on return.
    void write(std::uint64_t nanoseconds, std::uint32_t length, std::span<const byte> kept);

private:
    void put(std::span<const byte> bytes);
    void flush();

    struct closer {
        void operator()(std::FILE* file) const noexcept {
            if (file != stdout) {
                (void)std::fclose(file);
            }
        }
    };
    std::string path_;
    std::unique_ptr<std::FILE, closer> file_;
};

}  // namespace rhumb::ctl
