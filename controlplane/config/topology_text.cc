// Topology files, written.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <deque>
#include <iterator>
#include <limits>
#include <numeric>
#include <unordered_map>

#include "controlplane/config/text.hh"
#include "controlplane/config/toml_text.hh"
#include "controlplane/config/topology_file.hh"

namespace rhumb::config {

namespace {

using topology::advertisement;

std::string blocks_text(const std::vector<topology::label_block>& blocks) {
    std::string made;
    for (const topology::label_block& block : blocks) {
        made += fmt::format("{}\"{}\"", made.empty() ? "" : ", ",
                            to_string(label_range{block.first, block.first + block.count - 1}));
    }
    return blocks.size() == 1 ? made : '[' + made + ']';
}

// TOML's integers end at 2^63 - 1.
std::string quoted_bandwidth(std::uint64_t bits) {
    const std::string text = bandwidth_text(bits);
    return text.find_first_not_of("0123456789") == std::string::npos &&
                   bits <= std::numeric_limits<std::int64_t>::max()
               ? text
               : '"' + text + '"';
}

std::string name_of_affinity(const topology_file& network, unsigned bit) {
    return bit < network.affinities.size() && !network.affinities[bit].empty()
               ? network.affinities[bit]
               : fmt::format("group-{}", bit);
}

std::string affinities_text(const topology_file& network, topology::affinity_set set) {
    std::string made;
    for (unsigned bit = 0; bit < 64; ++bit) {
        if ((set >> bit & 1) != 0) {
            made += (made.empty() ? "" : ", ") + toml_string(name_of_affinity(network, bit));
        }
    }
    return '[' + made + ']';
}

class writer {
public:
    explicit writer(const topology_file& network) : network_(network) {
        for (std::size_t n = 0; n < network.nodes.size(); ++n) {
            numbers_.emplace(network.nodes[n].origin, n);
        }
    }

    std::string write() {
        affinities();
        for (const advertisement& node : network_.nodes) {
            add_node(node);
        }
        links();
        return std::move(text_);
    }

private:
    template <class... Values>
    void add(fmt::format_string<Values...> format, Values&&... values) {
        fmt::format_to(std::back_inserter(text_), format, std::forward<Values>(values)...);
    }

    void affinities() {
        topology::affinity_set used = 0;
        for (const advertisement& node : network_.nodes) {
            for (const topology::link& l : node.links) {
                used |= l.affinities;
            }
            for (const auto& d : node.definitions) {
                used |= d.exclude_any | d.include_any | d.include_all;
            }
        }
        for (std::size_t bit = 0; bit < network_.affinities.size() && bit < 64; ++bit) {
            if (!network_.affinities[bit].empty()) {
                used |= topology::affinity_set{1} << bit;
            }
        }
        if (used != 0) {
            add("[affinities]\n");
        }
        for (unsigned bit = 0; bit < 64; ++bit) {
            if ((used >> bit & 1) != 0) {
                add("{} = {}\n", toml_key(name_of_affinity(network_, bit)), bit);
            }
        }
        add("{}", used != 0 ? "\n" : "");
    }

    void add_prefix(const topology::prefix& p) {
        add("    {{ prefix = \"{}\"", to_string(p.address));
        const topology::prefix_sid* flags = nullptr;
        std::string flexible;
        for (const topology::prefix_sid& sid : p.sids) {
            flags = flags == nullptr ? &sid : flags;
            if (sid.algorithm == 0) {
                add(", sid = {}", sid.index);
            } else {
                flexible += fmt::format("{}{} = {}", flexible.empty() ? "" : ", ", sid.algorithm,
                                        sid.index);
            }
        }
        if (!flexible.empty()) {
            add(", algorithms = {{ {} }}", flexible);
        }
        const bool full = p.address.length == address_bits(p.address.af);
        add("{}", p.node == full ? "" : p.node ? ", node = true" : ", node = false");
        if (flags != nullptr && (flags->no_php || flags->explicit_null)) {
            add("{}", flags->explicit_null ? ", explicit_null = true" : ", no_php = true");
        }
        if (p.metric != 0) {
            add(", metric = {}", p.metric);
        }
        add("{} }},\n", p.readvertised ? ", readvertised = true" : "");
    }

    void add_node(const advertisement& node) {
        const advertisement usual;
        add("[nodes.{}]\n", toml_key(node.origin));
        if (node.srgb != usual.srgb) {
            add("srgb = {}\n", blocks_text(node.srgb));
        }
        if (node.srlb != usual.srlb) {
            add("srlb = {}\n", blocks_text(node.srlb));
        }
        if (node.msd != usual.msd) {
            add("msd = {}\n", node.msd);
        }
        add("{}", node.overload ? "overload = true\n" : "");
        if (!node.algorithms.empty()) {
            add("algorithms = [{}]\n", fmt::join(node.algorithms, ", "));
        }
        if (!node.prefixes.empty()) {
            add("prefixes = [\n");
            for (const topology::prefix& p : node.prefixes) {
                add_prefix(p);
            }
            add("]\n");
        }
        if (!node.bindings.empty()) {
            add("bindings = [\n");
            for (const topology::binding_sid& binding : node.bindings) {
                add("    {{ label = {}, nodes = [", binding.label);
                for (const std::string& name : binding.nodes) {
                    add("{}{}", &name == &binding.nodes.front() ? "" : ", ", toml_string(name));
                }
                add("] }},\n");
            }
            add("]\n");
        }
        for (const topology::flex_algo_definition& d : node.definitions) {
            add_definition(node, d);
        }
        add("\n");
    }

    void add_definition(const advertisement& node, const topology::flex_algo_definition& d) {
        constexpr std::array<std::string_view, topology::metric_types> metrics{"igp", "delay",
                                                                               "te"};
        add("\n[nodes.{}.flex_algo.{}]\n", toml_key(node.origin), d.algorithm);
        add("priority = {}\nmetric = \"{}\"\n", d.priority,
            metrics[static_cast<std::size_t>(d.metric)]);
        for (const auto& [name, set] :
             {std::pair("exclude_any", d.exclude_any), std::pair("include_any", d.include_any),
              std::pair("include_all", d.include_all)}) {
            if (set != 0) {
                add("{} = {}\n", name, affinities_text(network_, set));
            }
        }
        if (!d.exclude_srlgs.empty()) {
            add("exclude_srlg = [{}]\n", fmt::join(d.exclude_srlgs, ", "));
        }
    }

    // The link's other direction, if the two can share a table.
    [[nodiscard]] const topology::link* partner_of(std::size_t node, const topology::link& l) {
        const auto remote = numbers_.find(l.remote);
        if (remote == numbers_.end() || l.remote_link.empty()) {
            return nullptr;
        }
        const auto& others = network_.nodes[remote->second].links;
        const auto found = std::ranges::find(others, l.remote_link, &topology::link::name);
        const bool mutual = found != others.end() && found->remote_link == l.name &&
                            found->remote == network_.nodes[node].origin;
        const bool alike = mutual && found->affinities == l.affinities && found->srlgs == l.srlgs &&
                           found->address.has_value() == l.address.has_value() &&
                           (found->te_metric == 0) == (l.te_metric == 0) &&
                           (found->delay == 0) == (l.delay == 0) &&
                           (found->bandwidth == 0) == (l.bandwidth == 0) &&
                           (found->reserved == 0) == (l.reserved == 0);
        return alike ? &*found : nullptr;
    }

    static std::string sids_text(const std::vector<topology::adjacency_sid>& sids) {
        std::string made;
        for (const topology::adjacency_sid& sid : sids) {
            made += made.empty() ? "" : ", ";
            if (sid == topology::adjacency_sid{sid.label}) {
                made += fmt::format("{}", sid.label);
                continue;
            }
            made += fmt::format(
                "{{ label = {}{}{}{}", sid.label, sid.is_protected ? ", protected = true" : "",
                sid.set ? ", set = true" : "", sid.persistent ? ", persistent = true" : "");
            made += sid.weight != 1 ? fmt::format(", weight = {} }}", sid.weight) : " }";
        }
        return '[' + made + ']';
    }

    template <class Print>
    void add_both(std::string_view name, std::uint64_t there, const std::uint64_t* back,
                  Print print) {
        if (there == 0) {
            return;
        }
        if (back == nullptr || *back == there) {
            add("{} = {}\n", name, print(there));
        } else {
            add("{} = [{}, {}]\n", name, print(there), print(*back));
        }
    }

    void add_link(std::size_t node, const topology::link& l, const topology::link* back) {
        const auto plain = [](std::uint64_t n) { return fmt::format("{}", n); };
        const auto of = [&](auto topology::link::* member) {
            return back == nullptr ? std::optional<std::uint64_t>()
                                   : std::optional<std::uint64_t>(back->*member);
        };
        const auto both = [&](std::string_view name, auto topology::link::* member, auto print) {
            const auto other = of(member);
            add_both(name, l.*member, other ? &*other : nullptr, print);
        };
        const std::string there = toml_string(network_.nodes[node].origin + ':' + l.name);
        const std::string end =
            toml_string(l.remote_link.empty() ? l.remote : l.remote + ':' + l.remote_link);
        add("[[links]]\nends = [{}, {}]\n", there, end);
        add("{}", back == nullptr ? "one_way = true\n" : "");
        both("metric", &topology::link::metric, plain);
        both("te_metric", &topology::link::te_metric, plain);
        both("delay", &topology::link::delay, plain);
        both("bandwidth", &topology::link::bandwidth, quoted_bandwidth);
        both("reserved", &topology::link::reserved, quoted_bandwidth);
        if (l.affinities != 0) {
            add("affinities = {}\n", affinities_text(network_, l.affinities));
        }
        if (!l.srlgs.empty()) {
            add("srlg = [{}]\n", fmt::join(l.srlgs, ", "));
        }
        const auto host = [](const topology::link& side) {
            const std::string text = to_string(*side.address);
            return toml_string(text.substr(0, text.find('/')));
        };
        if (l.address) {
            add("addresses = [{}{}]\n", host(l), back == nullptr ? "" : ", " + host(*back));
        }
        add("sids = [{}{}]\n\n", sids_text(l.sids),
            back == nullptr ? "" : ", " + sids_text(back->sids));
    }

    // A link comes when it is next at both its ends, so that each node's order stays; where orders
    // contradict each other, its directions come alone.
    void links() {
        for (const advertisement& node : network_.nodes) {
            rows_.push_back({0, std::vector<state>(node.links.size(), state::open)});
        }
        std::deque<std::size_t> turn(rows_.size());
        std::iota(turn.begin(), turn.end(), std::size_t{0});
        std::size_t idle = 0;  // nodes in turn that could not go on
        while (!turn.empty()) {
            const std::size_t n = turn.front();
            turn.pop_front();
            const std::size_t before = rows_[n].at;
            while (rows_[n].at < network_.nodes[n].links.size() &&
                   add_next(n, idle > turn.size())) {
                ++rows_[n].at;
                idle = 0;
            }
            if (rows_[n].at == before) {
                ++idle;
            }
            if (rows_[n].at < network_.nodes[n].links.size()) {
                turn.push_back(n);
            }
        }
    }

    // The node's next link; false: it has to wait for its other end, unless `at_once`.
    bool add_next(std::size_t n, bool at_once) {
        const std::size_t at = rows_[n].at;
        const topology::link& l = network_.nodes[n].links[at];
        if (rows_[n].links[at] == state::written) {
            return true;
        }
        const topology::link* back =
            rows_[n].links[at] == state::alone ? nullptr : partner_of(n, l);
        if (back != nullptr) {
            const std::size_t remote = numbers_.find(l.remote)->second;
            const auto place = static_cast<std::size_t>(back - network_.nodes[remote].links.data());
            const bool together = rows_[remote].at == place;
            if (!together && !at_once) {
                return false;
            }
            rows_[remote].links[place] = together ? state::written : state::alone;
            back = together ? back : nullptr;
        }
        add_link(n, l, back);
        return true;
    }

    enum class state : std::uint8_t { open, written, alone };
    struct row {
        std::size_t at = 0;  // the next link
        std::vector<state> links;
    };

    const topology_file& network_;
    std::unordered_map<std::string_view, std::size_t> numbers_;
    std::vector<row> rows_;  // by node
    std::string text_;
};

}  // namespace

std::string topology_text(const topology_file& network) { return writer(network).write(); }

}  // namespace rhumb::config
