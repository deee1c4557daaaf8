// Which policies use a link: entries are only ever added, and those that a later stamp of their
// policy has made stale are passed over and swept out now and then. Threads: one at a time.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "controlplane/topology/graph.hh"

namespace rhumb::paths {

class policies_index {
public:
    void resize(std::size_t links) { by_link_.resize(links); }
    void clear(std::size_t links) {
        by_link_.assign(links, {});
        entries_ = live_ = 0;
    }

    // From now on the policy uses these links and no others.
    void set(std::uint32_t policy, std::span<const topology::link_number> links) {
        if (policy >= stamps_.size()) {
            stamps_.resize(policy + 1);
        }
        stamp& s = stamps_[policy];
        ++s.number;
        live_ -= s.links;
        s.links = 0;
        if (entries_ > 2 * live_ + 4096) {
            sweep();
        }
        for (const topology::link_number l : links) {
            if (l < by_link_.size()) {
                by_link_[l].push_back({policy, s.number});
                ++s.links;
            }
        }
        live_ += s.links;
        entries_ += s.links;
    }

    template <class Visit>
    void each(topology::link_number l, Visit visit) const {
        if (l < by_link_.size()) {
            for (const entry& e : by_link_[l]) {
                if (stamps_[e.policy].number == e.stamp) {
                    visit(e.policy);
                }
            }
        }
    }

private:
    struct entry {
        std::uint32_t policy;
        std::uint32_t stamp;
    };
    struct stamp {
        std::uint32_t number = 0;
        std::uint32_t links = 0;
    };

    void sweep() {
        entries_ = 0;
        for (auto& list : by_link_) {
            std::erase_if(list,
                          [&](const entry& e) { return stamps_[e.policy].number != e.stamp; });
            entries_ += list.size();
        }
    }

    std::vector<std::vector<entry>> by_link_;
    std::vector<stamp> stamps_;  // by policy
    std::size_t entries_ = 0;
    std::size_t live_ = 0;
};

}  // namespace rhumb::paths
