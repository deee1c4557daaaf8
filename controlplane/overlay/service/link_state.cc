#include "controlplane/overlay/service/link_state.hh"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "controlplane/config/text.hh"
#include "controlplane/topology/map.hh"

namespace rhumb::overlay {

using nlohmann::json;
using topology::advertisement;

namespace {

// Of the 8192 characters of a message, what its content may take: the rest is for its frame.
constexpr std::size_t most_characters = 7000;
// Numbers travel as doubles.
constexpr std::uint64_t most_number = (std::uint64_t{1} << 53) - 1;
constexpr std::array<std::string_view, topology::metric_types> metric_names{"igp", "delay", "te"};

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
    put(made, "bandwidth", std::min(l.bandwidth, most_number), std::uint64_t{0});
    put(made, "reserved", std::min(l.reserved, most_number), std::uint64_t{0});
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
              {"metric", metric_names[static_cast<std::size_t>(d.metric)]}};
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

// As it stands in a message: indented, one level further in.
std::size_t characters(const json& of) {
    constexpr std::size_t deeper = 4;
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

// Reading. What is there must be of its type and range; what is not keeps its value.

class fields {
public:
    explicit fields(const json& from) : from_(from), sound_(from.is_object()) {}

    void text(const char* key, std::string& into) {
        if (const json* const value = find(key)) {
            if (value->is_string()) {
                into = value->get<std::string>();
            } else {
                sound_ = false;
            }
        }
    }
    void flag(const char* key, bool& into) {
        if (const json* const value = find(key)) {
            if (value->is_boolean()) {
                into = value->get<bool>();
            } else {
                sound_ = false;
            }
        }
    }
    template <class Number>
    void number(const char* key, Number& into, std::uint64_t most) {
        if (const json* const value = find(key)) {
            into = number_in<Number>(*value, most);
        }
    }
    template <class Number>
    void numbers(const char* key, std::vector<Number>& into, std::uint64_t most) {
        each(key, [&](const json& value) { into.push_back(number_in<Number>(value, most)); });
    }
    void bits(const char* key, topology::affinity_set& into) {
        constexpr std::uint64_t last_bit = 63;
        each(key, [&](const json& value) {
            into |= topology::affinity_set{1} << number_in<unsigned>(value, last_bit);
        });
    }
    void blocks(const char* key, std::vector<topology::label_block>& into) {
        into.clear();
        each(key, [&](const json& value) {
            const auto range = value.is_string()
                                   ? config::parse_label_range(value.get_ref<const std::string&>())
                                   : std::nullopt;
            if (range) {
                into.push_back({range->first, range->last - range->first + 1});
            }
            sound_ &= range.has_value();
        });
    }
    [[nodiscard]] std::optional<ip_prefix> prefix(const char* key) {
        const json* const value = find(key);
        if (value == nullptr) {
            return std::nullopt;
        }
        const auto read = value->is_string()
                              ? config::parse_prefix(value->get_ref<const std::string&>())
                              : std::nullopt;
        sound_ &= read && !config::has_host_bits(*read);
        return read;
    }
    // `read` says whether an element makes sense.
    template <class Read>
    void list(const char* key, Read&& read) {
        each(key, [&](const json& value) { sound_ &= read(value); });
    }
    [[nodiscard]] bool has(const char* key) const {
        return from_.is_object() && from_.contains(key);
    }
    [[nodiscard]] bool are_sound() const { return sound_; }

private:
    [[nodiscard]] const json* find(const char* key) const {
        if (!from_.is_object()) {
            return nullptr;
        }
        const auto at = from_.find(key);
        return at == from_.end() ? nullptr : &*at;
    }
    template <class Each>
    void each(const char* key, Each&& each_of) {
        const json* const list = find(key);
        if (list == nullptr) {
            return;
        }
        sound_ &= list->is_array();
        for (const json& value : list->is_array() ? *list : json::array()) {
            each_of(value);
        }
    }
    template <class Number>
    [[nodiscard]] Number number_in(const json& value, std::uint64_t most) {
        const bool fits = value.is_number_unsigned() && value.get<std::uint64_t>() <= most;
        sound_ &= fits;
        return fits ? value.get<Number>() : Number{};
    }

    const json& from_;
    bool sound_;
};

constexpr std::uint64_t most_u8 = 0xff;
constexpr std::uint64_t most_u32 = 0xffffffff;

bool read_link(const json& from, advertisement& into) {
    topology::link made;
    fields f(from);
    f.text("name", made.name);
    f.text("remote", made.remote);
    f.text("remote_link", made.remote_link);
    if (f.has("address")) {
        made.address = f.prefix("address");
    }
    f.number("metric", made.metric, most_u32);
    f.number("te_metric", made.te_metric, most_u32);
    f.number("delay", made.delay, most_u32);
    f.number("bandwidth", made.bandwidth, most_number);
    f.number("reserved", made.reserved, most_number);
    f.bits("affinities", made.affinities);
    f.numbers("srlgs", made.srlgs, most_u32);
    f.list("sids", [&](const json& sid) {
        fields s(sid);
        topology::adjacency_sid& one = made.sids.emplace_back();
        s.number("label", one.label, most_u32);
        s.flag("protected", one.is_protected);
        s.flag("set", one.set);
        s.flag("persistent", one.persistent);
        s.number("weight", one.weight, most_u8);
        return s.are_sound();
    });
    into.links.push_back(std::move(made));
    return f.are_sound();
}

bool read_prefix(const json& from, advertisement& into) {
    topology::prefix made;
    fields f(from);
    const auto address = f.prefix("address");
    made.address = address.value_or(ip_prefix());
    f.number("metric", made.metric, most_u32);
    f.flag("node", made.node);
    f.flag("readvertised", made.readvertised);
    f.list("sids", [&](const json& sid) {
        fields s(sid);
        topology::prefix_sid& one = made.sids.emplace_back();
        s.number("index", one.index, most_u32);
        s.number("algorithm", one.algorithm, most_u8);
        s.flag("no_php", one.no_php);
        s.flag("explicit_null", one.explicit_null);
        return s.are_sound();
    });
    into.prefixes.push_back(std::move(made));
    return f.are_sound() && address;
}

bool read_definition(const json& from, advertisement& into) {
    topology::flex_algo_definition& made = into.definitions.emplace_back();
    fields f(from);
    f.number("algorithm", made.algorithm, most_u8);
    f.number("priority", made.priority, most_u8);
    std::string metric(metric_names[0]);
    f.text("metric", metric);
    const auto* const found = std::ranges::find(metric_names, metric);
    if (found == metric_names.end()) {
        return false;
    }
    made.metric = static_cast<topology::metric_type>(found - metric_names.begin());
    f.bits("exclude_any", made.exclude_any);
    f.bits("include_any", made.include_any);
    f.bits("include_all", made.include_all);
    f.numbers("exclude_srlgs", made.exclude_srlgs, most_u32);
    return f.are_sound();
}

bool read_binding(const json& from, advertisement& into) {
    topology::binding_sid& made = into.bindings.emplace_back();
    fields f(from);
    f.number("label", made.label, most_u32);
    f.list("nodes", [&](const json& name) {
        if (name.is_string()) {
            made.nodes.push_back(name.get<std::string>());
        }
        return name.is_string();
    });
    return f.are_sound();
}

// One part, added to what earlier ones have said.
bool read_part(const json& content, bool is_first, advertisement& into) {
    fields f(content);
    if (is_first) {
        f.blocks("srgb", into.srgb);
        f.blocks("srlb", into.srlb);
        f.number("msd", into.msd, most_u8);
        f.flag("overload", into.overload);
        f.numbers("algorithms", into.algorithms, most_u8);
    }
    f.list("definitions", [&](const json& one) { return read_definition(one, into); });
    f.list("links", [&](const json& one) { return read_link(one, into); });
    f.list("prefixes", [&](const json& one) { return read_prefix(one, into); });
    f.list("bindings", [&](const json& one) { return read_binding(one, into); });
    return f.are_sound();
}

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

link_state_assembler::link_state_assembler() = default;

result<std::optional<advertisement>> link_state_assembler::take(std::int64_t sequence,
                                                                std::string_view raw,
                                                                std::string_view node) {
    const json message = json::parse(raw, nullptr, false);
    const auto content = message.is_object() ? message.find("content") : message.end();
    if (content == message.end() || !content->is_object() ||
        content->value("type", json()) != link_state_type) {
        return std::optional<advertisement>();
    }
    const auto refuse = [&](const std::string& why) {
        parts_ = 0;
        return error{"message " + std::to_string(sequence) + " " + why, {}};
    };
    std::string origin;
    std::size_t part = 0;
    std::size_t parts = 0;
    fields f(*content);
    f.text("node", origin);
    f.number("part", part, most_link_state_parts);
    f.number("parts", parts, most_link_state_parts);
    if (!f.are_sound() || part == 0 || part > parts) {
        return refuse("is no link state: node, part and parts are not what they must be");
    }
    if (!node.empty() && origin != node) {
        return refuse("speaks of another node, \"" + origin + "\"");
    }
    if (part == 1) {
        building_ = {};
        building_.origin = origin;
        parts_ = parts;
        have_ = 0;
    }
    if (parts != parts_ || part != have_ + 1 || origin != building_.origin) {
        return refuse("is out of place: part " + std::to_string(part) + " of " +
                      std::to_string(parts));
    }
    if (!read_part(*content, part == 1, building_)) {
        return refuse("is no link state: a value is of a wrong type or out of range");
    }
    have_ = part;
    if (part != parts) {
        return std::optional<advertisement>();
    }
    parts_ = 0;
    building_.version = static_cast<std::uint64_t>(sequence);
    if (auto sense = topology::check(building_); !sense) {
        return refuse("makes no sense: " + sense.why().message);
    }
    return std::optional(std::move(building_));
}

}  // namespace rhumb::overlay
