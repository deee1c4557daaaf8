// A source of the map that always says everything: a file, read again now and then. Turns whole
// networks into what has changed, and keeps this router's own links as its ports see them.
// Threads: one at a time.
#pragma once

#include <functional>
#include <map>
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

    [[nodiscard]] const std::set<std::string, std::less<>>& links_down() const { return down_; }

private:
    struct known {
        topology::advertisement said;  // as the source has it
        std::uint64_t version = 0;
        bool withdrawn = false;
    };

    [[nodiscard]] topology::advertisement with_links_up(const topology::advertisement& said) const;

    std::string own_node_;
    std::map<std::string, known, std::less<>> known_;
    std::set<std::string, std::less<>> down_;
};

}  // namespace rhumb::routing
