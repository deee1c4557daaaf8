// The slow path of a SCION border router: answers what workers hand over, and keeps BFD sessions
// with neighbours and siblings. No I/O and no clock of its own. Threads: one at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "controlplane/scion/bfd.hh"
#include "controlplane/scion/setup.hh"
#include "rhumb/bytes.hh"
#include "rhumb/packet/slow_request.hh"

namespace rhumb::scion {

class slow_service {
public:
    using clock = std::chrono::steady_clock;
    // The time of day, and a clock that nobody sets.
    struct moment {
        clock::time_point steady;
        std::uint64_t since_1970_ns = 0;
    };
    // A link of this number went up or down.
    using link_watcher = std::function<void(std::uint16_t link, bool up)>;

    slow_service(bfd::session::random_source random, link_watcher watcher)
        : random_(std::move(random)), watcher_(std::move(watcher)) {}

    // Takes a configuration: sessions go on where the link and its settings are as they were, and
    // start anew elsewhere. Tells the watcher about every link.
    void use(std::shared_ptr<const setup> next, const moment& now);

    // A packet from its IP header on, about which a worker asked.
    void handle(const slow_request& what, std::span<const byte> packet, const moment& now);
    // What is due; hand over waiting packets first.
    void tick(const moment& now);

    // An IP packet, and the link that it is for.
    struct own_packet {
        std::uint16_t link = 0;
        std::vector<byte> bytes;
    };
    // What to send, oldest first: of BFD sessions, and all else.
    [[nodiscard]] std::vector<own_packet> take_session_packets() {
        return std::exchange(session_out_, {});
    }
    [[nodiscard]] std::vector<own_packet> take_packets() { return std::exchange(out_, {}); }

    [[nodiscard]] const setup& current() const { return *setup_; }
    // Of a link's session; nullopt: it has none.
    [[nodiscard]] std::optional<bfd::status> session_of(std::size_t link) const;
    [[nodiscard]] bool is_up(std::size_t link) const;

private:
    void handle_session(const slow_request& what, std::span<const byte> packet, const moment& now);
    void handle_other(const slow_request& what, std::span<const byte> packet);
    void act(std::uint16_t link, const bfd::outcome& done, const moment& now);
    [[nodiscard]] std::vector<byte> session_packet(std::uint16_t link,
                                                   const bfd::control_packet& packet,
                                                   const moment& now) const;

    bfd::session::random_source random_;
    link_watcher watcher_;
    std::shared_ptr<const setup> setup_;
    std::vector<std::optional<bfd::session>> sessions_;  // by link
    std::vector<own_packet> session_out_;
    std::vector<own_packet> out_;
};

}  // namespace rhumb::scion
