#include "controlplane/topology/binding_cycles.hh"

#include <algorithm>
#include <numeric>

namespace rhumb::topology {

namespace {

constexpr std::uint32_t none = 0xffffffff;

// Strongly connected components (Tarjan, SIAM J. Comput. 1(2), 1972), without recursion: chains may
// be long.
class components {
public:
    components(std::uint32_t policies, std::span<const binding_use> uses)
        : first_(policies + std::size_t{1}),
          order_(policies, none),
          low_(policies),
          of_(policies, none) {
        for (const binding_use& u : uses) {
            ++first_[u.from + std::size_t{1}];
        }
        std::partial_sum(first_.begin(), first_.end(), first_.begin());
        to_.resize(uses.size());
        std::vector<std::uint32_t> at(first_.begin(), first_.end() - 1);
        for (const binding_use& u : uses) {
            to_[at[u.from]++] = u.to;
        }
        next_.assign(first_.begin(), first_.end() - 1);
        for (std::uint32_t n = 0; n < policies; ++n) {
            if (order_[n] == none) {
                search(n);
            }
        }
    }

    [[nodiscard]] std::uint32_t of(std::uint32_t policy) const { return of_[policy]; }

private:
    void enter(std::uint32_t n) {
        order_[n] = low_[n] = entered_++;
        way_.push_back(n);
        open_.push_back(n);
    }

    void search(std::uint32_t root) {
        enter(root);
        while (!way_.empty()) {
            const std::uint32_t n = way_.back();
            if (next_[n] != first_[n + std::size_t{1}]) {
                const std::uint32_t to = to_[next_[n]++];
                if (order_[to] == none) {
                    enter(to);
                } else if (of_[to] == none) {
                    low_[n] = std::min(low_[n], order_[to]);
                }
                continue;
            }
            way_.pop_back();
            if (!way_.empty()) {
                low_[way_.back()] = std::min(low_[way_.back()], low_[n]);
            }
            if (low_[n] == order_[n]) {
                close(n);
            }
        }
    }

    void close(std::uint32_t n) {
        while (of_[n] == none) {
            of_[open_.back()] = count_;
            open_.pop_back();
        }
        ++count_;
    }

    std::vector<std::uint32_t> first_;  // of a policy's uses
    std::vector<std::uint32_t> to_;
    std::vector<std::uint32_t> next_;   // that is to be looked at, by policy
    std::vector<std::uint32_t> order_;  // in which they were entered
    std::vector<std::uint32_t> low_;
    std::vector<std::uint32_t> of_;
    std::vector<std::uint32_t> way_;   // from the root to where the search is
    std::vector<std::uint32_t> open_;  // entered, of no component yet
    std::uint32_t entered_ = 0;
    std::uint32_t count_ = 0;
};

}  // namespace

std::vector<bool> on_cycles(std::uint32_t policies, std::span<const binding_use> uses) {
    const components found(policies, uses);
    std::vector<bool> are(uses.size());
    for (std::size_t i = 0; i < uses.size(); ++i) {
        are[i] = found.of(uses[i].from) == found.of(uses[i].to);
    }
    return are;
}

}  // namespace rhumb::topology
