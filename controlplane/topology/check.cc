// Whether an advertisement makes sense by itself.
#include <algorithm>
#include <set>
#include <string_view>

#include "controlplane/topology/map.hh"
#include "rhumb/wire/mpls.hh"

namespace rhumb::topology {

namespace {

constexpr std::size_t max_name = 255;      // bytes
constexpr std::size_t max_links = 16'384;  // of one node
constexpr std::size_t max_srlgs = 64;      // of one link
constexpr std::uint32_t first_label = 16;  // RFC 3032: those below are special

bool is_name(std::string_view name) {
    return !name.empty() && name.size() <= max_name &&
           std::all_of(name.begin(), name.end(), [](char c) { return c > ' ' && c != '\x7f'; });
}

std::optional<std::string> wrong_blocks(const advertisement& said) {
    std::vector<label_block> all = said.srgb;
    all.insert(all.end(), said.srlb.begin(), said.srlb.end());
    for (const label_block& block : all) {
        if (block.count == 0 || block.first < first_label || block.first >= mpls::label_count ||
            block.count > mpls::label_count - block.first) {
            return "an SRGB or SRLB block is empty, or not within 16 to 1048575";
        }
    }
    std::sort(all.begin(), all.end(),
              [](const label_block& a, const label_block& b) { return a.first < b.first; });
    for (std::size_t i = 1; i < all.size(); ++i) {
        if (all[i - 1].first + all[i - 1].count > all[i].first) {
            return "SRGB and SRLB blocks overlap at label " + std::to_string(all[i].first);
        }
    }
    return std::nullopt;
}

bool is_label(std::uint32_t label) { return label >= first_label && label < mpls::label_count; }

bool is_algorithm(std::uint8_t algorithm) { return algorithm == 0 || algorithm >= 128; }

std::optional<std::string> wrong_link(const link& l, const std::string& origin) {
    if (!is_name(l.name) || !is_name(l.remote) ||
        (!l.remote_link.empty() && !is_name(l.remote_link))) {
        return "a link without a name, or without the node that it leads to";
    }
    if (l.remote == origin) {
        return "link " + l.name + " leads to its own node";
    }
    if (l.metric == 0 || l.metric > max_cost || l.te_metric > max_cost || l.delay > max_cost) {
        return "link " + l.name + " has a metric that is not within 1 to 16777214";
    }
    if (l.srlgs.size() > max_srlgs) {
        return "link " + l.name + " is in more than 64 shared risk link groups";
    }
    for (const adjacency_sid& sid : l.sids) {
        if (!is_label(sid.label)) {
            return "link " + l.name + " has an adjacency SID that is no label of 16 to 1048575";
        }
    }
    return std::nullopt;
}

std::optional<std::string> wrong_links(const advertisement& said) {
    if (said.links.size() > max_links) {
        return "more than 16384 links";
    }
    std::set<std::string_view> names;
    for (const link& l : said.links) {
        if (auto wrong = wrong_link(l, said.origin)) {
            return wrong;
        }
        if (!names.insert(l.name).second) {
            return "two links are called " + l.name;
        }
    }
    return std::nullopt;
}

std::optional<std::string> wrong_prefixes(const advertisement& said) {
    std::set<ip_prefix> seen;
    for (const prefix& p : said.prefixes) {
        if (p.address.length > address_bits(p.address.af) ||
            p.address.shortened(p.address.length) != p.address) {
            return "a prefix has bits behind its length";
        }
        if (!seen.insert(p.address).second) {
            return "a prefix stands there twice";
        }
        if (p.metric > max_cost) {
            return "a prefix has a metric over 16777214";
        }
        std::set<std::uint8_t> algorithms;
        for (const prefix_sid& sid : p.sids) {
            if (!is_algorithm(sid.algorithm) || !algorithms.insert(sid.algorithm).second) {
                return "a prefix has two SIDs of one algorithm, or one of an algorithm that is "
                       "neither 0 nor 128 to 255";
            }
            if (sid.index >= mpls::label_count) {
                return "a prefix has a SID index over 1048575";
            }
        }
    }
    return std::nullopt;
}

std::optional<std::string> wrong_algorithms(const advertisement& said) {
    const auto flexible = [](std::uint8_t algorithm) { return algorithm >= 128; };
    if (!std::all_of(said.algorithms.begin(), said.algorithms.end(), is_algorithm)) {
        return "an algorithm is neither 0 nor 128 to 255";
    }
    std::set<std::uint8_t> defined;
    for (const flex_algo_definition& definition : said.definitions) {
        if (!flexible(definition.algorithm) || !defined.insert(definition.algorithm).second ||
            static_cast<std::size_t>(definition.metric) >= metric_types) {
            return "an algorithm is defined twice, or is not within 128 to 255";
        }
    }
    for (const binding_sid& binding : said.bindings) {
        if (!is_label(binding.label) || binding.nodes.empty() ||
            !std::all_of(binding.nodes.begin(), binding.nodes.end(), is_name)) {
            return "a binding SID is no label of 16 to 1048575, or leads through no node";
        }
    }
    return std::nullopt;
}

}  // namespace

result<void> check(const advertisement& said) {
    if (!is_name(said.origin)) {
        return error{"a node's name has 1 to 255 characters, without spaces", {}};
    }
    std::optional<std::string> wrong;
    if (said.version == 0) {
        wrong = "versions begin at 1";
    }
    for (const auto& look : {wrong_blocks, wrong_links, wrong_prefixes, wrong_algorithms}) {
        if (!wrong) {
            wrong = look(said);
        }
    }
    return wrong ? result<void>(error{"node " + said.origin + ": " + *wrong, {}}) : result<void>();
}

}  // namespace rhumb::topology
