// [[links]] of topology files, and the adjacency SIDs that links get.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <unordered_map>
#include <unordered_set>

#include "controlplane/config/form.hh"
#include "controlplane/config/text.hh"
#include "controlplane/config/topology_parts.hh"
#include "rhumb/wire/mpls.hh"

namespace rhumb::config {

namespace {

constexpr std::string_view ends_example = R"(ends = ["r1", "r2"] or ["r1:eth0", "r2:eth3"])";

// One end as the file has it.
struct link_end {
    std::size_t node = 0;
    std::string name;       // of the link there
    std::size_t place = 0;  // among the node's links
};

// An adjacency that is to get labels once all explicit ones are known.
struct wish {
    std::size_t node = 0;
    std::size_t place = 0;
    adjacency_sids sids = adjacency_sids::nothing;
    bool set = false;
    std::uint8_t weight = 1;
    position where;
};

class links_reader {
public:
    explicit links_reader(topology_reading& reading)
        : reading_(reading),
          errors_(reading.errors),
          names_(reading.into.nodes.size()),
          labels_(reading) {}

    void read(value from) {
        constexpr std::array<std::string_view, 13> known{
            "ends", "metric",    "te_metric", "delay", "bandwidth", "reserved", "affinities",
            "srlg", "addresses", "sids",      "set",   "weight",    "one_way"};
        const table_reader table(from, "[[links]]", known, errors_);
        bool one_way = false;
        table.flag("one_way", one_way);
        topology::link there;
        topology::link back;
        std::array<link_end, 2> ends;
        if (!read_ends(table, one_way, ends, there, back)) {
            return;
        }
        there.metric = back.metric = reading_.defaults.metric;
        read_both(table, "metric", one_way, there.metric, back.metric, read_metric);
        read_both(table, "te_metric", one_way, there.te_metric, back.te_metric, read_metric);
        read_both(table, "delay", one_way, there.delay, back.delay, read_delay);
        read_both(table, "bandwidth", one_way, there.bandwidth, back.bandwidth, read_bandwidth);
        read_reserved(table, one_way, there, back);
        if (const value given = table.find("affinities")) {
            there.affinities = back.affinities = read_affinities(given, "affinities", reading_);
        }
        if (const value given = table.find("srlg")) {
            there.srlgs = back.srlgs = read_srlgs(given, "srlg", errors_);
        }
        read_addresses(table.find("addresses"), one_way, there, back);
        std::array<wish, 2> wishes = read_wishes(table, ends);
        read_sids(table.find("sids"), one_way, there, back, wishes);
        for (std::size_t side = 0; side < (one_way ? 1U : 2U); ++side) {
            reading_.into.nodes[ends[side].node].links.push_back(
                std::move(side == 0 ? there : back));
            wishes_.push_back(wishes[side]);
        }
    }

    // Labels for all that want them, in the order of the file.
    void finish() {
        for (std::size_t n = 0; n < reading_.into.nodes.size(); ++n) {
            for (const topology::binding_sid& binding : reading_.into.nodes[n].bindings) {
                labels_.take(n, binding.label);
            }
        }
        labels_.sort();
        for (const wish& w : wishes_) {
            grant(w);
        }
    }

private:
    // "r1" or "r1:eth0".
    bool read_end(value from, link_end& into) {
        const auto text = read_text(from, "an element of ends", errors_);
        if (!text) {
            return false;
        }
        const position where = from.where(errors_);
        const std::size_t colon = text->find(':');
        const auto node = find_node(text->substr(0, colon), "ends", where, reading_);
        if (!node) {
            return false;
        }
        into.node = *node;
        if (colon != std::string_view::npos) {
            into.name = text->substr(colon + 1);
            check_name(into.name, "a link", where, errors_);
        }
        return true;
    }

    // "to-r2", and "to-r2.2" for the second one without a name.
    std::string default_name(std::size_t node, std::size_t remote) {
        const unsigned nth = ++unnamed_[std::uint64_t{node} << 32 | remote];
        const std::string& name = reading_.into.nodes[remote].origin;
        return nth == 1 ? "to-" + name : fmt::format("to-{}.{}", name, nth);
    }

    bool read_ends(const table_reader& table, bool one_way, std::array<link_end, 2>& ends,
                   topology::link& there, topology::link& back) {
        const value given = table.find("ends");
        const auto elements = given ? read_array(given, "ends", errors_) : std::vector<value>{};
        if (elements.size() != 2 && (!given || given.kind() == value_kind::array)) {
            errors_.fail(given ? given.where(errors_) : table.where(),
                         fmt::format("a link has two ends: write {}", ends_example));
        }
        if (elements.size() != 2 || !read_end(elements[0], ends[0]) ||
            !read_end(elements[1], ends[1])) {
            return false;
        }
        if (ends[0].node == ends[1].node) {
            errors_.fail(given.where(errors_), "a link leads from one node to another");
            return false;
        }
        for (std::size_t side = 0; side < 2; ++side) {
            link_end& end = ends[side];
            // Who says nothing of the other end of a one-way link leaves it open.
            if (end.name.empty() && (side == 0 || !one_way)) {
                end.name = default_name(end.node, ends[1 - side].node);
            }
            end.place = reading_.into.nodes[end.node].links.size();
            if ((side == 0 || !one_way) && !names_[end.node].insert(end.name).second) {
                errors_.fail(
                    elements[side].where(errors_),
                    fmt::format("{} has two links called {}", reading_.into.nodes[end.node].origin,
                                in_quotes(end.name)));
            }
        }
        there.name = back.remote_link = ends[0].name;
        back.name = there.remote_link = ends[1].name;
        there.remote = reading_.into.nodes[ends[1].node].origin;
        back.remote = reading_.into.nodes[ends[0].node].origin;
        return true;
    }

    // What is reserved says nothing where nobody knows of how much.
    void read_reserved(const table_reader& table, bool one_way, topology::link& there,
                       topology::link& back) {
        read_both(table, "reserved", one_way, there.reserved, back.reserved, read_bandwidth);
        const value given = table.find("reserved");
        if (given && !table.find("bandwidth")) {
            errors_.fail(given.where(errors_), "reserved is a part of bandwidth, which is missing");
        }
    }

    // One value for both directions, or [there, back].
    template <class Number>
    void read_both(const table_reader& table, std::string_view key, bool one_way, Number& there,
                   Number& back, Number (*reader)(value, std::string_view, diagnostics&)) {
        const value given = table.find(key);
        if (!given) {
            return;
        }
        if (given.kind() != value_kind::array) {
            there = back = reader(given, key, errors_);
            return;
        }
        const auto elements = given.elements();
        if (elements.size() != 2 || one_way) {
            errors_.fail(given.where(errors_),
                         std::string(key) + (one_way ? " of a one-way link is one value"
                                                     : " is one value, or two: there and back"));
            return;
        }
        there = reader(elements[0], key, errors_);
        back = reader(elements[1], key, errors_);
    }

    void read_addresses(value given, bool one_way, topology::link& there, topology::link& back) {
        if (!given) {
            return;
        }
        const std::size_t wanted = one_way ? 1 : 2;
        const auto elements = read_array(given, "addresses", errors_);
        if (given.kind() == value_kind::array && elements.size() != wanted) {
            errors_.fail(given.where(errors_),
                         fmt::format("addresses has one element for each end: {}", wanted));
            return;
        }
        for (std::size_t side = 0; side < elements.size(); ++side) {
            const auto text = read_text(elements[side], "an address", errors_);
            const auto host = parse_host(text.value_or(""));
            if (text && !host) {
                errors_.fail(elements[side].where(errors_),
                             fmt::format("address {} is no IP address", in_quotes(*text)));
            }
            (side == 0 ? there : back).address = host;
        }
    }

    std::array<wish, 2> read_wishes(const table_reader& table,
                                    const std::array<link_end, 2>& ends) {
        wish both;
        both.where = table.where();
        both.sids = reading_.defaults.sids;
        table.flag("set", both.set);
        table.number("weight", 1, 255, both.weight);
        if (table.find("weight") && !both.set) {
            errors_.fail(table.find("weight").where(errors_), "weight needs set = true");
        }
        std::array<wish, 2> made{both, both};
        for (std::size_t side = 0; side < 2; ++side) {
            made[side].node = ends[side].node;
            made[side].place = ends[side].place;
        }
        return made;
    }

    // sids: a word for both ends, or what each end has.
    void read_sids(value given, bool one_way, topology::link& there, topology::link& back,
                   std::array<wish, 2>& wishes) {
        if (!given) {
            return;
        }
        if (given.kind() == value_kind::string) {
            wishes[0].sids = wishes[1].sids = read_sids_word(given, "sids", errors_);
            return;
        }
        const std::size_t wanted = one_way ? 1 : 2;
        const auto elements = read_array(given, "sids", errors_);
        if (given.kind() == value_kind::array && elements.size() != wanted) {
            errors_.fail(given.where(errors_),
                         fmt::format("sids has one element for each end: {}", wanted));
            return;
        }
        for (std::size_t side = 0; side < elements.size(); ++side) {
            wish& w = wishes[side];
            if (elements[side].kind() == value_kind::string) {
                w.sids = read_sids_word(elements[side], "sids", errors_);
                continue;
            }
            w.sids = adjacency_sids::nothing;
            for (const value one : read_array(elements[side], "an end's sids", errors_)) {
                const auto sid = read_sid(one);
                labels_.take(w.node, sid.label);
                (side == 0 ? there : back).sids.push_back(sid);
            }
        }
    }

    // A label, which is unprotected, or a table.
    topology::adjacency_sid read_sid(value from) {
        constexpr std::array<std::string_view, 5> known{"label", "protected", "set", "persistent",
                                                        "weight"};
        topology::adjacency_sid made;
        if (from.kind() == value_kind::integer) {
            made.label = static_cast<std::uint32_t>(read_integer_in(
                from, "label", mpls::first_unreserved, mpls::label_count - 1, errors_));
            return made;
        }
        const table_reader table(from, "an adjacency SID", known, errors_);
        (void)table.need("label", "{ label = 15000, protected = true }");
        table.number("label", mpls::first_unreserved, mpls::label_count - 1, made.label);
        table.flag("protected", made.is_protected);
        table.flag("set", made.set);
        table.flag("persistent", made.persistent);
        table.number("weight", 0, 255, made.weight);
        return made;
    }

    void grant(const wish& w) {
        auto& link = reading_.into.nodes[w.node].links[w.place];
        const auto give = [&](bool is_protected) {
            if (const auto label = labels_.next(w.node)) {
                link.sids.push_back({*label, is_protected, false, false, 1});
            } else {
                complain(w);
            }
        };
        if (w.sids == adjacency_sids::unprotected || w.sids == adjacency_sids::both) {
            give(false);
        }
        if (w.sids == adjacency_sids::is_protected || w.sids == adjacency_sids::both) {
            give(true);
        }
        if (w.set) {
            const std::size_t remote = reading_.node_numbers.at(link.remote);
            const auto [at, is_new] =
                sets_.emplace(std::uint64_t{w.node} << 32 | remote, std::optional<std::uint32_t>());
            if (is_new) {
                at->second = labels_.next(w.node);
            }
            if (at->second) {
                link.sids.push_back({*at->second, false, true, false, w.weight});
            } else {
                complain(w);
            }
        }
    }

    void complain(const wish& w) {
        const topology::advertisement& node = reading_.into.nodes[w.node];
        std::uint64_t count = 0;
        for (const topology::label_block& block : node.srlb) {
            count += block.count;
        }
        if (complained_.insert(w.node).second) {
            errors_.fail(w.where,
                         fmt::format("the SRLB of {} has {} labels, which are too few for the "
                                     "adjacency SIDs of its links; make it larger, or say sids = "
                                     "\"unprotected\" or \"none\"",
                                     node.origin, count));
        }
    }

    topology_reading& reading_;
    diagnostics& errors_;
    std::vector<std::unordered_set<std::string>> names_;   // by node
    std::unordered_map<std::uint64_t, unsigned> unnamed_;  // node and remote
    std::unordered_map<std::uint64_t, std::optional<std::uint32_t>> sets_;
    std::vector<wish> wishes_;
    std::unordered_set<std::size_t> complained_;
    adjacency_labels labels_;
};

}  // namespace

adjacency_labels::adjacency_labels(topology_reading& reading)
    : reading_(reading), used_(reading.into.nodes.size()), places_(reading.into.nodes.size()) {}

void adjacency_labels::sort() {
    for (auto& labels : used_) {
        std::ranges::sort(labels);
    }
}

std::optional<std::uint32_t> adjacency_labels::next(std::size_t node) {
    const auto& blocks = reading_.into.nodes[node].srlb;
    place& at = places_[node];
    while (at.block < blocks.size()) {
        if (at.offset >= blocks[at.block].count) {
            ++at.block;
            at.offset = 0;
            continue;
        }
        const std::uint32_t label = blocks[at.block].first + at.offset++;
        if (!std::ranges::binary_search(used_[node], label)) {
            return label;
        }
    }
    return std::nullopt;
}

void read_links(value from, topology_reading& reading) {
    if (from && from.kind() != value_kind::array) {
        reading.errors.fail(from.where(reading.errors),
                            "links must be an array of tables: write [[links]]");
        return;
    }
    links_reader reader(reading);
    for (const value element : from ? from.elements() : std::vector<value>{}) {
        reader.read(element);
    }
    if (!reading.errors.failed()) {
        reader.finish();
    }
}

}  // namespace rhumb::config
