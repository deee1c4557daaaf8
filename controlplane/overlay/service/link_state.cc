// What a node says of itself, written as messages; link_state_read.cc has the way back.
#include "controlplane/overlay/service/link_state.hh"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "controlplane/config/text.hh"

namespace rhumb::overlay {

using nlohmann::json;
using topology::advertisement;

namespace {

// Of the 8192 characters of a message, what its content may take: the rest is for its frame.
constexpr std::size_t most_characters = 7000;

// Writing.

json blocks_json(const std::vector<topology::label_block>& blocks) {
    json made = json::array();
    for (const auto& block : blocks) {
        made.push_back(
            config::to_string(config::label_range{block.first, block.first + block.count - 1}));
    }
    return made;
}

json bits_json(topology::affinity_set set) {
    json made = json::array();
    for (unsigned bit = 0; bit < 64; ++bit) {
        if ((set >> bit & 1) != 0) {
            made.push_back(bit);
        }
    }
    return made;
}

// Only what is not as it usually is.
template <class Value>
void put(json& to, const char* key, const Value& value, const Value& usual) {
    if (value != usual) {
        to[key] = value;
    }
}
void put_bits(json& to, const char* key, topology::affinity_set set) {
    if (set != 0) {
        to[key] = bits_json(set);
    }
}

json link_json(const topology::link& l) {
    const topology::link usual;
    json made{{"name", l.name}, {"remote", l.remote}, {"metric", l.metric}};
    put(made, "remote_link", l.remote_link, usual.remote_link);
    if (l.address) {
        made["address"] = config::to_string(*l.address);
    }
    put(made, "te_metric", l.te_metric, usual.te_metric);
    put(made, "delay", l.delay, usual.delay);
    put(made, "bandwidth", std::min(l.bandwidth, most_link_state_number), std::uint64_t{0});
    put(made, "reserved", std::min(l.reserved, most_link_state_number), std::uint64_t{0});
    put_bits(made, "affinities", l.affinities);
    put(made, "srlgs", l.srlgs, usual.srlgs);
    for (const topology::adjacency_sid& sid : l.sids) {
        const topology::adjacency_sid plain;
        json one{{"label", sid.label}};
        put(one, "protected", sid.is_protected, plain.is_protected);
        put(one, "set", sid.set, plain.set);
        put(one, "persistent", sid.persistent, plain.persistent);
        put(one, "weight", sid.weight, plain.weight);
        made["sids"].push_back(std::move(one));
    }
    return made;
}

json prefix_json(const topology::prefix& p) {
    json made{{"address", config::to_string(p.address)}};
    put(made, "metric", p.metric, topology::cost{0});
    put(made, "node", p.node, false);
    put(made, "readvertised", p.readvertised, false);
    for (const topology::prefix_sid& sid : p.sids) {
        json one{{"index", sid.index}};
        put(one, "algorithm", sid.algorithm, std::uint8_t{0});
        put(one, "no_php", sid.no_php, false);
        put(one, "explicit_null", sid.explicit_null, false);
        made["sids"].push_back(std::move(one));
    }
    return made;
}

json definition_json(const topology::flex_algo_definition& d) {
    json made{{"algorithm", d.algorithm},
              {"priority", d.priority},
              {"metric", link_state_metrics[static_cast<std::size_t>(d.metric)]}};
    put_bits(made, "exclude_any", d.exclude_any);
    put_bits(made, "include_any", d.include_any);
    put_bits(made, "include_all", d.include_all);
    put(made, "exclude_srlgs", d.exclude_srlgs, {});
    return made;
}

json node_json(const advertisement& said) {
    return {{"srgb", blocks_json(said.srgb)},
            {"srlb", blocks_json(said.srlb)},
            {"msd", said.msd},
            {"overload", said.overload},
            {"algorithms", said.algorithms}};
}

// As it stands in a message: indented, within a list, which is within the content.
std::size_t characters(const json& of) {
    constexpr std::size_t deeper = 6;
    const std::string text = of.dump(2);
    return text.size() + deeper * static_cast<std::size_t>(std::ranges::count(text, '\n') + 2);
}

// Spreads items over parts.
class parts_writer {
public:
    explicit parts_writer(json first) : parts_{std::move(first)}, size_(characters(parts_[0])) {}

    void add(const char* list, json item) {
        const std::size_t more = characters(item) + 20;
        too_long_ |= more > most_characters;
        if (size_ + more > most_characters) {
            parts_.emplace_back(json::object());
            size_ = 0;
        }
        parts_.back()[list].push_back(std::move(item));
        size_ += more;
    }
    [[nodiscard]] result<std::vector<std::string>> finish(const std::string& node) {
        if (too_long_ || parts_.size() > most_link_state_parts) {
            return error{"what node " + node + " says of itself is too long for messages", {}};
        }
        std::vector<std::string> made;
        for (std::size_t n = 0; n < parts_.size(); ++n) {
            json& part = parts_[n];
            part["type"] = link_state_type;
            part["node"] = node;
            part["part"] = n + 1;
            part["parts"] = parts_.size();
            made.push_back(part.dump());
        }
        return made;
    }

private:
    std::vector<json> parts_;
    std::size_t size_;
    bool too_long_ = false;
};

}  // namespace

result<std::vector<std::string>> link_state_contents(const advertisement& said) {
    parts_writer parts(node_json(said));
    for (const auto& one : said.definitions) {
        parts.add("definitions", definition_json(one));
    }
    for (const auto& one : said.links) {
        parts.add("links", link_json(one));
    }
    for (const auto& one : said.prefixes) {
        parts.add("prefixes", prefix_json(one));
    }
    for (const auto& one : said.bindings) {
        parts.add("bindings", {{"label", one.label}, {"nodes", one.nodes}});
    }
    return parts.finish(said.origin);
}

}  // namespace rhumb::overlay
