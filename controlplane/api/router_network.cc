// A router on the map: tables that are computed, and that follow the router's own links.
#include <algorithm>
#include <utility>

#include "controlplane/api/router.hh"
#include "controlplane/config/text.hh"
#include "controlplane/routing/merge.hh"
#include "dataplane/io/log.hh"

namespace rhumb::api {

namespace {

using clock = std::chrono::steady_clock;

void log_notes(const publish::computed_tables& computed) {
    constexpr std::size_t most = 20;
    for (std::size_t i = 0; i < std::min(computed.notes.size(), most); ++i) {
        io::log(io::log_level::warning, "not as the map has it",
                {{"what", computed.notes[i].text}});
    }
    if (computed.notes.size() > most) {
        io::log(io::log_level::warning, "and more that rhumbctl show conflicts lists",
                {{"notes", std::to_string(computed.notes.size() - most)}});
    }
}

}  // namespace

result<void> router::prepare_network(config::file& file) {
    if (!file.topology) {
        return {};
    }
    if (network_ == nullptr) {
        auto opened = routing::network::open(file);
        if (!opened) {
            return opened.why();
        }
        next_network_ = std::move(opened).value();
    } else if (auto done = network_->reload(file); !done) {
        return done;
    }
    auto computed = (network_ == nullptr ? next_network_ : network_)->compute(now());
    if (!computed) {
        abandon_network();
        return computed.why();
    }
    next_computed_ = std::move(computed).value();
    routing::add_to(file, next_computed_);
    return {};
}

void router::abandon_network() {
    next_network_.reset();
    if (network_ != nullptr) {
        network_->revert();
        follow_map();  // policies may have been looked at with the new map
    }
}

void router::adopt_network(bool wanted) {
    if (!wanted || next_network_ != nullptr) {
        counted_ = {};
    }
    next_reading_ = 0;
    next_reoptimisation_ = 0;
    if (!wanted) {
        network_.reset();
        news_.clear();
        downs_.clear();
        return;
    }
    const bool is_new = next_network_ != nullptr;
    if (is_new) {
        network_ = std::move(next_network_);
    }
    log_notes(next_computed_);
    network_->adopt(std::exchange(next_computed_, {}));
    for (const auto& [node, said] : is_new ? heard_ : decltype(heard_)()) {
        news_.push_back(said);
    }
}

bool router::take_heard(const topology::advertisement& said) {
    const auto changed = network_->hear(said);
    if (!changed) {
        io::log(io::log_level::warning, "what a node says of itself is refused",
                {{"why", changed.why().text()}});
    }
    return changed && changed.value();
}

// The map and all that follows from it change with the next housekeeping, once for all that has
// been said until then: what answers questions in between has one map and what was computed from
// it.
void router::hear(const topology::advertisement& said) {
    heard_[said.origin] = said;
    if (network_ != nullptr) {
        news_.push_back(said);
    }
}

void router::hear_down(const std::string& node, const std::string& link, std::uint64_t version) {
    if (network_ != nullptr) {
        downs_.push_back({node, link, version});
    }
}

bool router::take_news() {
    bool changed = false;
    for (const topology::advertisement& said : std::exchange(news_, {})) {
        if (take_heard(said)) {
            changed = true;
            io::log(io::log_level::notice, "a node speaks for itself",
                    {{"node", said.origin}, {"version", std::to_string(said.version)}});
        }
    }
    for (const auto& [node, link, version] : std::exchange(downs_, {})) {
        if (network_->hear_down(node, link, version)) {
            changed = true;
            io::log(io::log_level::notice, "a link is said to be down",
                    {{"node", node}, {"link", link}});
        }
    }
    return changed;
}

const topology::advertisement* router::own_part() const {
    return network_ == nullptr ? nullptr : network_->map().said(network_->own());
}

// What is computed is changed by the map, or stood above by the configuration's file.
result<void> router::refuse_computed(const publish::changes& batch) const {
    if (network_ == nullptr) {
        return {};
    }
    const auto refuse = [](std::string what) {
        return error{std::move(what) +
                         " is computed from the map; the configuration's file can "
                         "stand above it, single changes cannot",
                     {}};
    };
    const auto& labels = batch.rules.labels;
    const auto& prefixes = batch.rules.prefixes;
    const auto by_label = [&](const config::label_rule& rule) {
        return !rule.by_index && network_->has(rule.label);
    };
    if (const auto rule = std::ranges::find_if(labels, by_label); rule != labels.end()) {
        return refuse("label " + std::to_string(rule->label));
    }
    for (const mpls::label label : batch.remove_labels) {
        if (network_->has(label)) {
            return refuse("label " + std::to_string(label));
        }
    }
    for (const config::prefix_rule& rule : prefixes) {
        if (network_->has(rule.match)) {
            return refuse("prefix " + config::to_string(rule.match));
        }
    }
    for (const ip_prefix& prefix : batch.remove_prefixes) {
        if (network_->has(prefix)) {
            return refuse("prefix " + config::to_string(prefix));
        }
    }
    for (const std::string& name : batch.remove_nexthops) {
        const auto uses = [&](const auto& link) { return link.nexthop == name; };
        if (network_->has_nexthop(name) || std::ranges::any_of(network_->adjacencies(), uses)) {
            return refuse("next hop \"" + name + "\"");
        }
    }
    return {};
}

// Own links are up as their next hops are. Repairs carry what went over one that is down from the
// next burst on; tables follow at once, or after the delay of RFC 8333.
void router::follow_links() {
    if (network_ == nullptr) {
        return;
    }
    bool changed = take_news();
    changed |= network_->due() <= now();
    for (const auto& [link, nexthop, where] : network_->adjacencies()) {
        const auto hop = tables_->nexthops().find(nexthop);
        const std::size_t port = *engine_->port_number(hop->second.port);
        const bool up = engine_->live().nexthop_up(*tables_->nexthop_number(nexthop)) &&
                        (engine_->live().ports() >> port & 1) != 0;
        changed |= network_->set_link(link, up, now());
    }
    if (changed) {
        follow_map();
    }
}

void router::follow_map() {
    const auto begun = clock::now();
    auto computed = network_->compute(now());
    if (!computed) {
        io::log(io::log_level::error, "tables do not follow the map",
                {{"why", computed.why().text()}});
        return;
    }
    const publish::changes changes = publish::difference(network_->tables(), computed.value());
    if (auto done = tables_->apply(changes); !done) {
        io::log(io::log_level::error, "tables do not follow the map", {{"why", done.why().text()}});
        return;
    }
    pending_ = true;
    if (computed.value().notes != network_->tables().notes) {
        log_notes(computed.value());
    }
    network_->adopt(std::move(computed).value());
    publish_pending();
    io::log(
        io::log_level::notice, "tables follow the map",
        {{"labels", std::to_string(changes.rules.labels.size() + changes.remove_labels.size())},
         {"prefixes",
          std::to_string(changes.rules.prefixes.size() + changes.remove_prefixes.size())},
         {"microseconds",
          std::to_string(std::chrono::duration_cast<std::chrono::microseconds>(clock::now() - begun)
                             .count())}});
}

}  // namespace rhumb::api
