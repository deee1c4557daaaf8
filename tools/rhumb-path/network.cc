#include "tools/rhumb-path/network.hh"

#include <fmt/format.h>

#include <algorithm>
#include <iostream>
#include <span>

#include "controlplane/config/form.hh"
#include "controlplane/config/text.hh"
#include "controlplane/topology/flex_algo.hh"
#include "tools/rhumbctl/options.hh"

namespace rhumb::path_tool {

bool command_line::parse(const words& line, std::size_t least, std::size_t most) {
    options.add_options()("help,h", "this text");
    po::options_description all;
    all.add(options).add_options()("words", po::value(&words_));
    const auto map = ctl::read_line(all, line);
    if (map.contains("help")) {
        std::cout << usage_ << '\n' << options;
        return false;
    }
    check(words_.size(), least, most);
    return true;
}

void command_line::check(std::size_t count, std::size_t least, std::size_t most) const {
    if (count < least || count > most) {
        throw failure(exit_status::usage, fmt::format("{} words are given: {}", count,
                                                      usage_.substr(0, usage_.find('\n'))));
    }
}

topology::node_number network::node(const std::string& name) const {
    const auto found = map.find(name);
    if (!found || map.said(*found) == nullptr) {
        const std::string hint = similar(name);
        throw failure(exit_status::usage,
                      name + " is no node of this network" + (hint.empty() ? "" : "; " + hint));
    }
    return *found;
}

std::vector<topology::node_number> network::nodes(const std::string& text) const {
    const auto host = map.find(text) ? std::nullopt : config::parse_host(text);
    const auto prefix = map.find(text) || host ? host : config::parse_prefix(text);
    if (!prefix) {
        return {node(text)};
    }
    const auto known = map.find(*prefix);
    std::vector<topology::node_number> found;
    for (const topology::prefix_source& from :
         known ? map.sources(*known) : std::span<const topology::prefix_source>()) {
        found.push_back(from.node);
    }
    if (found.empty()) {
        throw failure(exit_status::usage, "no node of this network has the prefix " + text);
    }
    return found;
}

topology::link_number network::link(const std::string& text) const {
    const std::size_t colon = text.find(':');
    if (colon == std::string::npos) {
        throw failure(exit_status::usage, text + " is no link: write NODE:LINK");
    }
    const auto found = map.find_link(node(text.substr(0, colon)), text.substr(colon + 1));
    if (!found) {
        throw failure(exit_status::usage, text + " is no link of this network");
    }
    return *found;
}

std::uint8_t network::algorithm(unsigned number) const {
    const auto known = topology::algorithms(map);
    if (number > 255 ||
        std::ranges::find(known, static_cast<std::uint8_t>(number)) == known.end()) {
        throw failure(exit_status::usage, fmt::format("nobody defines algorithm {}; there are {}",
                                                      number, fmt::join(known, ", ")));
    }
    return static_cast<std::uint8_t>(number);
}

std::string network::similar(const std::string& word) const {
    std::string links;
    const topology::graph& g = map.graph();
    for (topology::link_number l = 0; l < g.link_count(); ++l) {
        if (const topology::link* const said = map.said_of(l);
            said != nullptr && said->name == word) {
            links += (links.empty() ? "" : ", ") + link_name(l);
        }
    }
    if (!links.empty()) {
        return "a link is written NODE:LINK: " + links;
    }
    std::vector<std::string_view> known(file.affinities.begin(), file.affinities.end());
    for (topology::node_number n = 0; n < map.node_count(); ++n) {
        if (map.said(n) != nullptr) {
            known.emplace_back(map.name(n));
        }
    }
    const std::string advised = config::advice(word, known);
    return advised.starts_with("did you mean") ? advised : "";
}

void expect_part(const network& in, topology::node_number node, unsigned algorithm) {
    if (!topology::takes_part(in.map, node, in.algorithm(algorithm))) {
        throw failure(exit_status::refused,
                      fmt::format("{} takes no part in algorithm {}", in.name(node), algorithm));
    }
}

std::string network::link_name(topology::link_number l) const {
    const topology::link* const said = map.said_of(l);
    return name(map.graph().from[l]) + ':' + (said == nullptr ? "?" : said->name);
}

std::string network::affinities(topology::affinity_set set) const {
    std::string text;
    for (unsigned bit = 0; bit < 64; ++bit) {
        if ((set >> bit & 1) != 0) {
            text += (text.empty() ? "" : ", ") +
                    (bit < file.affinities.size() ? file.affinities[bit] : std::to_string(bit));
        }
    }
    return text;
}

namespace {

// What the arrays of policies, routes and demands say; names are looked up when they are needed.
config::policies_reader reader_for(config::policies_file& into) {
    return [&into](config::value root, const config::topology_file& file,
                   config::diagnostics& errors) {
        config::read_policies(root["policies"], file.affinities, into, errors);
        config::read_routes(root["routes"], into, errors);
        config::read_demands(root["demands"], into, errors);
    };
}

// Nodes and links without SIDs cannot be named.
void list_sids(network& in) {
    const topology::graph& g = in.map.graph();
    for (std::size_t plane = 0; plane < in.engine->plane_count(); ++plane) {
        std::vector<bool> has(g.node_count());
        for (topology::node_number n = 0; n < g.node_count(); ++n) {
            has[n] = in.sids->node_prefix(n, in.engine->algorithm(plane)).has_value();
        }
        if (std::ranges::find(has, false) != has.end()) {
            in.engine->set_node_sids(in.engine->algorithm(plane), std::move(has));
        }
    }
    std::vector<bool> has(g.link_count());
    for (topology::link_number l = 0; l < g.link_count(); ++l) {
        const topology::link* const said = in.map.said_of(l);
        has[l] = said != nullptr && !said->sids.empty();
    }
    if (std::ranges::find(has, false) != has.end()) {
        in.engine->set_adjacency_sids(std::move(has));
    }
}

std::unique_ptr<network> finish(std::unique_ptr<network> made, result<config::topology_file> file,
                                const std::vector<error>& all) {
    if (!file) {
        std::string text;
        for (const error& one : all) {
            text += (text.empty() ? "" : "\n") + one.text();
        }
        throw failure(exit_status::file, text);
    }
    made->file = std::move(file).value();
    if (const auto done = made->map.apply(made->file.nodes); !done) {
        throw failure(exit_status::file, done.why().text());
    }
    made->sids = std::make_unique<labels::sid_labels>(made->map);
    made->walker = std::make_unique<labels::label_walker>(made->map, *made->sids);
    made->engine = std::make_unique<paths::path_engine>(made->map);
    list_sids(*made);
    return made;
}

}  // namespace

std::unique_ptr<network> load(const std::string& file) {
    auto made = std::make_unique<network>();
    made->source = file;
    std::vector<error> all;
    auto read = config::load_topology(file, &all, reader_for(made->policies));
    return finish(std::move(made), std::move(read), all);
}

std::unique_ptr<network> read(std::string_view text, const std::string& name) {
    auto made = std::make_unique<network>();
    made->source = name;
    std::vector<error> all;
    auto read = config::parse_topology(text, name, &all, reader_for(made->policies));
    return finish(std::move(made), std::move(read), all);
}

std::string to_text(const network& in, const topology::segments& list) {
    std::string text;
    for (const topology::segment& s : list) {
        text += (text.empty() ? "" : ", ") + labels::to_text(in.map, s);
    }
    return text.empty() ? "none" : text;
}

}  // namespace rhumb::path_tool
