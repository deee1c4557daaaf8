// Single segments for parts of a path: what compress.hh puts lists together from.
// Threads: one at a time, as the engine.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "controlplane/paths/compress.hh"

namespace rhumb::paths {

// Whether the links make a path from `from`; in words where they do not.
[[nodiscard]] std::optional<std::string> no_path_from(const path_engine& engine,
                                                      topology::node_number from,
                                                      std::span<const topology::link_number> links);

// The path as positions: 0 is its first node, n the end of its link number n - 1.
class path_pieces {
public:
    struct piece {
        std::size_t end = 0;
        topology::segment segment;
    };

    path_pieces(path_engine& engine, topology::node_number from,
                std::span<const topology::link_number> links, const compress_options& options)
        : engine_(engine), from_(from), links_(links), options_(options) {}

    [[nodiscard]] std::size_t length() const noexcept { return links_.size(); }
    [[nodiscard]] topology::node_number node(std::size_t position) const {
        return position == 0 ? from_ : engine_.graph().to[links_[position - 1]];
    }

    // The farthest position that one segment reaches: enough where is_uniform().
    [[nodiscard]] piece farthest(std::size_t begin);
    // All of them, one for each end, nearest first; node before adjacency segments.
    void all(std::size_t begin, std::vector<piece>& found);
    // Over a link of the headend's own, where that counts.
    [[nodiscard]] bool is_free(std::size_t begin, const piece& p) const {
        return begin == 0 && options_.own_link_is_free &&
               p.segment.kind == topology::segment_kind::adjacency;
    }
    // All nodes and links have their SIDs, and no binding SID fits.
    [[nodiscard]] bool is_uniform() const;

private:
    // How far a plane's only shortest paths follow the path.
    [[nodiscard]] std::size_t follow(std::size_t plane, std::size_t begin) const;
    [[nodiscard]] bool fits(const path_engine::binding& offered, std::size_t begin) const;
    [[nodiscard]] bool fits(const offered_binding& offer, std::size_t begin) const;
    // Fills in anycast segments where nothing else ends.
    void add_anycast(std::size_t plane, std::size_t begin,
                     std::vector<std::optional<topology::segment>>& by_end);

    path_engine& engine_;
    topology::node_number from_;
    std::span<const topology::link_number> links_;
    const compress_options& options_;
};

// The fewest pieces that make up the path.
[[nodiscard]] result<std::vector<path_pieces::piece>> fewest_pieces(path_pieces& pieces,
                                                                    const topology::map& m);

}  // namespace rhumb::paths
