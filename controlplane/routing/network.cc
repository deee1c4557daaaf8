#include "controlplane/routing/network.hh"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "controlplane/routing/map_source.hh"
#include "controlplane/routing/own_labels.hh"
#include "controlplane/routing/own_links.hh"
#include "controlplane/routing/repair_options.hh"
#include "controlplane/topology/flex_algo.hh"

namespace rhumb::routing {

result<std::unique_ptr<network>> network::open(const config::file& file) {
    auto state = load(file);
    if (!state) {
        return state.why();
    }
    std::unique_ptr<network> made(new network(state.value()->own_name));
    if (auto done = made->take(std::move(state).value()); !done) {
        return done.why();
    }
    return made;
}

result<void> network::reload(const config::file& file) {
    auto next = load(file);
    if (!next) {
        return next.why();
    }
    if (next.value()->own_name != state_->own_name) {
        return error{fmt::format("this router is {} on the map; that changes only with a restart",
                                 state_->own_name),
                     {file.files.front(), file.topology->where.line, file.topology->where.column}};
    }
    before_reload_ = {policies_ ? policies_->moves() : decltype(all_moves::done)(), moves_};
    return take(std::move(next).value());
}

result<std::unique_ptr<network::loaded>> network::load(const config::file& file) {
    const config::topology_section& section = *file.topology;
    const auto at = [&](config::position where) {
        return source_position{file.files[where.file], where.line, where.column};
    };
    auto next = std::make_unique<loaded>();
    next->own_name = section.node.empty() ? file.node.name : section.node;
    auto told = read_map(file, next->own_name);
    if (!told) {
        return told.why();
    }
    next->path = std::move(told.value().path);
    next->policies = std::move(told.value().policies);
    next->policies_text = std::move(told.value().words);
    next->nodes = std::move(told.value().network.nodes);
    next->affinities = std::move(told.value().network.affinities);
    const auto own =
        std::ranges::find(next->nodes, next->own_name, &topology::advertisement::origin);
    if (own == next->nodes.end()) {
        return error{fmt::format("{} has no node \"{}\"; say which one this router is: node = "
                                 "\"...\"",
                                 next->path, next->own_name),
                     at(section.map_where)};
    }
    if (auto done = compare_blocks(file, *own); !done) {
        return done.why();
    }
    const config::position& place =
        told.value()
            .network.where[static_cast<std::size_t>(std::distance(next->nodes.begin(), own))];
    if (auto done =
            check_reserved(file.node, *own, next->policies, {next->path, place.line, place.column});
        !done) {
        return done.why();
    }
    auto links = match_links(file, *own);
    if (!links) {
        return links.why();
    }
    next->links = std::move(links).value();
    next->configured = file;
    next->rules.emplace(next->configured);
    next->configured.rules = {};
    return next;
}

result<void> network::take(std::unique_ptr<loaded> next) {
    auto done = source_.replace(next->nodes, map_);
    if (!done) {
        return done.why();
    }
    add_to(changed_, done.value());
    if (state_ != nullptr && state_->configured.topology->microloop_avoidance !=
                                 next->configured.topology->microloop_avoidance) {
        algorithms_.clear();
    }
    if (state_ == nullptr || section().local_delay != next->configured.topology->local_delay ||
        !done.value().empty()) {
        fail_held_links();
        hold_ = topology::convergence_timer(
            {microseconds{next->configured.topology->local_delay} * 1000, 0});
    }
    previous_ = std::exchange(state_, std::move(next));
    own_ = *map_.find(state_->own_name);
    new_policies_ = true;
    new_file_ = true;
    moment_.reset();
    counted_.use({microseconds{section().smoothing} * 1'000'000, 64, 0});
    return {};
}

// They were resolved against the file's network when it was read. In what nodes say of themselves
// something may be missing that policies name: these are not valid, or not there, until it comes.
void network::replace_policies() {
    const bool is_new_file = std::exchange(new_file_, false);
    config::diagnostics errors(state_->path, 0);
    config::resolved_policies all = config::resolve_policies(state_->policies, map_, own_, errors);
    if (!controller()) {
        all = of_headend(std::move(all), own_);
    }
    std::map<paths::policy_key, paths::candidate_path> done;
    if (policies_ != nullptr) {
        policies_->replace(all, is_new_file);
        done = policies_->moves();
    }
    const own_blocks blocks = own_blocks_of(state_->configured.node);
    const paths::policies_options options{
        section().policy_keep_installed, section().policy_reserved_labels,
        paths::policies_options{}.keep_old, microseconds{section().policy_settle} * 1000};
    if (policies_ == nullptr || policies_->own_labels() != blocks ||
        policies_->options() != options) {
        policies_ = std::make_unique<own_policies>(map_, own_, blocks, options, &source_);
        policies_->replace(all, is_new_file);
    }
    policies_->name_affinities(state_->affinities);
    for (auto& [key, path] : restored_ ? restored_->done : done) {
        policies_->move(key, std::move(path));
    }
    new_policies_ = false;
    moves_.clear();
}

void network::revert() {
    if (previous_ != nullptr) {
        (void)take(std::move(previous_));  // it made sense before
        previous_.reset();
        restored_ = std::exchange(before_reload_, {});
        labels_.emplace(map_);
        algorithms_.clear();
        compute_algorithms(0);
    }
}

bool network::set_link(std::string_view link, bool up, microseconds now) {
    const bool is_held = held_.contains(link);
    if (is_held ? !up : up != source_.links_down().contains(link)) {
        return false;
    }
    const topology::link_number number = map_.find_link(own_, link).value_or(topology::nobody);
    const auto what = up ? topology::change_kind::one_link : topology::change_kind::own_link_down;
    const auto phase = hold_.on_change({what, number}, now);
    bool changed = false;
    if (up) {
        if (is_held) {
            held_.erase(held_.find(link));
        }
        const topology::change risen = source_.set_link(link, true, map_);
        add_to(changed_, risen);
        changed = !risen.empty();
    } else {
        held_.emplace(link);
    }
    if (phase != topology::convergence_phase::holding) {
        changed |= fail_held_links();
    }
    if (changed) {
        moment_.reset();
    }
    return changed;
}

// What has changed for all that follows from the map. Policies are resolved again where the names
// that they use may mean something else.
bool network::note(const topology::change& changed) {
    if (changed.empty()) {
        return false;
    }
    new_policies_ |= changed.renumbered || !changed.nodes.empty() || !changed.prefixes.empty();
    add_to(changed_, changed);
    moment_.reset();
    return true;
}

result<bool> network::hear(topology::advertisement said) {
    const auto done = source_.hear(std::move(said), map_);
    return done ? result<bool>(note(done.value())) : done.why();
}

bool network::hear_down(std::string_view node, std::string_view link, std::uint64_t version) {
    return note(source_.hear_down(node, link, version, map_));
}

bool network::fail_held_links() {
    bool changed = false;
    for (const std::string& link : held_) {
        const topology::change failed = source_.set_link(link, false, map_);
        add_to(changed_, failed);
        changed |= !failed.empty();
    }
    held_.clear();
    return changed;
}

namespace {

// What the section asks for; nullopt: no repairs.
std::optional<topology::protection> protection_of(config::protected_resource what) {
    switch (what) {
        case config::protected_resource::nothing: break;
        case config::protected_resource::link: return topology::protection::link;
        case config::protected_resource::node: return topology::protection::node;
        case config::protected_resource::srlg: return topology::protection::srlg;
        case config::protected_resource::node_and_srlg: return topology::protection::node_and_srlg;
    }
    return std::nullopt;
}

}  // namespace

// As the section asks.
topology::ti_lfa_options network::repair_options(std::uint8_t algorithm) const {
    topology::ti_lfa_options options = routing::repair_options(map_, *labels_, algorithm);
    options.protects = protection_of(section().protects).value_or(topology::protection::link);
    options.fall_back = section().fall_back;
    return options;
}

// Those that somebody defines. What is known of them stays while the links keep their numbers.
void network::list_algorithms() {
    const std::vector<std::uint8_t> wanted = topology::algorithms(map_);
    const bool same = numbered_ == map_.renumberings() &&
                      std::ranges::equal(algorithms_, wanted, {}, &algorithm_state::algorithm);
    if (same) {
        return;
    }
    numbered_ = map_.renumberings();
    algorithms_.clear();
    for (const std::uint8_t algorithm : wanted) {
        algorithm_state& one = algorithms_.emplace_back();
        one.algorithm = algorithm;
        one.timer =
            topology::convergence_timer({0, microseconds{section().microloop_avoidance} * 1000});
    }
}

// Takes a plane, and pins paths while others may not know yet in what it differs.
void network::pin_paths(algorithm_state& one, topology::plane next, microseconds now) {
    const bool known = one.view.costs.size() == next.costs.size() &&
                       one.view.no_transit.size() == next.no_transit.size();
    auto phase = one.timer.advance(now);
    if (known) {
        const auto what = topology::difference_of(map_.graph(), one.view, next, own_);
        if (what.kind != topology::change_kind::nothing) {
            phase = one.timer.on_change(what, now);
            one.before = std::move(one.view);
        }
    }
    one.view = std::move(next);
    one.pinned.reset();
    if (phase == topology::convergence_phase::pinned) {
        one.pinned = avoider_.compute(map_.graph(), one.before, one.view, one.algorithm, own_,
                                      repair_options(one.algorithm));
    }
}

void network::compute_algorithms(microseconds now) {
    list_algorithms();
    for (algorithm_state& one : algorithms_) {
        pin_paths(one, topology::make_plane(map_, one.algorithm), now);
        one.repairs.clear();
        if (protection_of(section().protects)) {
            one.repairs = repairs_.compute(map_, one.view, one.algorithm, own_,
                                           repair_options(one.algorithm));
        }
    }
}

microseconds network::due() const {
    microseconds next = policies_ ? policies_->due() : paths::never;
    next = std::min(next, hold_.due().value_or(paths::never));
    for (const algorithm_state& one : algorithms_) {
        next = std::min(next, one.timer.due().value_or(paths::never));
    }
    return next;
}

result<publish::computed_tables> network::compute(microseconds now) {
    if (hold_.advance(now) != topology::convergence_phase::holding) {
        fail_held_links();
    }
    labels_.emplace(map_);
    compute_algorithms(now);
    if (new_policies_) {
        replace_policies();
    }
    if (update_policies(now) || moment_ == nullptr) {
        moment_ = std::make_shared<const int>();
    }
    const std::vector<paths::installed_policy> installed = policies_->installed();
    std::vector<publish::algorithm_inputs> algorithms;
    algorithms.reserve(algorithms_.size());
    for (const algorithm_state& one : algorithms_) {
        algorithms.push_back(
            {one.algorithm, &one.view, one.repairs, one.pinned ? &*one.pinned : nullptr});
    }
    const publish::computed_inputs inputs{.map = map_,
                                          .labels = *labels_,
                                          .own = own_,
                                          .algorithms = algorithms,
                                          .policies = installed,
                                          .links = state_->links,
                                          .configured = *state_->rules,
                                          .offers = policies_->all().offers()};
    return computer_.compute(inputs);
}

bool network::has(mpls::label label) const {
    return std::ranges::binary_search(tables_.rules.labels, label, {}, &config::label_rule::label);
}

bool network::has(const ip_prefix& prefix) const {
    return std::ranges::binary_search(tables_.rules.prefixes, prefix, {},
                                      &config::prefix_rule::match);
}

bool network::has_nexthop(std::string_view name) const {
    return std::ranges::binary_search(tables_.nexthops, name, {}, &config::nexthop::name);
}

}  // namespace rhumb::routing
