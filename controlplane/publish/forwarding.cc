#include "controlplane/publish/forwarding.hh"

#include <algorithm>

#include "controlplane/config/text.hh"
#include "controlplane/publish/batch_paths.hh"
#include "controlplane/publish/checker.hh"

namespace rhumb::publish {

namespace {

// FNV-1a: a router's default seed comes from its name, so that routers in a row do not all take
// the same of two paths.
std::uint64_t seed_from(std::string_view name) noexcept {
    std::uint64_t hash = 0xcbf29ce484222325U;
    for (const char c : name) {
        hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
    }
    return hash;
}

void add_special_labels(label_table& labels, bool pipe) {
    for (mpls::label l = 0; l < mpls::first_unreserved; ++l) {
        label_op op = label_op::reserved;
        switch (l) {
            case mpls::ipv4_explicit_null: op = label_op::explicit_null_ipv4; break;
            case mpls::ipv6_explicit_null: op = label_op::explicit_null_ipv6; break;
            case mpls::router_alert: op = label_op::router_alert; break;
            case mpls::implicit_null: op = label_op::implicit_null; break;
            case mpls::entropy_label_indicator: op = label_op::entropy_indicator; break;
            default: break;
        }
        labels.edit(l) = label_entry::make_special(op).with_pipe(pipe);
    }
}

}  // namespace

forwarding::forwarding(const config::file& file, const port_map& ports, const forwarding* previous)
    : previous_(previous), node_(file.node), ports_(file.ports), port_facts_(ports) {
    add_special_labels(labels_, node_.ttl == config::ttl_model::pipe);
    if (file.scion) {
        slow_path_rate_ = file.scion->slow_path_rate;
        slow_path_link_rate_ = file.scion->slow_path_link_rate;
    }
    if (previous != nullptr) {
        generation_ = previous->generation_;
        nexthop_numbers_ = previous->nexthop_numbers_;
        nexthop_names_ = previous->nexthop_names_;
        free_nexthops_ = previous->free_nexthops_;
        free_prefixes_ = previous->free_prefixes_;
        prefix_by_id_ = previous->prefix_by_id_;
    }
}

forwarding::~forwarding() = default;

result<std::unique_ptr<forwarding>> forwarding::build(config::file file, const port_map& ports,
                                                      const forwarding* previous) {
    if (const auto checked = checker::check_ports(file, ports); !checked) {
        return checked.why();
    }
    std::unique_ptr<forwarding> made(new forwarding(file, ports, previous));
    // Names and prefixes that the new file has not keep their numbers until it is in force.
    changes all;
    all.nexthops = std::move(file.nexthops);
    all.rules = std::move(file.rules);
    if (const auto done = made->change(all, file.files); !done) {
        return done.why();
    }
    made->set_filters();
    if (previous != nullptr) {
        made->forget_numbers_of(*previous);
    }
    made->previous_ = nullptr;
    made->building_ = false;
    return made;
}

// Frees the numbers of what `old` had and this has not.
void forwarding::forget_numbers_of(const forwarding& old) {
    for (const auto& [name, number] : old.nexthop_numbers_) {
        if (!nexthops_.contains(name)) {
            nexthop_numbers_.erase(name);
            free_nexthops_.release(number);
        }
    }
    for (const auto& [prefix, id] : old.prefixes_) {
        if (!prefixes_.contains(prefix)) {
            free_prefixes_.release(id);
        }
    }
}

result<void> forwarding::apply(const changes& batch) { return change(batch, {}); }

result<void> forwarding::change(const changes& batch, const std::vector<std::string>& files) {
    if (const auto checked = checker(*this, batch, files).check(); !checked) {
        return checked;
    }
    if (const auto done = change_prefix_trie(batch); !done) {
        return done;
    }
    // From here on nothing can fail.
    for (const mpls::label label : batch.remove_labels) {
        remove_label(label);
    }
    change_nexthops(batch);
    batch_paths paths(*this, batch.rules);
    for (const config::label_rule& rule : batch.rules.labels) {
        set_label(rule, paths);
    }
    for (const config::prefix_rule& rule : batch.rules.prefixes) {
        set_prefix(rule, paths);
    }
    return {};
}

// Brings the tries to the prefixes that there will be, or leaves them as they are.
result<void> forwarding::change_prefix_trie(const changes& batch) {
    std::vector<ip_prefix> removed;
    std::vector<ip_prefix> added;
    bool room = true;
    for (const ip_prefix& prefix : batch.remove_prefixes) {
        if (room = trie(prefix.af).erase(prefix); !room) {
            break;
        }
        removed.push_back(prefix);
    }
    for (std::size_t n = 0; room && n < batch.rules.prefixes.size(); ++n) {
        const ip_prefix& prefix = batch.rules.prefixes[n].match;
        if (trie(prefix.af).find(prefix)) {
            continue;
        }
        const std::uint32_t id = number_for(prefix);
        if (room = trie(prefix.af).set(prefix, id); room) {
            added.push_back(prefix);
        } else {
            free_prefixes_.release(id);
        }
    }
    if (!room) {
        for (const ip_prefix& prefix : added) {
            free_prefixes_.release(*trie(prefix.af).find(prefix));
            (void)trie(prefix.af).erase(prefix);
        }
        for (const ip_prefix& prefix : removed) {
            (void)trie(prefix.af).set(prefix, prefixes_.at(prefix));
        }
        return error{"the prefix tries have no nodes left for this many prefixes (" +
                         std::to_string(pool_.capacity()) + " nodes in all)",
                     {}};
    }
    for (const ip_prefix& prefix : removed) {
        const std::uint32_t id = prefixes_.at(prefix);
        release_route(routes_[id]);
        prefixes_.erase(prefix);
        routes_.edit(id) = route{};
        free_prefixes_.release(id);
    }
    for (const ip_prefix& prefix : added) {
        const std::uint32_t id = *trie(prefix.af).find(prefix);
        prefixes_[prefix] = id;
        routes_.edit(id) = route{};
    }
    return {};
}

// The number that the prefix has in the tables that run, or a new one.
std::uint32_t forwarding::number_for(const ip_prefix& prefix) {
    if (previous_ != nullptr) {
        if (const auto it = previous_->prefixes_.find(prefix); it != previous_->prefixes_.end()) {
            return it->second;
        }
    }
    const std::uint32_t id = free_prefixes_.acquire();
    if (id >= prefix_by_id_.size()) {
        prefix_by_id_.resize(id + 1);
    }
    prefix_by_id_[id] = prefix;
    new_numbers_.prefixes.push_back(id);
    return id;
}

void forwarding::change_nexthops(const changes& batch) {
    for (const std::string& name : batch.remove_nexthops) {
        const auto known = nexthop_numbers_.find(name);
        hops_.edit(known->second) = nexthop{};
        free_nexthops_.release(known->second);
        nexthop_numbers_.erase(known);
        nexthops_.erase(name);
    }
    for (const config::nexthop& hop : batch.nexthops) {
        nexthops_.insert_or_assign(hop.name, hop);
        if (const auto [known, is_new] = nexthop_numbers_.try_emplace(hop.name, 0); is_new) {
            const nexthop_id id = free_nexthops_.acquire();
            known->second = id;
            if (id >= nexthop_names_.size()) {
                nexthop_names_.resize(id + 1);
            }
            nexthop_names_[id] = hop.name;
            new_numbers_.nexthops.push_back(id);
        }
    }
    if (!batch.nexthops.empty() || !batch.remove_nexthops.empty()) {
        for (const config::nexthop& hop : batch.nexthops) {
            set_nexthop_slot(hop);
        }
        set_filters();
    }
}

void forwarding::set_nexthop_slot(const config::nexthop& hop) {
    const port_facts& port = port_facts_.find(hop.port)->second;
    const config::port& port_config = port_named(hop.port);
    nexthop& slot = hops_.edit(nexthop_numbers_.at(hop.name));
    slot = nexthop{};
    slot.in_use = true;
    slot.port = port.id;
    nexthop_ports_ |= std::uint64_t{1} << port.id;
    slot.mtu = hop.mtu.value_or(port_config.mtu);
    slot.l2_bytes = static_cast<std::uint8_t>(
        ethernet::write_header(slot.l2.data(), hop.mac, port.mac, hop.vlan, 0));
    if (!hop.follows.empty()) {
        slot.follows = nexthop_numbers_.at(hop.follows);
    }
    if (hop.backup) {
        slot.has_backup = true;
        slot.backup_replaces = hop.backup->replace;
        slot.backup = nexthop_numbers_.at(hop.backup->nexthop);
        slot.backup_pipe = is_pipe(hop.ttl);
        slot.backup_labels = static_cast<std::uint8_t>(hop.backup->push.size());
        slot.backup_push = imposed_labels(hop.backup->push);
    }
}

void forwarding::set_filters() {
    for (const config::port& port : ports_) {
        const port_facts& facts = port_facts_.find(port.name)->second;
        port_filter filter;
        filter.mac = ethernet::mac_word(facts.mac);
        filter.promiscuous = port.promiscuous;
        for (const std::uint16_t vlan : port.vlans) {
            filter.vlans.set(vlan);
        }
        filters_.edit(facts.id) = filter;
    }
    for (const auto& [name, hop] : nexthops_) {
        if (hop.vlan != 0) {
            filters_.edit(port_facts_.find(hop.port)->second.id).vlans.set(hop.vlan);
        }
    }
}

void forwarding::set_label(const config::label_rule& rule, batch_paths& paths) {
    const mpls::label label = *label_of(rule);
    const label_entry old = labels_[label];
    const batch_paths::old_group before =
        old.op() == label_op::none && previous_ != nullptr
            ? batch_paths::old_group{previous_, previous_->group_behind(previous_->labels_[label])}
            : batch_paths::old_group{this, group_behind(old)};
    label_entry made;
    switch (rule.op) {
        case config::operation::next: made = label_entry::make_next(); break;
        case config::operation::pop:
            made = label_entry::make_pop(paths.acquire(rule.paths, before));
            break;
        case config::operation::push:
            made = make_push(rule, paths.acquire(rule.paths, before), paths);
            break;
        case config::operation::continue_: {
            const via_ref via = paths.acquire(rule.paths, before);
            const config::path& first = paths.list(rule.paths).front();
            // A path's own label goes into the entry where there is but one path.
            const mpls::label out = !via.is_group() && first.out ? *first.out : rule.out;
            made = out == mpls::implicit_null
                       ? label_entry::make_pop(via)
                       : label_entry::make_continue(out & (mpls::label_count - 1), via);
        }
    }
    made = made.with_pipe(is_pipe(rule.ttl));
    if (rule.tc >= 0) {
        made = made.with_tc(static_cast<unsigned>(rule.tc));
    }
    if (old.op() == label_op::none) {
        ++label_count_;
        if (previous_ == nullptr || previous_->labels_[label].op() == label_op::none) {
            new_numbers_.labels.push_back(label);
        }
    }
    if (made != old) {
        labels_.edit(label) = made;
    }
    release_entry(old);
}

label_entry forwarding::make_push(const config::label_rule& rule, via_ref via, batch_paths& paths) {
    const std::uint32_t list = paths.only_list(rule.list, rule.paths);
    return list == config::none ? label_entry::make_push_by_path(via)
                                : label_entry::make_push(acquire_list(paths.segments(list), via));
}

void forwarding::remove_label(mpls::label label) {
    const label_entry old = labels_[label];
    labels_.edit(label) = label_entry{};
    release_entry(old);
    --label_count_;
}

void forwarding::set_prefix(const config::prefix_rule& rule, batch_paths& paths) {
    const std::uint32_t id = prefixes_.at(rule.match);
    const route old = routes_[id];
    if (rule.is_special()) {
        route own;
        own.in_use = true;
        own.list = rule.discard ? route::discard : rule.local ? route::local : route::connected;
        routes_.edit(id) = own;
        release_route(old);
        return;
    }
    const batch_paths::old_group before =
        !old.in_use && previous_ != nullptr
            ? batch_paths::old_group{previous_, previous_->group_behind(previous_->routes_[id])}
            : batch_paths::old_group{this, group_behind(old)};
    const via_ref via = paths.acquire(rule.paths, before);
    route made;
    made.in_use = true;
    if (const std::uint32_t list = paths.only_list(rule.list, rule.paths); list != config::none) {
        made.list = acquire_list(paths.segments(list), via);
    } else {
        made.via = via;
        made.list = paths.pushes(rule.paths) ? route::by_path : route::no_list;
    }
    made.pipe = is_pipe(rule.ttl);
    made.sets_tc = rule.tc >= 0;
    made.tc = static_cast<std::uint8_t>(std::max<int>(rule.tc, 0));
    routes_.edit(id) = made;
    release_route(old);
}

table_set forwarding::snapshot(retired_list& replaced) {
    free_nexthops_.settle();
    free_prefixes_.settle();
    table_set tables;
    tables.labels = labels_.commit(replaced);
    tables.ipv4 = ipv4_.commit(replaced);
    tables.ipv6 = ipv6_.commit(replaced);
    tables.routes = routes_.commit(replaced);
    tables.lists = lists_.commit(replaced);
    tables.groups = groups_.commit(replaced);
    tables.nexthops = hops_.commit(replaced);
    tables.filters = filters_.commit(replaced);
    tables.max_label_lookups = node_.max_label_lookups;
    tables.hash_seed = node_.hash_seed.value_or(seed_from(node_.name));
    tables.nexthop_ports = nexthop_ports_;
    tables.many_labels = label_count_ > table_set::few;
    tables.many_prefixes = prefixes_.size() > table_set::few;
    tables.scion = scion_;
    for (const config::port& port : ports_) {
        if (!port.addresses.empty()) {
            tables.neighbour_ports |= std::uint64_t{1} << port_facts_.find(port.name)->second.id;
        }
    }
    tables.slow_path_rate = slow_path_rate_;
    tables.slow_path_link_rate = slow_path_link_rate_;
    tables.generation = ++generation_;
    return tables;
}

}  // namespace rhumb::publish
