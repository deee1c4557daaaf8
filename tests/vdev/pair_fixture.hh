// Two ASes with a link between them, and neighbours of both that the test plays.
//
//        AS E ──41 a1 12 ──────────── 21 b1 22── AS D
//                  │ AS A               AS B
//        AS C ──31 a2
//
// BFD runs between a1 and b1, and between the siblings a1 and a2. Paths are constructed from E and
// C towards D.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/support/daemon.hh"
#include "tests/support/scion_maker.hh"
#include "tests/vdev/pair_wire.hh"

namespace rhumb::test {

// What the test sees of a packet that came out.
struct seen_packet {
    unsigned next_header = 0;
    std::uint32_t number = 0;            // of data
    unsigned type = 0, code = 0;         // of SCMP
    std::uint64_t isd_as = 0;            // of an SCMP error about an interface
    std::uint64_t interface = 0;         // 5/0: that one; 6/0: by which the packet came in
    std::uint64_t second_interface = 0;  // 6/0: by which it was to leave
};
[[nodiscard]] seen_packet seen_in(const frame_bytes& frame);

enum class journey : std::uint8_t { e_to_d, c_to_d, d_to_e, d_to_c };

class border_pair : public testing::Test {
protected:
    using clock = std::chrono::steady_clock;

    struct own_router {
        temporary_folder folder;
        std::optional<daemon> process;
        [[nodiscard]] nlohmann::json rows(const std::string& what) {
            return process->ask("show", {{"what", what}}).value("rows", nlohmann::json::array());
        }
        // The row whose `key` is `name`; null: none.
        [[nodiscard]] nlohmann::json row(const std::string& what, const std::string& key,
                                         const std::string& name);
        [[nodiscard]] nlohmann::json session(const std::string& link) {
            return row("scion_bfd", "link", link);
        }
        [[nodiscard]] nlohmann::json interface(const std::string& link) {
            return row("scion_interfaces", "interface", link);
        }
        [[nodiscard]] bool is_up(const std::string& link) {
            return session(link).value("state", "") == "up";
        }
    };
    static constexpr const char* sibling_1 = "10.1.0.1:30042";
    static constexpr const char* sibling_2 = "10.1.0.2:30042";

    // How a topology differs from the plain one.
    struct variant {
        unsigned mtu_12 = 1472;
        unsigned mtu_41 = 1472;
        bool with_link_13 = false;
    };
    static std::string topology_of_a(const variant& of);
    static std::string topology_of_a() { return topology_of_a(variant()); }

    // Devices: the test's ends, unless something else is said; the link straight or through relay_.
    struct devices {
        std::string e;
        std::string d;
        bool relayed = false;
        bool with_a2 = true;
        std::string runtime = {};   // keys of [runtime]
        unsigned detect_mult = 10;  // of 300 ms
    };
    void start(const devices& wanted);
    void expect_sessions_up();
    void expect_clean_end();

    // A frame as the neighbour sends it, with `number` in its payload.
    struct frame_options {
        bool bad_mac_at_a = false;
        bool alert_at_a = false;  // a traceroute request, for the interface where it comes in
        std::uint32_t flow = 0xbeef;
        std::size_t data = 8;
    };
    [[nodiscard]] frame_bytes frame(journey way, std::uint32_t number,
                                    const frame_options& how) const;
    [[nodiscard]] frame_bytes frame(journey way, std::uint32_t number) const {
        return frame(way, number, frame_options());
    }

    [[nodiscard]] memif_end& source(journey way);
    [[nodiscard]] memif_end& target(journey way);
    // Sends packets of this journey until one of `at` fits, for at most `patience`.
    [[nodiscard]] std::optional<seen_packet> try_until(
        journey way, memif_end& at, const std::function<bool(const seen_packet&)>& fits);
    [[nodiscard]] bool arrives(journey way);
    // Whether the sender is told that interface `number` of `isd_as` is down.
    [[nodiscard]] bool is_answered_down(journey way, const std::string& isd_as, unsigned number);

    static bool wait_for(const std::function<bool()>& holds,
                         std::chrono::milliseconds patience = std::chrono::seconds(30));

    std::vector<byte> key_of_a_;  // of hop fields; what master0.key makes, at the start
    own_router a1_, a2_, b1_;
    temporary_folder wires_;
    std::unique_ptr<memif_end> e_, c_, d_;
    std::unique_ptr<relay> relay_;
    std::uint32_t number_ = 0;
};

// base64 of the keys in keys/master0.key, and what hop fields are made with.
inline constexpr const char* first_master = "V9SOOHqV4KdAL6utGnvEtA==\n";
inline constexpr const char* second_master = "mdPcnujoYi4JmWALGeKbSQ==\n";
[[nodiscard]] std::vector<byte> hop_key_of(const std::string& master);

}  // namespace rhumb::test
