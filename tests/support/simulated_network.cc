#include "tests/support/simulated_network.hh"

#include "controlplane/topology/flex_algo.hh"
#include "tests/support/repairs.hh"

namespace rhumb::test {

std::vector<config::topology_section::adjacency> links_of(const topology::map& m,
                                                          topology::node_number node) {
    std::vector<config::topology_section::adjacency> links;
    for (const topology::link& l : m.said(node)->links) {
        links.push_back({l.name, l.name, {}});
    }
    return links;
}

node_inputs inputs_for(const topology::map& m, topology::node_number own, bool protect) {
    node_inputs made;
    const std::vector<std::uint8_t> all = topology::algorithms(m);
    for (const std::uint8_t algorithm : all) {
        made.planes.push_back(topology::make_plane(m, algorithm));
        made.repairs.emplace_back();
        if (protect) {
            made.repairs.back() = repairs_for(m, made.planes.back(), algorithm, own);
        }
    }
    for (std::size_t n = 0; n < all.size(); ++n) {
        made.algorithms.push_back({all[n], &made.planes[n], made.repairs[n]});
    }
    made.links = links_of(m, own);
    made.file = std::make_unique<config::file>(file_for(m, own));
    made.configured = std::make_unique<publish::static_rules>(*made.file);
    return made;
}

namespace {

std::string joined(const config::segments& labels) {
    std::string text;
    for (const mpls::label l : labels) {
        text += (text.empty() ? "" : "/") + std::to_string(l);
    }
    return text;
}

template <class Rule>
std::string ways_text(const publish::computed_tables& made, const Rule& rule) {
    const config::rules& rules = made.rules;
    std::string text;
    if (rule.list != config::none) {
        text += " " + joined(rules.segment_lists[rule.list]);
    }
    for (const config::path& path :
         rule.paths != config::none ? rules.path_lists[rule.paths] : config::path_list{}) {
        text += " " + path.nexthop;
        text += path.weight != 1 ? "*" + std::to_string(path.weight) : "";
        text += path.out ? ">" + std::to_string(*path.out) : "";
        text += path.list != config::none ? ">" + joined(rules.segment_lists[path.list]) : "";
    }
    return text;
}

}  // namespace

std::string rule_text(const publish::computed_tables& made, mpls::label label) {
    for (const config::label_rule& rule : made.rules.labels) {
        if (rule.label == label) {
            std::string text;
            switch (rule.op) {
                case config::operation::next: text = "next"; break;
                case config::operation::pop: text = "pop"; break;
                case config::operation::push: text = "push"; break;
                case config::operation::continue_:
                    text = "continue";
                    text += rule.out != config::none ? " " + std::to_string(rule.out) : "";
            }
            return text + ways_text(made, rule);
        }
    }
    return "none";
}

std::string rule_text(const publish::computed_tables& made, const ip_prefix& match) {
    for (const config::prefix_rule& rule : made.rules.prefixes) {
        if (rule.match == match) {
            return (rule.discard ? "discard" : "send") + ways_text(made, rule);
        }
    }
    return "none";
}

std::string backup_text(const publish::computed_tables& made, const std::string& nexthop) {
    for (const config::nexthop& hop : made.nexthops) {
        if (hop.name == nexthop && hop.backup) {
            return (hop.backup->replace ? "=" : "") + hop.backup->nexthop +
                   (hop.backup->push.empty() ? "" : " " + joined(hop.backup->push));
        }
    }
    return "none";
}

std::string notes_text(const publish::computed_tables& made, publish::note_kind kind) {
    std::string text;
    for (const publish::note& n : made.notes) {
        if (n.kind == kind) {
            text += n.text + "\n";
        }
    }
    return text;
}

simulated_network::simulated_network(
    const topology::map& m, bool protect,
    const std::function<void(topology::node_number, node_inputs&)>& edit) {
    lay_out(m);
    const labels::sid_labels labels(m);
    for (topology::node_number n = 0; n < m.node_count(); ++n) {
        nodes_.push_back(std::make_unique<node>());
        node& here = *nodes_.back();
        here.inputs = inputs_for(m, n, protect);
        if (edit) {
            edit(n, here.inputs);
        }
        if (const auto made = add_node(*here.inputs.file); !made) {
            error_ = m.name(n) + ": " + made.why().text();
            return;
        }
        compute(m, labels, n);
    }
}

void simulated_network::converge(const topology::map& m, bool protect) {
    lay_out(m);
    const labels::sid_labels labels(m);
    for (topology::node_number n = 0; n < m.node_count(); ++n) {
        node_inputs& before = nodes_[n]->inputs;
        node_inputs now = inputs_for(m, n, protect);
        now.policies = before.policies;
        // The router's own configuration stays.
        now.file = std::move(before.file);
        now.configured = std::move(before.configured);
        before = std::move(now);
        compute(m, labels, n);
    }
}

void simulated_network::compute(const topology::map& m, const labels::sid_labels& labels,
                                topology::node_number number) {
    node& here = *nodes_[number];
    auto made = computer_.compute(here.inputs.on(m, labels, number));
    if (!made) {
        error_ = m.name(number) + ": " + made.why().text();
        return;
    }
    const auto applied = apply(number, publish::difference(here.computed, *made));
    if (!applied) {
        error_ = m.name(number) + ": " + applied.why().text();
    }
    here.computed = std::move(*made);
}

}  // namespace rhumb::test
