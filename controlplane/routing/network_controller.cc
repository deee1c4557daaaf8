// A node that computes for the network: demands, and moves of policies.
#include <algorithm>
#include <utility>

#include "controlplane/controller/policy_moves.hh"
#include "controlplane/controller/policy_traffic.hh"
#include "controlplane/routing/network.hh"

namespace rhumb::routing {

error no_demands() {
    return {"there are no demands: the topology file has no [[demands]], and none were measured",
            {}};
}

std::vector<controller::demand> network::demands() const {
    std::vector<controller::demand> made;
    for (const config::resolved_demand& d : policies_->demands()) {
        made.push_back({d.from, d.to, static_cast<controller::bits_per_second>(d.rate), d.policy});
    }
    if (controller() && controller()->demands == config::demand_source::measured) {
        made = controller::with_measured(std::move(made), map_, counted_);
    }
    // What a policy to an anycast endpoint carries ends where its path does.
    for (controller::demand& d : made) {
        const topology::node_number member =
            d.policy ? policies_->all().present_member(*d.policy) : topology::nobody;
        d.to = member == topology::nobody ? d.to : member;
    }
    controller::name_policies(made, policies_->all());
    return made;
}

result<controller::report::plan> network::reoptimise(const controller::reoptimise_options& options,
                                                     bool to_be_done) {
    if (to_be_done && !moves_.empty()) {
        return error{"moves of the last time are under way still; ask again in a while", {}};
    }
    const std::vector<controller::demand> demands = this->demands();
    if (demands.empty()) {
        return no_demands();
    }
    controller::traffic placed(map_, controller::routed_by(policies_->all(), map_, demands));
    controller::policy_moves moves(map_, policies_->to_plan_with(), policies_->reserved(), demands);
    std::vector<std::uint32_t> may = moves.movable();
    if (to_be_done) {
        std::erase_if(may, [&](std::uint32_t d) { return demands[d].from != own_; });
    }
    const auto found = controller::reoptimise(placed, may, moves.ways(), options);
    controller::report::plan plan = controller::report::describe(placed, demands, found);
    for (std::size_t n = 0; to_be_done && n < found.moves.size(); ++n) {
        const paths::policy_key key = *demands[found.moves[n].demand].policy;
        moves_.push_back({key, moves.candidate_for(found.moves[n])});
    }
    return plan;
}

std::size_t network::revert_moves() {
    moves_.clear();
    return policies_->forget_moves();
}

// Moves that were planned for another network are left, and so are those behind one that is not
// possible any more (others may have taken what earlier ones have set free).
bool network::update_policies(microseconds now) {
    const topology::change changed = std::exchange(changed_, {});
    if (!changed.empty()) {
        moves_.clear();
    }
    if (restored_) {
        moves_ = std::move(restored_->waiting);
        restored_.reset();
    }
    bool differs = !policies_->update(changed, now).changed.empty();
    while (!moves_.empty() && (!moving_ || policies_->is_settled(*moving_))) {
        moving_ = moves_.front().policy;
        policies_->move(*moving_, std::move(moves_.front().path));
        moves_.pop_front();
        differs |= !policies_->update({}, now).changed.empty();
        if (!policies_->follows_move(*moving_)) {
            policies_->forget_move(*moving_);
            differs |= !policies_->update({}, now).changed.empty();
            moves_.clear();
        }
    }
    return differs || !changed.empty();
}

}  // namespace rhumb::routing
