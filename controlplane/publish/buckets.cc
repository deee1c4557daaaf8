#include "controlplane/publish/buckets.hh"

#include <algorithm>
#include <array>
#include <numeric>

namespace rhumb::publish {

namespace {

using shares = std::array<std::size_t, max_paths>;

// Whole buckets by the largest remainder method; each path one at least.
shares share_buckets(const path_group& group) {
    const std::size_t n = group.count;
    const std::size_t total = std::max<std::size_t>(
        std::accumulate(group.weights.begin(), group.weights.begin() + n, std::size_t{0}), 1);
    shares share{};
    shares remainder{};
    for (std::size_t p = 0; p < n; ++p) {
        const std::size_t exact = path_group::buckets * group.weights[p];
        share[p] = std::max<std::size_t>(exact / total, 1);
        remainder[p] = exact % total;
    }
    std::array<std::size_t, max_paths> order{};
    std::iota(order.begin(), order.begin() + n, std::size_t{0});
    std::sort(order.begin(), order.begin() + n, [&](std::size_t a, std::size_t b) {
        return remainder[a] != remainder[b] ? remainder[a] > remainder[b] : a < b;
    });
    std::size_t given = std::accumulate(share.begin(), share.begin() + n, std::size_t{0});
    for (std::size_t k = 0; given < path_group::buckets; k = (k + 1) % n, ++given) {
        ++share[order[k]];
    }
    while (given > path_group::buckets) {  // the minimum of one went beyond: the largest pays
        --*std::max_element(share.begin(), share.begin() + n);
        --given;
    }
    return share;
}

}  // namespace

void fill_buckets(path_group& group, const path_group* previous) {
    constexpr std::uint8_t nobody = 0xff;
    const std::size_t n = group.count;
    shares left = share_buckets(group);
    group.bucket.fill(nobody);

    if (previous != nullptr) {
        std::array<std::uint8_t, max_paths> renamed{};
        for (std::size_t old = 0; old < previous->count; ++old) {
            const auto begin = group.paths.begin();
            const auto found = std::find(begin, begin + n, previous->paths[old]);
            renamed[old] = found == begin + n ? nobody : static_cast<std::uint8_t>(found - begin);
        }
        for (std::size_t b = 0; b < path_group::buckets; ++b) {
            const std::uint8_t owner = renamed[previous->bucket[b]];
            if (owner != nobody && left[owner] != 0) {
                group.bucket[b] = owner;
                --left[owner];
            }
        }
    }
    // What is free goes round among those who have not got their share.
    std::size_t p = 0;
    for (std::uint8_t& owner : group.bucket) {
        if (owner != nobody) {
            continue;
        }
        while (left[p] == 0) {
            p = (p + 1) % n;
        }
        owner = static_cast<std::uint8_t>(p);
        --left[p];
        p = (p + 1) % n;
    }
}

}  // namespace rhumb::publish
