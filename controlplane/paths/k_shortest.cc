#include "controlplane/paths/k_shortest.hh"

#include <algorithm>
#include <tuple>
#include <utility>

#include "controlplane/paths/cspf_labels.hh"

namespace rhumb::paths {

using topology::distance;
using topology::link_number;
using topology::unusable;

namespace {

// Of paths that lack bandwidth because waypoints make them take a link twice.
constexpr std::size_t max_left_out = 1000;

// Paths that begin with `shared` links of path number `parent` and do not go on with one of
// `not_next`; once searched, the nearest of them.
struct family {
    distance metric = 0;  // of its nearest, or less
    std::uint64_t hops = 0;
    bool searched = false;
    std::size_t parent = 0;
    std::size_t shared = 0;
    std::vector<link_number> not_next;
    std::vector<link_number> links;  // all of them, where searched
};

constexpr auto behind = [](const family& a, const family& b) {
    // What is not searched may hide one that comes first.
    return std::tie(a.metric, a.hops, a.searched, a.links) >
           std::tie(b.metric, b.hops, b.searched, b.links);
};

class enumeration {
public:
    enumeration(const topology::map& m, const topology::plane& view, const route& way,
                const constraints& limits, const bandwidth_pool& pool)
        : map_(m), view_(view), limits_(limits), pool_(pool) {
        search_.prepare(m.graph(), view, way, limits);
    }

    // `first`: the nearest of all.
    void go(std::size_t k, path first, k_paths& result) {
        family all;
        all.metric = first.metric;
        all.hops = first.links.size();
        all.searched = true;
        all.links = std::move(first.links);
        push(std::move(all));
        std::size_t left_out = 0;
        while (result.paths.size() < k && !waiting_.empty() && left_out < max_left_out) {
            std::pop_heap(waiting_.begin(), waiting_.end(), behind);
            family next = std::move(waiting_.back());
            waiting_.pop_back();
            if (!next.searched) {
                result.gave_up |= !look_for(next);
                continue;
            }
            path found = make_path(map_.graph(), limits_.metric, next.links);
            divide(next);
            if (has_bandwidth(map_, found, limits_, pool_)) {
                result.paths.push_back(std::move(found));
            } else {
                ++left_out;
            }
        }
        // Of equally near ones the search meets one first and then the other.
        std::sort(result.paths.begin(), result.paths.end(), nearer);
        result.gave_up |= left_out == max_left_out;
        result.all = waiting_.empty() && !result.gave_up;
    }

private:
    void push(family f) {
        waiting_.push_back(std::move(f));
        std::push_heap(waiting_.begin(), waiting_.end(), behind);
    }

    // False if the search gave up.
    bool look_for(family& f) {
        label_search::start from;
        from.at = search_.first();
        from.not_first = f.not_next;
        const std::vector<link_number>& before = parents_[f.parent];
        const auto& delays = map_.graph().costs(topology::metric_type::delay);
        passed_.clear();
        for (std::size_t i = 0; i < f.shared; ++i) {
            passed_.push_back(from.at);
            from.metric += view_.costs[before[i]];
            from.delay += delays[before[i]] == unusable ? 0 : delays[before[i]];
            from.at = search_.after(from.at, before[i]);
        }
        from.hops = static_cast<std::uint32_t>(f.shared);
        from.not_through = passed_;
        const auto outcome = search_.run(from, rest_);
        if (outcome != label_search::outcome::found) {
            return outcome == label_search::outcome::none;
        }
        f.links.assign(before.begin(), before.begin() + static_cast<std::ptrdiff_t>(f.shared));
        f.links.insert(f.links.end(), rest_.begin(), rest_.end());
        f.metric = from.metric;
        for (const link_number l : rest_) {
            f.metric += view_.costs[l];
        }
        f.hops = f.links.size();
        f.searched = true;
        push(std::move(f));
        return true;
    }

    // The family without its nearest: by the first link that differs.
    void divide(family& f) {
        const std::size_t number = parents_.size();
        parents_.push_back(std::move(f.links));
        const std::vector<link_number>& nearest = parents_.back();
        label_search::place at = search_.first();
        distance spent = 0;
        for (std::size_t i = 0; i < nearest.size(); ++i) {
            if (i >= f.shared) {
                family part;
                part.parent = number;
                part.shared = i;
                if (i == f.shared) {
                    part.not_next = std::exchange(f.not_next, {});
                }
                part.not_next.push_back(nearest[i]);
                if (bound(at, spent, part)) {
                    push(std::move(part));
                }
            }
            spent += view_.costs[nearest[i]];
            at = search_.after(at, nearest[i]);
        }
    }

    // The least that a way on can cost; false where there is none.
    bool bound(label_search::place at, distance spent, family& part) const {
        const topology::graph& g = map_.graph();
        const topology::node_number node = search_.node_at(at);
        part.metric = topology::unreachable;
        for (link_number l = g.first[node]; l < g.first[node + 1]; ++l) {
            const label_search::place next = view_.costs[l] == unusable ? 0 : search_.after(at, l);
            if (view_.costs[l] == unusable || search_.metric_from(next) == topology::unreachable ||
                std::find(part.not_next.begin(), part.not_next.end(), l) != part.not_next.end()) {
                continue;
            }
            const distance metric = spent + view_.costs[l] + search_.metric_from(next);
            const std::uint64_t hops = part.shared + 1 + search_.hops_from(next);
            if (std::tie(metric, hops) < std::tie(part.metric, part.hops) ||
                part.metric == topology::unreachable) {
                part.metric = metric;
                part.hops = hops;
            }
        }
        return part.metric <= limits_.max_metric && part.metric != topology::unreachable;
    }

    const topology::map& map_;
    const topology::plane& view_;
    constraints limits_;
    bandwidth_pool pool_;
    label_search search_;
    std::vector<family> waiting_;
    std::vector<label_search::place> passed_;
    std::vector<link_number> rest_;
    std::vector<std::vector<link_number>> parents_;  // links of the paths that came so far
};

}  // namespace

k_paths k_shortest_paths(const topology::map& m, const route& asked, std::size_t k,
                         const constraints& limits, const reservations* reserved, owner_id owner) {
    k_paths result;
    route way = asked;
    const bandwidth_pool pool{reserved, owner};
    path_result first = shortest_path(m, asked, limits, reserved, owner);
    if (!first || !add_via(m, limits, way)) {
        result.gave_up = first.why().reason == no_path_reason::gave_up;
        result.all = !result.gave_up;
        result.why = first.why();
        return result;
    }
    const topology::plane view = prune(m, limits, pool);
    enumeration paths(m, view, way, limits, pool);
    paths.go(k, *std::move(first), result);
    return result;
}

}  // namespace rhumb::paths
