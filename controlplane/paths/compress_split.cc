// Lists that are longer than what a node can impose, split by binding SIDs. A list at position x
// that leads to y is a row of pieces, at most as many as its node can impose: segments, and binding
// segments for lists at positions between. Lists at later positions are known before those at
// earlier ones, so the fewest binding SIDs are found by dynamic programming over x and y.
#include <algorithm>
#include <optional>

#include "controlplane/paths/compress_pieces.hh"

namespace rhumb::paths {

using topology::link_number;
using topology::node_number;
using topology::segment;
using topology::segment_kind;

namespace {

// Binding SIDs count first, then all that is imposed anywhere.
using price = std::uint64_t;
constexpr price never = ~price{0};
constexpr price one_binding = price{1} << 32;

segment proposal(node_number node, std::size_t number) {
    return {segment_kind::binding, 0, node, first_proposed + static_cast<std::uint32_t>(number)};
}

class splitter {
public:
    splitter(path_engine& engine, path_pieces& pieces) : engine_(engine), pieces_(pieces) {
        single_.resize(pieces.length() + 1);
        for (std::size_t i = 0; i < pieces.length(); ++i) {
            pieces.all(i, single_[i]);
        }
    }

    std::optional<split_segments> run(std::size_t headend_labels) {
        const std::size_t end = pieces_.length();
        prices_.assign(end + 1, std::vector<price>(end + 1, never));
        for (std::size_t x = end; x-- > 1;) {
            prices_[x] = fill(x, engine_.msd(pieces_.node(x)), false).prices;
        }
        split_segments made;
        if (!build(0, end, headend_labels, made.segments, made)) {
            return std::nullopt;
        }
        return made;
    }

private:
    struct origin {
        std::size_t before = 0;
        bool is_binding = false;
        segment by;
    };
    // Lists at one position, by where they end.
    struct lists {
        std::vector<price> prices;
        std::vector<std::size_t> counts;       // pieces, as few as the price allows
        std::vector<std::vector<origin>> how;  // by pieces before the last, then by end; if wanted
    };

    lists fill(std::size_t x, std::size_t most, bool with_origins) {
        const std::size_t end = pieces_.length();
        lists made{std::vector<price>(end + 1, never), std::vector<std::size_t>(end + 1), {}};
        std::vector<price> now(end + 1, never);
        std::vector<price> next;
        now[x] = 0;
        for (std::size_t count = 0; count < std::min(most, end - x); ++count) {
            next.assign(end + 1, never);
            if (with_origins) {
                made.how.emplace_back(end + 1);
            }
            for (std::size_t at = x; at < end; ++at) {
                if (now[at] != never) {
                    extend(x, at, now[at], next, with_origins ? &made.how.back() : nullptr);
                }
            }
            for (std::size_t y = x + 1; y <= end; ++y) {
                if (next[y] < made.prices[y]) {
                    made.prices[y] = next[y];
                    made.counts[y] = count + 1;
                }
            }
            now.swap(next);
        }
        return made;
    }

    void extend(std::size_t x, std::size_t at, price spent, std::vector<price>& next,
                std::vector<origin>* how) {
        const auto offer = [&](std::size_t y, price p, const origin& from) {
            if (p < next[y]) {
                next[y] = p;
                if (how != nullptr) {
                    (*how)[y] = from;
                }
            }
        };
        for (const path_pieces::piece& p : single_[at]) {
            // A node does not look its own label up before it has sent the packet.
            if (at != x || p.segment.kind != segment_kind::binding) {
                offer(p.end, spent + 1, {at, false, p.segment});
            }
        }
        for (std::size_t y = at + 1; at != x && y <= pieces_.length(); ++y) {
            if (prices_[at][y] != never) {
                offer(y, spent + 1 + one_binding + prices_[at][y], {at, true, {}});
            }
        }
    }

    bool build(std::size_t x, std::size_t y, std::size_t most, topology::segments& list,
               split_segments& made) {
        const lists filled = fill(x, most, true);
        if (filled.prices[y] == never) {
            return false;
        }
        std::vector<std::pair<origin, std::size_t>> row;  // with where it ends
        std::size_t at = y;
        for (std::size_t count = filled.counts[y]; count > 0; --count) {
            const origin& o = filled.how[count - 1][at];
            row.emplace_back(o, at);
            at = o.before;
        }
        std::reverse(row.begin(), row.end());
        for (const auto& [o, end] : row) {
            if (!o.is_binding) {
                list.push_back(o.by);
                continue;
            }
            const std::size_t number = made.bindings.size();
            const node_number node = pieces_.node(o.before);
            list.push_back(proposal(node, number));
            made.bindings.push_back({node, {}});
            topology::segments inner;
            if (!build(o.before, end, engine_.msd(node), inner, made)) {
                return false;
            }
            made.bindings[number].segments = std::move(inner);
        }
        return true;
    }

    path_engine& engine_;
    path_pieces& pieces_;
    std::vector<std::vector<path_pieces::piece>> single_;  // by where they begin
    std::vector<std::vector<price>> prices_;               // at a position, by where they end
};

// Long paths: the fewest segments, cut into a chain of lists, each of which ends with the next
// one's binding SID.
std::optional<split_segments> cut_into_chain(path_engine& engine, path_pieces& pieces,
                                             const std::vector<path_pieces::piece>& all,
                                             std::size_t headend_labels) {
    const auto start = [&](std::size_t i) { return pieces.node(i == 0 ? 0 : all[i - 1].end); };
    constexpr std::size_t none = ~std::size_t{0};
    const std::size_t end = all.size();
    std::vector<std::size_t> fewest(end, none);
    std::vector<std::size_t> cut(end, 0);  // where the next list begins; end: nowhere
    for (std::size_t i = end; i-- > 0;) {
        const std::size_t most = i == 0 ? headend_labels : engine.msd(start(i));
        if (i > 0 && all[i].segment.kind == segment_kind::binding) {
            continue;  // it would begin with its own label
        }
        if (end - i <= most) {
            fewest[i] = 0;
            cut[i] = end;
            continue;
        }
        for (std::size_t j = i + 1; j < i + most; ++j) {
            if (fewest[j] != none && fewest[j] + 1 < fewest[i]) {
                fewest[i] = fewest[j] + 1;
                cut[i] = j;
            }
        }
    }
    if (fewest[0] == none) {
        return std::nullopt;
    }
    split_segments made;
    made.fewest = false;
    topology::segments* list = &made.segments;
    made.bindings.reserve(fewest[0]);
    for (std::size_t i = 0; i < end; i = cut[i]) {
        for (std::size_t n = i; n < cut[i]; ++n) {
            list->push_back(all[n].segment);
        }
        if (cut[i] < end) {
            list->push_back(proposal(start(cut[i]), made.bindings.size()));
            made.bindings.push_back({start(cut[i]), {}});
            list = &made.bindings.back().segments;
        }
    }
    return made;
}

}  // namespace

result<split_segments> compress_to_msd(path_engine& engine, node_number from,
                                       std::span<const link_number> links, const msd_options& msd,
                                       const compress_options& options) {
    if (auto wrong = no_path_from(engine, from, links)) {
        return error{*wrong, {}};
    }
    path_pieces pieces(engine, from, links, options);
    auto all = fewest_pieces(pieces, engine.map());
    if (!all) {
        return all.why();
    }
    const std::size_t imposed = engine.msd(from);
    const std::size_t left = imposed > msd.also ? imposed - msd.also : 0;
    if (all->size() <= left) {
        split_segments whole;
        for (const path_pieces::piece& p : *all) {
            whole.segments.push_back(p.segment);
        }
        return whole;
    }
    auto made = links.size() <= msd.max_exact_hops ? splitter(engine, pieces).run(left)
                                                   : cut_into_chain(engine, pieces, *all, left);
    if (!made) {
        return error{"the path needs " + std::to_string(all->size()) + " segments, " +
                         engine.map().name(from) + " can impose " + std::to_string(left) +
                         ", and the nodes on the way cannot take enough of them over",
                     {}};
    }
    return *std::move(made);
}

}  // namespace rhumb::paths
