#include "tools/rhumb-path/network.hh"

#include <fmt/format.h>

#include <algorithm>
#include <iostream>

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
    if (words_.size() < least || words_.size() > most) {
        throw failure(exit_status::usage, fmt::format("{} words are given: {}", words_.size(),
                                                      usage_.substr(0, usage_.find('\n'))));
    }
    return true;
}

topology::node_number network::node(const std::string& name) const {
    const auto found = map.find(name);
    if (!found || map.said(*found) == nullptr) {
        throw failure(exit_status::usage, name + " is no node of this network");
    }
    return *found;
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

std::unique_ptr<network> load(const std::string& file) {
    std::vector<error> all;
    auto read = config::load_topology(file, &all);
    if (!read) {
        std::string text;
        for (const error& one : all) {
            text += (text.empty() ? "" : "\n") + one.text();
        }
        throw failure(exit_status::file, text);
    }
    auto made = std::make_unique<network>();
    made->file = std::move(read).value();
    if (const auto done = made->map.apply(made->file.nodes); !done) {
        throw failure(exit_status::file, done.why().text());
    }
    made->sids = std::make_unique<labels::sid_labels>(made->map);
    made->walker = std::make_unique<labels::label_walker>(made->map, *made->sids);
    return made;
}

}  // namespace rhumb::path_tool
