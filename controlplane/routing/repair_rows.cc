#include "controlplane/routing/repair_rows.hh"

#include <fmt/format.h>

#include <map>
#include <string>
#include <vector>

#include "controlplane/labels/label_walk.hh"
#include "controlplane/routing/rows.hh"
#include "controlplane/topology/spf.hh"
#include "controlplane/topology/ti_lfa_spaces.hh"

namespace rhumb::routing {

using nlohmann::json;
using topology::link_number;
using topology::node_number;
using topology::protection;
using topology::repair_outcome;

namespace {

const char* word_for(protection what) {
    switch (what) {
        case protection::link: return "link";
        case protection::node: return "node";
        case protection::srlg: return "srlg";
        case protection::node_and_srlg: break;
    }
    return "node+srlg";
}

json names_of(const topology::map& m, std::span<const node_number> nodes) {
    json names = json::array();
    for (const node_number node : nodes) {
        names.push_back(m.name(node));
    }
    return names;
}

node_number end_of(const topology::graph& g, const topology::segment& s) {
    return s.kind == topology::segment_kind::node ? s.node : g.to[s.number];
}

// What is pushed, and where packets go on by the destination's own label.
void add_repair(json& row, const repair_scene& in, const topology::repair& repair) {
    json segments = json::array();
    json labels = json::array();
    node_number at = in.map.graph().to[repair.out];
    for (const topology::segment& s : repair.segments) {
        segments.push_back(labels::to_text(in.map, s));
        const auto label = in.labels.label(s, at, false);
        labels.push_back(label ? json(*label) : json(nullptr));
        at = end_of(in.map.graph(), s);
    }
    row["out"] = in.map.said_of(repair.out)->name;
    row["segments"] = std::move(segments);
    row["labels"] = std::move(labels);
    row["end"] = in.map.name(repair.end);
}

}  // namespace

json repair_rows(const repair_scene& in, std::span<const topology::link_repairs> all) {
    json rows = json::array();
    for (const topology::link_repairs& of : all) {
        std::vector<std::vector<node_number>> takers(of.repairs.size());
        for (node_number node = 0; node < of.by_node.size(); ++node) {
            if (of.by_node[node] != topology::link_repairs::none) {
                takers[of.by_node[node]].push_back(node);
            }
        }
        for (std::size_t r = 0; r < of.repairs.size(); ++r) {
            if (takers[r].empty()) {
                continue;
            }
            json row{{"link", in.map.said_of(of.link)->name},
                     {"remote", in.map.name(in.map.graph().to[of.link])},
                     {"algorithm", in.algorithm},
                     {"protects", word_for(of.repairs[r].protects)},
                     {"destinations", names_of(in.map, takers[r])}};
            add_repair(row, in, of.repairs[r]);
            rows.push_back(std::move(row));
        }
    }
    return rows;
}

namespace {

// Why there is no repair; empty: there is one.
std::string none_text(const topology::repair_explanation& told) {
    switch (told.outcome) {
        case repair_outcome::repaired:
        case repair_outcome::weaker: return {};
        case repair_outcome::not_used: return "none: no shortest path begins with the link";
        case repair_outcome::no_other_path: return "none: there is no other path";
        case repair_outcome::too_many_segments:
            return fmt::format("none: it would take {} segments", told.segments);
        case repair_outcome::no_sids: return "none: nodes or links on the way have no SID";
        case repair_outcome::srlg_too_large: break;
    }
    return "none: too many links share the risk";
}

// One explanation on its way into words.
class wording {
public:
    wording(const repair_scene& in, link_number l, node_number destination,
            const topology::repair_explanation& told)
        : in_(in), g_(in.map.graph()), link_(l), to_(destination), told_(told) {}

    [[nodiscard]] json lines() {
        say("destination",
            fmt::format("{} over {}, cost {}", name(to_), link_name(link_), told_.before));
        say("failure", failure_text());
        say("P-space", fmt::format("of {}: {}", name(g_.from[link_]), list(told_.p)));
        if (told_.way) {
            say("", fmt::format("extended, by {}: {}", name(g_.to[told_.way->out]),
                                list(told_.extended_p)));
        }
        say("Q-space", fmt::format("of {}: {}", name(to_), list(told_.q)));
        if (told_.after != topology::unreachable) {
            say("path",
                fmt::format("{}, cost {}: that after convergence", path_text(), told_.after));
        }
        say("repair", outcome_text());
        if (told_.way) {
            say_segments(*told_.way);
        }
        return std::move(lines_);
    }

private:
    void say(const char* what, const std::string& text) {
        lines_.push_back(fmt::format("{:<12} {}", what, text));
    }
    [[nodiscard]] const std::string& name(node_number node) const { return in_.map.name(node); }
    [[nodiscard]] std::string link_name(link_number l) const {
        return fmt::format("{}:{}", name(g_.from[l]), in_.map.said_of(l)->name);
    }
    [[nodiscard]] std::string list(std::span<const node_number> nodes) const {
        std::string text;
        for (const node_number node : nodes) {
            text += (text.empty() ? "" : " ") + name(node);
        }
        return text.empty() ? "nobody" : text;
    }
    [[nodiscard]] std::string failure_text() const {
        switch (told_.achieved) {
            case protection::link: return link_name(link_);
            case protection::node: return fmt::format("node {}", name(g_.to[link_]));
            case protection::srlg: return "the shared risks of " + link_name(link_) + risk_links();
            case protection::node_and_srlg: break;
        }
        return fmt::format("node {}, and the shared risks of {}{}", name(g_.to[link_]),
                           link_name(link_), risk_links());
    }
    // Links that fail, each once.
    [[nodiscard]] std::string risk_links() const {
        std::string text;
        for (const link_number l : told_.what.links) {
            const bool first = g_.reverse[l] == topology::nobody || l < g_.reverse[l];
            text += first ? (text.empty() ? ": " : ", ") + link_name(l) : "";
        }
        return text;
    }
    [[nodiscard]] std::string path_text() const {
        std::string text = name(g_.from[link_]);
        for (const link_number l : told_.path) {
            text += fmt::format(" -{}> {}", in_.map.said_of(l)->name, name(g_.to[l]));
        }
        return text;
    }
    [[nodiscard]] std::string outcome_text() const {
        const auto way = [&] {
            return fmt::format("over {}, {}", link_name(told_.way->out),
                               told_.segments == 0 ? "without a segment"
                               : told_.segments == 1
                                   ? "with 1 segment"
                                   : fmt::format("with {} segments", told_.segments));
        };
        if (told_.outcome == repair_outcome::weaker) {
            return fmt::format("{}; of the {} alone, there is none of more", way(),
                               word_for(told_.achieved));
        }
        return told_.outcome == repair_outcome::repaired ? way() : none_text(told_);
    }
    void say_segments(const topology::repair& way) {
        node_number at = g_.to[way.out];
        say("why", fmt::format("{} gets the packet first", name(at)));
        for (const topology::segment& s : way.segments) {
            const node_number next = end_of(g_, s);
            const auto label = in_.labels.label(s, at, false);
            const std::string what = fmt::format("{} ({})", labels::to_text(in_.map, s),
                                                 label ? std::to_string(*label) : "no label");
            say("", s.kind == topology::segment_kind::node
                        ? fmt::format("{}: no shortest path from {} to it meets the failure", what,
                                      name(at))
                        : fmt::format("{}: by shortest paths {} might send it into the failure",
                                      what, name(at)));
            at = next;
        }
        say("",
            way.at_destination
                ? fmt::format("{} is where it is to go", name(way.end))
                : fmt::format("from {} on its own label: no shortest path to {} meets the failure",
                              name(way.end), name(to_)));
    }

    const repair_scene& in_;
    const topology::graph& g_;
    link_number link_;
    node_number to_;
    const topology::repair_explanation& told_;
    json lines_ = json::array();
};

const char* word_for(repair_outcome what) {
    switch (what) {
        case repair_outcome::repaired: return "repaired";
        case repair_outcome::weaker: return "weaker";
        case repair_outcome::not_used: return "not used";
        case repair_outcome::no_other_path: return "no other path";
        case repair_outcome::too_many_segments: return "too many segments";
        case repair_outcome::no_sids: return "no SIDs";
        case repair_outcome::srlg_too_large: break;
    }
    return "SRLG too large";
}

// Each costs a search of the whole network.
constexpr std::size_t most_explained = 256;  // of a link's destinations

}  // namespace

json unrepaired_rows(const repair_scene& in, node_number own,
                     std::span<const topology::link_repairs> all,
                     const topology::ti_lfa_options& options) {
    const topology::graph& g = in.map.graph();
    topology::tree tree;
    topology::spf_workspace memory;
    topology::shortest_paths_from(g, in.view, own, tree, memory);
    topology::first_hops hops;
    hops.compute(g, in.view, tree);
    json rows = json::array();
    for (const topology::link_repairs& of : all) {
        const std::size_t k = of.link - g.first[own];
        std::map<std::string, std::vector<node_number>> by_reason;
        std::size_t explained = 0;
        for (node_number node = 0; node < g.node_count(); ++node) {
            if (node == own || (hops.of(node)[k / 64] >> k % 64 & 1) == 0 ||
                (node < of.by_node.size() && of.by_node[node] != topology::link_repairs::none)) {
                continue;
            }
            const std::string why =
                ++explained > most_explained
                    ? "not looked at, as many others; --explain tells of one"
                    : none_text(topology::explain_repair(in.map, in.view, in.algorithm, of.link,
                                                         node, options));
            if (!why.empty()) {
                by_reason[why].push_back(node);
            }
        }
        for (const auto& [why, nodes] : by_reason) {
            rows.push_back({{"link", in.map.said_of(of.link)->name},
                            {"remote", in.map.name(g.to[of.link])},
                            {"algorithm", in.algorithm},
                            {"protects", nullptr},
                            {"why", why},
                            {"destinations", names_of(in.map, nodes)},
                            {"out", nullptr},
                            {"segments", json::array()},
                            {"labels", json::array()},
                            {"end", nullptr}});
        }
    }
    return rows;
}

json explanation_rows(const repair_scene& in, node_number own, node_number destination,
                      const topology::ti_lfa_options& options) {
    const topology::graph& g = in.map.graph();
    json rows = json::array();
    for (link_number l = g.first[own]; l < g.first[own + 1]; ++l) {
        if (in.view.costs[l] == topology::unusable) {
            continue;
        }
        const auto told =
            topology::explain_repair(in.map, in.view, in.algorithm, l, destination, options);
        if (told.outcome == repair_outcome::not_used) {
            continue;
        }
        json row{{"link", in.map.said_of(l)->name},
                 {"remote", in.map.name(g.to[l])},
                 {"destination", in.map.name(destination)},
                 {"algorithm", in.algorithm},
                 {"outcome", word_for(told.outcome)},
                 {"protects", word_for(told.achieved)},
                 {"cost", told.before},
                 {"p_space", names_of(in.map, told.p)},
                 {"extended_p_space", names_of(in.map, told.extended_p)},
                 {"q_space", names_of(in.map, told.q)},
                 {"words", wording(in, l, destination, told).lines()}};
        if (told.after != topology::unreachable) {
            row["cost_after"] = told.after;
            json path = json::array({in.map.name(own)});
            for (const link_number taken : told.path) {
                path.push_back(in.map.name(g.to[taken]));
            }
            row["path"] = std::move(path);
        }
        if (told.way) {
            add_repair(row, in, *told.way);
        }
        rows.push_back(std::move(row));
    }
    return rows;
}

}  // namespace rhumb::routing
