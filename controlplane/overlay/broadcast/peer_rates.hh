// How much each peer may send: frames and bytes, in the long run and at once. For each the time is
// kept at which all that it has sent would be paid for; it may lie ahead by as much as the burst
// (GCRA, ITU-T I.371).
// Threads: one.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "controlplane/overlay/broadcast/keyed_hash.hh"
#include "controlplane/overlay/broadcast/name_table.hh"
#include "controlplane/overlay/broadcast/options.hh"

namespace rhumb::overlay::broadcast {

class peer_rates {
public:
    peer_rates(const rate_options& wanted, const secret& key) : options_(wanted), hash_(key) {}

    // Whether this peer may send one frame of so many bytes now. Charged to both, or to neither.
    bool take(const peer_key& peer, std::size_t bytes, time_point now) {
        if (options_.frames_per_second == 0 && options_.bytes_per_second == 0) {
            return true;
        }
        account& of = find_or_add(peer, now);
        const time_point frames = charged(of.frames, 1, options_.frames_per_second, now);
        const time_point volume = charged(of.bytes, bytes, options_.bytes_per_second, now);
        if (frames > now + worth(options_.frames_burst, options_.frames_per_second) ||
            volume > now + worth(options_.bytes_burst, options_.bytes_per_second)) {
            return false;
        }
        of.frames = frames;
        of.bytes = volume;
        return true;
    }
    // Whether that frame may be one of the membership protocol.
    bool take_membership(const peer_key& peer, time_point now) {
        if (options_.membership_per_second == 0) {
            return true;
        }
        account& of = find_or_add(peer, now);
        const time_point paid = charged(of.membership, 1, options_.membership_per_second, now);
        if (paid > now + worth(options_.membership_burst, options_.membership_per_second)) {
            return false;
        }
        of.membership = paid;
        return true;
    }
    [[nodiscard]] std::size_t size() const noexcept { return accounts_.size(); }

private:
    struct account {
        std::uint64_t name = 0;
        time_point frames;
        time_point bytes;
        time_point membership;
        time_point heard;
    };

    // The time in which so much may be sent.
    static duration worth(std::size_t amount, std::uint32_t per_second) {
        constexpr std::uint64_t second = 1'000'000'000;
        return std::chrono::nanoseconds(per_second == 0 ? 0 : amount * second / per_second);
    }
    static time_point charged(time_point paid, std::size_t amount, std::uint32_t per_second,
                              time_point now) {
        return std::max(paid, now) + worth(amount, per_second);
    }

    account& find_or_add(const peer_key& peer, time_point now) {
        const std::uint64_t name = hash_(peer);
        std::uint32_t number = names_.find(name);
        if (number != name_table::none) {
            accounts_[number].heard = now;
            return accounts_[number];
        }
        if (accounts_.size() < options_.peers) {
            number = static_cast<std::uint32_t>(accounts_.size());
            accounts_.emplace_back();
        } else {
            const auto oldest = std::min_element(
                accounts_.begin(), accounts_.end(),
                [](const account& a, const account& b) { return a.heard < b.heard; });
            number = static_cast<std::uint32_t>(oldest - accounts_.begin());
            names_.remove(oldest->name);
        }
        names_.add(name, number);
        accounts_[number] = {name, now, now, now, now};
        return accounts_[number];
    }

    rate_options options_;
    keyed_hash hash_;
    name_table names_;
    std::vector<account> accounts_;
};

}  // namespace rhumb::overlay::broadcast
