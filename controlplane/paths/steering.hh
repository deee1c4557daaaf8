// Which prefixes take which SR policy at a headend (RFC 9256 8): by configuration, and by the
// colors that routes bring (Color Extended Community, RFC 9012 4.3, RFC 9256 8.8).
//
// Of several colors the highest one that a policy answers to counts (8.4.1). A policy answers while
// it is valid, or while it wants its traffic dropped (8.2). What no policy answers to is not
// steered: its next hop's own route holds. Threads: one at a time.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <unordered_map>
#include <vector>

#include "controlplane/paths/policies.hh"

namespace rhumb::paths {

// The CO bits of a color: which endpoints will do beside the next hop. 11 counts as 00.
enum class color_only : std::uint8_t {
    next_hop = 0,       // 00: the next hop itself
    null_endpoint = 1,  // 01: then the null endpoint, of its family first
    any_endpoint = 2,   // 10: then any endpoint, of its family first
};
[[nodiscard]] constexpr color_only color_only_of(unsigned bits) noexcept {
    return bits == 1 || bits == 2 ? static_cast<color_only>(bits) : color_only::next_hop;
}

struct route_color {
    std::uint32_t color = 0;
    color_only only = color_only::next_hop;
    friend auto operator<=>(const route_color&, const route_color&) = default;
};

// A route as BGP would bring it.
struct colored_route {
    ip_prefix prefix;
    ip_prefix next_hop;  // all bits
    std::vector<route_color> colors;
    friend bool operator==(const colored_route&, const colored_route&) = default;
};

// A prefix that several policies of a headend are configured for.
struct steering_conflict {
    ip_prefix prefix;
    std::uint32_t winner = 0;  // policies
    std::uint32_t loser = 0;
    friend bool operator==(const steering_conflict&, const steering_conflict&) = default;
};

struct steering_change {
    ip_prefix prefix;
    std::optional<std::uint32_t> policy;  // none: not steered any more
    friend bool operator==(const steering_change&, const steering_change&) = default;
};

// Steering at one headend.
class steering {
public:
    steering(const policies& all, topology::node_number headend)
        : policies_(all), headend_(headend) {}

    void set(colored_route route);  // adds, or replaces that of the same prefix
    void remove(const ip_prefix& prefix);

    // To be called when policies or routes have changed; `changed` are policies as an evaluation
    // names them. What differs, by prefix.
    [[nodiscard]] std::vector<steering_change> update(std::span<const std::uint32_t> changed);

    [[nodiscard]] std::optional<std::uint32_t> policy_of(const ip_prefix& prefix) const;
    [[nodiscard]] const colored_route* route_of(const ip_prefix& prefix) const {
        const auto at = routes_.find(prefix);
        return at == routes_.end() ? nullptr : &at->second;
    }
    // All prefixes of a policy, in order.
    [[nodiscard]] std::vector<ip_prefix> prefixes_of(std::uint32_t policy) const;
    // Of configuration: the highest color wins.
    [[nodiscard]] const std::vector<steering_conflict>& conflicts() const { return conflicts_; }
    // The policies of this headend, with all prefixes that they are to have; once more, without
    // these, for each binding SID that a policy had until a while ago.
    [[nodiscard]] std::vector<installed_policy> installed() const;

private:
    struct answerer {
        ip_prefix endpoint;
        std::uint32_t policy;
    };
    void list_policies(std::span<const std::uint32_t> changed);
    void configure();
    [[nodiscard]] std::optional<std::uint32_t> resolve(const colored_route& route) const;
    void steer(const ip_prefix& prefix, std::vector<steering_change>& changes);

    const policies& policies_;
    topology::node_number headend_;
    std::map<ip_prefix, colored_route> routes_;
    std::unordered_map<std::uint32_t, std::set<ip_prefix>> by_color_;  // routes' prefixes
    std::map<std::uint32_t, std::vector<answerer>> answering_;         // by color, by endpoint
    std::unordered_map<std::uint32_t, std::uint32_t> known_;           // policy -> color
    std::map<ip_prefix, std::uint32_t> configured_;
    std::map<ip_prefix, std::uint32_t> steered_;
    std::vector<steering_conflict> conflicts_;
    std::set<ip_prefix> dirty_;
};

}  // namespace rhumb::paths
