// A router that counts what it sends, and where it is the network's controller, moves policies.
#include <fmt/format.h>

#include <map>
#include <utility>

#include "controlplane/api/router.hh"
#include "controlplane/config/text.hh"
#include "dataplane/io/log.hh"

namespace rhumb::api {

namespace {

constexpr paths::microseconds second = 1'000'000;

}  // namespace

paths::microseconds router::now() const {
    return static_cast<paths::microseconds>(std::chrono::duration_cast<std::chrono::microseconds>(
                                                std::chrono::steady_clock::now() - started_)
                                                .count());
}

// Counters become rates at the map. Workers write them, and notice nothing of being read.
void router::measure() {
    if (network_ == nullptr || now() < next_reading_) {
        return;
    }
    const paths::microseconds at = now();
    next_reading_ = at + network_->section().measure * second;
    count_links();
    if (const auto& role = network_->controller();
        role && role->demands == config::demand_source::measured) {
        count_ingress();
    }
    network_->apply(counted_.take(at));
    network_->forget_counters_before(at);
}

// A port that has one link of the map has all its bytes counted. Of one with several links, those
// of each link's next hops are: that of the configuration, and those that repairs add.
void router::count_links() {
    std::map<std::string, unsigned> links_of_port;
    for (const auto& [link, nexthop, where] : network_->adjacencies()) {
        ++links_of_port[tables_->nexthops().find(nexthop)->second.port];
    }
    for (const auto& [link, nexthop, where] : network_->adjacencies()) {
        const config::nexthop& own = tables_->nexthops().find(nexthop)->second;
        const controller::counter_id id = controller::link_counter(network_->own(), link);
        if (links_of_port[own.port] == 1) {
            counted_.add(id, "port " + own.port,
                         engine_->port_sum(*engine_->port_number(own.port)).tx.bytes);
            continue;
        }
        for (const auto& [name, hop] : tables_->nexthops()) {
            if (hop.port == own.port && hop.mac == own.mac && hop.vlan == own.vlan) {
                counted_.add(id, "next hop " + name,
                             nexthop_counter(*tables_->nexthop_number(name)).bytes);
            }
        }
    }
}

// IP packets that get their labels here, by the policy that they take, else by their prefix.
void router::count_ingress() {
    const topology::node_number own = network_->own();
    const routing::own_policies& known = *network_->policies();
    std::map<ip_prefix, controller::counter_id> steered;
    for (std::uint32_t n = 0; n < known.all().size(); ++n) {
        const paths::policy_state* const policy = known.all().at(n);
        if (policy == nullptr || policy->key.headend != own) {
            continue;
        }
        for (const ip_prefix& prefix : known.steered().prefixes_of(n)) {
            steered.emplace(
                prefix, controller::policy_counter(own, policy->key.color, policy->key.endpoint));
        }
    }
    for (const auto& [prefix, number] : tables_->prefixes()) {
        if (network_->has(prefix)) {
            const auto policy = steered.find(prefix);
            counted_.add(
                policy == steered.end() ? controller::prefix_counter(own, prefix) : policy->second,
                "prefix " + config::to_string(prefix), prefix_counter(number).bytes);
        }
    }
}

controller::reoptimise_options router::reoptimise_options() const {
    const config::controller_section& role = *network_->controller();
    controller::reoptimise_options options;
    options.target = static_cast<double>(role.target) / 100;
    options.most_moves = role.moves;
    return options;
}

result<controller::report::plan> router::reoptimise(const controller::reoptimise_options& options,
                                                    bool to_be_done) {
    auto plan = network_->reoptimise(options, to_be_done);
    if (plan && to_be_done && !plan->moves.empty()) {
        io::log(io::log_level::notice, "policies move",
                {{"moves", std::to_string(plan->moves.size())},
                 {"fullest_before", fmt::format("{:.1f} %", 100 * plan->before)},
                 {"fullest_after", fmt::format("{:.1f} %", 100 * plan->after)}});
        follow_map();
    }
    return plan;
}

std::size_t router::revert_moves() {
    const std::size_t count = network_->revert_moves();
    if (count != 0) {
        follow_map();
    }
    return count;
}

// Not before the first interval is over: rates need two readings.
void router::reoptimise_in_time() {
    if (network_ == nullptr || !network_->controller() || network_->controller()->reoptimise == 0) {
        return;
    }
    const paths::microseconds interval = network_->controller()->reoptimise * second;
    if (next_reoptimisation_ == 0) {
        next_reoptimisation_ = now() + interval;
    }
    if (now() < next_reoptimisation_) {
        return;
    }
    next_reoptimisation_ = now() + interval;
    if (network_->moves_waiting() != 0) {
        return;
    }
    // Without demands there is nothing to do.
    (void)reoptimise(reoptimise_options(), true);
}

}  // namespace rhumb::api
