// Messages of a feed, read as what its node says of itself. Whoever wrote them is trusted to speak
// for one node, not to be right.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "controlplane/config/form.hh"
#include "controlplane/config/text.hh"
#include "controlplane/overlay/service/link_state.hh"
#include "controlplane/topology/map.hh"

namespace rhumb::overlay {

using nlohmann::json;
using topology::advertisement;

namespace {

// What is there must be of its type and range; what is not keeps its value.

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
    f.number("bandwidth", made.bandwidth, most_link_state_number);
    f.number("reserved", made.reserved, most_link_state_number);
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
    std::string metric(link_state_metrics[0]);
    f.text("metric", metric);
    const auto* const found = std::ranges::find(link_state_metrics, metric);
    if (found == link_state_metrics.end()) {
        return false;
    }
    made.metric = static_cast<topology::metric_type>(found - link_state_metrics.begin());
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
        return refuse("speaks of another node, " + config::in_quotes(origin));
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
