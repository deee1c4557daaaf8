// The packet that `packet` writes and `walk` sends: its options, and how it is made. Threads: one.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "rhumb/bytes.hh"
#include "tools/rhumb-scion/lab.hh"

namespace rhumb::scion::tool {

struct packet_options {
    std::string kind = "udp";
    std::string at;    // traceroute: the interface that is to answer
    std::string data;  // as hex
    std::string text;
    std::uint16_t from_port = 31000;
    std::uint16_t to_port = 31000;
    std::uint32_t flow = 1;
    std::uint32_t traffic_class = 0;
    std::vector<std::string> flips;

    void add_to(po::options_description& options);

    struct made {
        std::vector<byte> scion;  // from the common header on
        // What --flip did: "bit 1055 is flipped, in the MAC of hop field 4".
        std::vector<std::string> flipped;
    };
    [[nodiscard]] made packet(const lab& in, std::size_t from, std::size_t to,
                              const paths::path& by) const;
};

// Path `number`, counted from 1.
[[nodiscard]] const paths::path& choose_path(const std::vector<paths::path>& all,
                                             std::uint64_t number);

}  // namespace rhumb::scion::tool
