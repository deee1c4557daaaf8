#include "controlplane/controller/reoptimise.hh"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <unordered_map>

namespace rhumb::controller {

using topology::link_number;

std::string_view to_string(stop_reason why) {
    constexpr std::array<std::string_view, 4> words{
        "no link is fuller than the target",
        "no move makes the fullest link less full",
        "as many policies have moved as may",
        "there is no load on links of known capacity",
    };
    return words[static_cast<std::size_t>(why)];
}

namespace {

constexpr double close = 1e-9;  // utilisations that differ less are equal
constexpr double unlimited = std::numeric_limits<double>::max();

class optimiser {
public:
    optimiser(traffic& t, std::span<const std::uint32_t> movable, const alternatives& others,
              const reoptimise_options& options)
        : traffic_(t), others_(others), options_(options), left_(movable.begin(), movable.end()) {
        const topology::map& m = t.network();
        capacities_.resize(m.graph().link_count());
        for (link_number l = 0; l < capacities_.size(); ++l) {
            const topology::link* const said = m.said_of(l);
            capacities_[l] = said == nullptr ? 0 : static_cast<double>(said->bandwidth);
        }
        std::sort(left_.begin(), left_.end());
        left_.erase(std::unique(left_.begin(), left_.end()), left_.end());
    }

    reoptimisation run() {
        reoptimisation made;
        made.before = made.after = worst(loads());
        made.why = made.before <= 0 ? stop_reason::no_load : run_moves(made);
        if (made.why != stop_reason::no_load) {
            drop_needless(made);
        }
        made.worst = summarise(traffic_.network(), loads(), 1).worst;
        return made;
    }

private:
    // What a move would come to.
    struct outcome {
        std::uint32_t demand = 0;
        alternative to;
        double during = 0;
        double after = 0;
        double left_on_worst = 0;  // on the links that are the fullest now
    };

    [[nodiscard]] const std::vector<bits_per_second>& loads() const { return traffic_.now().loads; }
    [[nodiscard]] double utilisation(link_number l, bits_per_second load) const {
        return capacities_[l] > 0 ? load / capacities_[l] : 0;
    }
    [[nodiscard]] double worst(std::span<const bits_per_second> of) const {
        double most = 0;
        for (link_number l = 0; l < of.size(); ++l) {
            most = std::max(most, utilisation(l, of[l]));
        }
        return most;
    }

    stop_reason run_moves(reoptimisation& made) {
        while (made.after > options_.target + close) {
            if (made.moves.size() >= options_.most_moves) {
                return stop_reason::too_many_moves;
            }
            std::optional<outcome> best = best_move(made.after);
            if (!best) {
                return stop_reason::no_move_helps;
            }
            made.moves.push_back({best->demand, traffic_.demands()[best->demand].choices,
                                  std::move(best->to), best->during, best->after});
            apply(best->demand, made.moves.back().to.lists);
            if (others_.decided) {
                others_.decided(made.moves.back());
            }
            std::erase(left_, best->demand);
            made.after = worst(loads());
        }
        return stop_reason::target_reached;
    }

    // The new lists go first, what there was stays behind them.
    void apply(std::uint32_t demand, const segment_lists& lists) {
        std::vector<segment_lists> choices = traffic_.demands()[demand].choices;
        choices.insert(choices.begin(), lists);
        traffic_.set_choices(demand, std::move(choices));
    }

    [[nodiscard]] std::vector<link_number> fullest(double most) const {
        std::vector<link_number> found;
        for (link_number l = 0; l < capacities_.size(); ++l) {
            if (utilisation(l, loads()[l]) >= most - close) {
                found.push_back(l);
            }
        }
        return found;
    }

    std::optional<outcome> best_move(double most) {
        const std::vector<link_number> links = fullest(most);
        std::optional<outcome> best;
        for (const std::uint32_t demand : left_) {
            const traffic::shares& now = shares_of(demand);
            const bool helps = std::any_of(now.begin(), now.end(), [&](const auto& share) {
                return std::binary_search(links.begin(), links.end(), share.first);
            });
            if (!helps || traffic_.demands()[demand].rate <= 0) {
                continue;
            }
            for (alternative& to : others_.find(demand, room_for(demand, now, most))) {
                auto found = weigh(demand, now, std::move(to), links, most);
                if (found && (!best || better(*found, *best))) {
                    best = std::move(found);
                }
            }
        }
        return best;
    }

    // They do not depend on loads: until a demand moves they are the same.
    const traffic::shares& shares_of(std::uint32_t demand) {
        const auto known = shares_.find(demand);
        return known != shares_.end()
                   ? known->second
                   : shares_.emplace(demand, traffic_.shares_of(demand)).first->second;
    }

    static bool better(const outcome& a, const outcome& b) {
        if (std::abs(a.after - b.after) > close) {
            return a.after < b.after;
        }
        return a.left_on_worst < b.left_on_worst - close;
    }

    // What links could take of a demand and still be less full than the fullest one is.
    std::vector<bits_per_second> room_for(std::uint32_t demand, const traffic::shares& now,
                                          double most) const {
        std::vector<bits_per_second> room(capacities_.size());
        const double limit = std::max(most - options_.least_gain, 0.0);
        for (link_number l = 0; l < room.size(); ++l) {
            room[l] = capacities_[l] > 0 ? limit * capacities_[l] - loads()[l] : unlimited;
        }
        for (const auto& [l, share] : now) {
            room[l] += share * traffic_.demands()[demand].rate;
        }
        return room;
    }

    // Nothing where it does not make the fullest links less full, or anything fuller than them.
    std::optional<outcome> weigh(std::uint32_t demand, const traffic::shares& now, alternative to,
                                 std::span<const link_number> links, double most) {
        const auto then = traffic_.shares_along(demand, to.lists);
        if (!then) {
            return std::nullopt;
        }
        const double rate = traffic_.demands()[demand].rate;
        std::vector<bits_per_second> during = loads();
        std::vector<bits_per_second> after = loads();
        for (const auto& [l, share] : now) {
            after[l] -= share * rate;
        }
        for (const auto& [l, share] : *then) {
            after[l] += share * rate;
            during[l] = std::max(during[l], after[l]);
        }
        outcome made{demand, std::move(to), worst(during), worst(after), 0};
        double before = 0;
        for (const link_number l : links) {
            made.left_on_worst += utilisation(l, after[l]);
            before += utilisation(l, loads()[l]);
        }
        // Of several links that are the fullest one at a time can be relieved.
        const bool relieves = made.after < most - options_.least_gain ||
                              made.left_on_worst < before - options_.least_gain;
        const bool harmless = made.during <= most + close && made.after <= most + close;
        if (!relieves || !harmless) {
            return std::nullopt;
        }
        return made;
    }

    // Moves that later ones have made needless. The others have to stay harmless, one by one.
    void drop_needless(reoptimisation& made) {
        for (std::size_t i = made.moves.size(); i-- > 0;) {
            if (made.moves.size() < 2) {
                return;
            }
            std::vector<move> fewer = made.moves;
            fewer.erase(fewer.begin() + static_cast<std::ptrdiff_t>(i));
            undo(made.moves);
            if (replay(fewer, made.before, std::max(made.after, options_.target))) {
                made.moves = std::move(fewer);
            } else {
                (void)replay(made.moves, made.before, unlimited);
            }
            made.after = worst(loads());
        }
    }

    void undo(const std::vector<move>& moves) {
        for (std::size_t i = moves.size(); i-- > 0;) {
            traffic_.set_choices(moves[i].demand, moves[i].before);
        }
    }

    // Does all moves, or none: each has to leave the fullest link as it was or better.
    bool replay(std::vector<move>& moves, double most, double in_the_end) {
        double now = most;
        std::size_t done = 0;
        bool harmless = true;
        while (harmless && done < moves.size()) {
            move& m = moves[done++];
            const std::vector<bits_per_second> old_loads = loads();
            apply(m.demand, m.to.lists);
            std::vector<bits_per_second> during = loads();
            for (link_number l = 0; l < during.size(); ++l) {
                during[l] = std::max(during[l], old_loads[l]);
            }
            m.during = worst(during);
            m.after = worst(loads());
            harmless = m.during <= now + close && m.after <= now + close;
            now = m.after;
        }
        if (harmless && now <= in_the_end + close) {
            return true;
        }
        while (done-- > 0) {
            traffic_.set_choices(moves[done].demand, moves[done].before);
        }
        return false;
    }

    traffic& traffic_;
    const alternatives& others_;
    reoptimise_options options_;
    std::vector<std::uint32_t> left_;
    std::vector<double> capacities_;
    std::unordered_map<std::uint32_t, traffic::shares> shares_;  // of demands that have not moved
};

}  // namespace

reoptimisation reoptimise(traffic& t, std::span<const std::uint32_t> movable,
                          const alternatives& others, const reoptimise_options& options) {
    return optimiser(t, movable, others, options).run();
}

}  // namespace rhumb::controller
