// Any frames, wishes and times into a neighbour table: it holds what is wanted and no more, sends
// frames that are well formed, and says of a next hop nothing that contradicts what it said before.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <span>
#include <utility>
#include <vector>

#include "controlplane/neighbours/table.hh"

namespace {

using namespace rhumb;
using namespace rhumb::neighbours;

constexpr ethernet::mac_address our_mac{2, 0, 0, 0, 0, 1};

void require(bool holds) {
    if (!holds) {
        std::abort();
    }
}

ip_address address_of(byte number) {
    ip_address made{family::ipv4, {192, 0, 2, static_cast<byte>(number & 0x7f)}};
    if (number >= 0x80) {
        made = {family::ipv6, {0x20, 0x01, 0x0d, 0xb8}};
        made.bytes[15] = number & 0x7f;
    }
    return made;
}

settings small_table() {
    settings made;
    made.interfaces.push_back({0,
                               0,
                               our_mac,
                               {{address_of(1), 25}, {address_of(0x81), 64}},
                               address_of(126),
                               address_of(0xfe)});
    made.interfaces.push_back({0, 5, our_mac, {{{family::ipv4, {10, 0, 0, 1}}, 8}}, {}, {}});
    made.statics.push_back({0, address_of(9), {2, 0, 0, 0, 0, 9}});
    made.max_neighbours = 8;
    made.waiting = 6;
    return made;
}

// What a run knows of its table.
class run {
public:
    explicit run(std::span<const byte> input) : input_(input) {}

    void go() {
        while (!input_.empty()) {
            step(next());
            perform();
            const auto deadline = table_.next_deadline();
            require(!deadline || *deadline > now_ || late_);
            require(table_.size() <= 1 + std::min<std::size_t>(8, wants_.size()));
            std::size_t waiting = 0;
            for (const row& one : table_.rows(now_)) {
                require(one.waiting <= 3 && one.mac.has_value() == is_usable(one));
                waiting += one.waiting;
            }
            require(waiting <= 6);
        }
    }

private:
    byte next() {
        const byte first = input_.empty() ? byte{0} : input_.front();
        input_ = input_.subspan(input_.empty() ? 0 : 1);
        return first;
    }
    std::vector<byte> next_bytes() {
        const auto taken = input_.first(std::min<std::size_t>(next(), input_.size()));
        input_ = input_.subspan(taken.size());
        return {taken.begin(), taken.end()};
    }

    void step(byte what) {
        switch (what % 6) {
            case 0: table_.frame_received(what / 6 % 3, next_bytes(), now_); break;
            case 1: table_.frame_received(what / 6 % 3, mended(next_bytes()), now_); break;
            case 2:
                now_ += duration{next() * 37};
                late_ = next() % 4 == 0;
                if (!late_) {
                    table_.tick(now_);
                }
                break;
            case 3:
                if (auto hop = table_.want(address_of(next()), now_); hop.ok()) {
                    require(hop->mac.has_value() == usable_.contains(hop->id) || hop->id == 0);
                    wants_.push_back(hop->id);
                }
                break;
            case 4:
                if (!wants_.empty()) {
                    const auto at = wants_.begin() + next() % static_cast<long>(wants_.size());
                    const neighbour_id id = *at;
                    wants_.erase(at);
                    table_.release(id);
                    if (std::find(wants_.begin(), wants_.end(), id) == wants_.end()) {
                        usable_.erase(id);
                    }
                }
                break;
            default: table_.wait(address_of(next()), input_.first(0), now_); break;
        }
    }

    // Addressed to us, and with a checksum that holds: fuzzing alone hardly finds it.
    static std::vector<byte> mended(std::vector<byte> frame) {
        std::copy_n(our_mac.begin(), std::min<std::size_t>(6, frame.size()), frame.begin());
        if (frame.size() >= 62) {
            byte* const ip = frame.data() + 14;
            store_be16(ip - 2, ethernet::type_ipv6);
            ip[0] = 0x60;
            ip[6] = nd::icmpv6;
            ip[7] = nd::hop_limit;
            ip[40] = nd::solicitation + ip[40] % 2;
            const std::size_t length = frame.size() - 54;
            store_be16(ip + 4, static_cast<std::uint16_t>(length));
            store_be16(ip + 42, 0);
            store_be16(ip + 42, static_cast<std::uint16_t>(~nd::icmp_sum(ip, length)));
        }
        return frame;
    }

    bool is_usable(const row& one) const {
        return one.state == state::static_ || usable_.contains(one.id);
    }

    void perform() {
        for (const action& one : table_.take_actions()) {
            if (const auto* sent = std::get_if<send_frame>(&one)) {
                const auto view = ethernet::read_frame(sent->bytes);
                require(view && view->source == our_mac && view->destination != our_mac);
                require(view->vlan == (sent->interface == 0 ? 0 : 5));
                require(view->type == ethernet::type_arp ? arp::parse(view->payload).has_value()
                                                         : nd::parse(view->payload).has_value());
            } else if (const auto* waited = std::get_if<send_packet>(&one)) {
                require(waited->id == 0 || usable_.at(waited->id) == waited->mac);
            } else {
                told(std::get<next_hop_change>(one));
            }
        }
    }

    void told(const next_hop_change& change) {
        require(std::find(wants_.begin(), wants_.end(), change.id) != wants_.end());
        switch (change.what) {
            case next_hop_change::kind::resolved:
                require(usable_.emplace(change.id, change.mac).second && is_station(change.mac));
                break;
            case next_hop_change::kind::changed:
                require(std::exchange(usable_.at(change.id), change.mac) != change.mac);
                break;
            case next_hop_change::kind::unreachable: usable_.erase(change.id); break;
        }
    }

    std::span<const byte> input_;
    time_point now_{std::chrono::hours{1}};
    bool late_ = false;
    neighbour_table table_ = std::move(neighbour_table::create(small_table()).value());
    std::vector<neighbour_id> wants_;
    std::map<neighbour_id, ethernet::mac_address> usable_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    run({data, size}).go();
    return 0;
}
