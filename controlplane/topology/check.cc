// Whether an advertisement makes sense by itself.
#include <algorithm>
#include <bitset>
#include <string_view>

#include "controlplane/topology/map.hh"
#include "rhumb/wire/mpls.hh"

namespace rhumb::topology {

namespace {

constexpr std::size_t max_name = 255;      // bytes
constexpr std::size_t max_links = 16'384;  // of one node
constexpr std::size_t max_srlgs = 64;      // of one link
constexpr std::size_t max_sids = 64;       // of one link
constexpr std::size_t max_hops = 255;      // of one binding SID
constexpr std::uint32_t first_label = 16;  // RFC 3032: those below are special

bool is_name(std::string_view name) {
    return !name.empty() && name.size() <= max_name &&
           std::all_of(name.begin(), name.end(), [](char c) { return c > ' ' && c < '\x7f'; });
}

// The first that stands there twice; end if none does.
template <class Value>
auto twice(std::vector<Value>& values) {
    std::sort(values.begin(), values.end());
    return std::adjacent_find(values.begin(), values.end());
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

bool is_family(family f) { return f == family::ipv4 || f == family::ipv6; }

bool has_bits_behind_its_length(const ip_prefix& p) {
    return !is_family(p.af) || p.length > address_bits(p.af) || p.shortened(p.length) != p;
}

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
    if (l.sids.size() > max_sids) {
        return "link " + l.name + " has more than 64 adjacency SIDs";
    }
    if (l.address && (has_bits_behind_its_length(*l.address) ||
                      l.address->length != address_bits(l.address->af))) {
        return "link " + l.name + " has a prefix for an address";
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
    std::vector<std::string_view> names;
    names.reserve(said.links.size());
    for (const link& l : said.links) {
        if (auto wrong = wrong_link(l, said.origin)) {
            return wrong;
        }
        names.push_back(l.name);
    }
    if (const auto again = twice(names); again != names.end()) {
        return "two links are called " + std::string(*again);
    }
    return std::nullopt;
}

std::optional<std::string> wrong_prefixes(const advertisement& said) {
    std::vector<ip_prefix> seen;
    seen.reserve(said.prefixes.size());
    for (const prefix& p : said.prefixes) {
        if (has_bits_behind_its_length(p.address)) {
            return "a prefix has bits behind its length";
        }
        seen.push_back(p.address);
        if (p.metric > max_cost) {
            return "a prefix has a metric over 16777214";
        }
        std::bitset<256> algorithms;
        for (const prefix_sid& sid : p.sids) {
            if (!is_algorithm(sid.algorithm) || algorithms.test(sid.algorithm)) {
                return "a prefix has two SIDs of one algorithm, or one of an algorithm that is "
                       "neither 0 nor 128 to 255";
            }
            if (sid.index >= mpls::label_count) {
                return "a prefix has a SID index over 1048575";
            }
            algorithms.set(sid.algorithm);
        }
    }
    return twice(seen) == seen.end() ? std::nullopt
                                     : std::optional<std::string>("a prefix stands there twice");
}

std::optional<std::string> wrong_algorithms(const advertisement& said) {
    const auto flexible = [](std::uint8_t algorithm) { return algorithm >= 128; };
    std::bitset<256> supported;
    for (const std::uint8_t algorithm : said.algorithms) {
        if (!is_algorithm(algorithm) || supported.test(algorithm)) {
            return "an algorithm is neither 0 nor 128 to 255, or stands there twice";
        }
        supported.set(algorithm);
    }
    std::bitset<256> defined;
    for (const flex_algo_definition& definition : said.definitions) {
        if (!flexible(definition.algorithm) || defined.test(definition.algorithm) ||
            static_cast<std::size_t>(definition.metric) >= metric_types) {
            return "an algorithm is defined twice, is not within 128 to 255, or has no metric "
                   "that is known";
        }
        if (definition.exclude_srlgs.size() > max_srlgs) {
            return "an algorithm excludes more than 64 shared risk link groups";
        }
        defined.set(definition.algorithm);
    }
    for (const binding_sid& binding : said.bindings) {
        if (!is_label(binding.label) || binding.nodes.empty() || binding.nodes.size() > max_hops ||
            !std::all_of(binding.nodes.begin(), binding.nodes.end(), is_name)) {
            return "a binding SID is no label of 16 to 1048575, or leads through no node, or "
                   "more than 255";
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
