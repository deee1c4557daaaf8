// The sources of a router's map. A file, read again now and then, always says everything; it is
// turned into what has changed, with this router's own links as its ports see them. Other nodes may
// speak for themselves: what one has said stands in place of what the file says of it, and in it
// links that are said to be down are left out until it says more.
// Threads: one at a time.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "controlplane/topology/map.hh"

namespace rhumb::routing {

// Adds what a later change has changed.
void add_to(topology::change& all, const topology::change& later);

class whole_map {
public:
    // Links of this node are left out of what it says while they are down.
    explicit whole_map(std::string own_node) : own_node_(std::move(own_node)) {}

    // The network from now on: nodes that differ are said anew, those that are gone withdrawn. The
    // versions of what is given do not matter. An error leaves the map as it was.
    [[nodiscard]] result<topology::change> replace(std::vector<topology::advertisement> network,
                                                   topology::map& into);
    // Whether a link of this node carries packets.
    [[nodiscard]] topology::change set_link(std::string_view link, bool up, topology::map& into);

    // What a node says of itself, if that is newer than what it has said before: `stale` tells.
    // Of this node nothing is taken.
    [[nodiscard]] result<topology::change> hear(topology::advertisement said, topology::map& into);
    // A link of a node is down, as long as that version is the latest that it has said.
    [[nodiscard]] topology::change hear_down(std::string_view node, std::string_view link,
                                             std::uint64_t version, topology::map& into);

    // What a node says of itself, links that are down and all; null: it is not on the map.
    [[nodiscard]] const topology::advertisement* said(std::string_view node) const;
    [[nodiscard]] const std::set<std::string, std::less<>>& links_down() const { return down_; }
    // Those of this node that the map lacks while they are down, in its order.
    [[nodiscard]] std::vector<topology::link> own_links_down() const;

private:
    struct known {
        topology::advertisement said;                  // as the file has it
        std::uint64_t version = 0;                     // in the map
        bool withdrawn = false;                        // from the file, or never there
        std::optional<topology::advertisement> heard;  // from the node itself
        std::set<std::string, std::less<>> down;       // links of `heard`

        [[nodiscard]] const topology::advertisement& now() const { return heard ? *heard : said; }
    };

    [[nodiscard]] topology::advertisement with_links_up(const known& node) const;
    [[nodiscard]] result<topology::change> renew(known& node, topology::map& into);

    std::string own_node_;
    std::map<std::string, known, std::less<>> known_;
    std::set<std::string, std::less<>> down_;
};

}  // namespace rhumb::routing
