// From configuration to tables: the control thread's own copy of what the router knows, which
// yields immutable table_sets for the workers.
//
//   config::file ──build()──> forwarding ──snapshot()──> table_set ──> published<table_set>
//   config::rules ──apply()──────^
//
// All checks of sense are here, for files and single changes alike: names that dangle, labels
// outside their block or used twice, lists over the MSD. build() and apply() either succeed whole
// or change nothing. Threads: control.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "controlplane/config/config.hh"
#include "controlplane/publish/interned.hh"
#include "rhumb/result.hh"
#include "rhumb/table/counters.hh"
#include "rhumb/table/retired.hh"
#include "rhumb/table/table_set.hh"

namespace rhumb::publish {

// Names are looked up by whatever holds their characters.
struct name_hash {
    using is_transparent = void;
    [[nodiscard]] std::size_t operator()(std::string_view name) const noexcept {
        return std::hash<std::string_view>()(name);
    }
};

// What a device says of itself once it is open; by port name.
struct port_facts {
    std::uint8_t id = 0;  // the data plane's number for it
    ethernet::mac_address mac{};
};
using port_map = std::map<std::string, port_facts, std::less<>>;

// What a batch of single changes removes and adds. Removals come first.
struct changes {
    std::vector<mpls::label> remove_labels;
    std::vector<ip_prefix> remove_prefixes;
    std::vector<std::string> remove_nexthops;
    std::vector<config::nexthop> nexthops;
    config::rules rules;
};

// One path of a rule, in names again.
struct path_text {
    std::string nexthop;
    std::uint16_t weight = 1;
    std::optional<mpls::label> out;
    std::vector<mpls::label> segments;  // the path's own, where the rule pushes by path
};

// A rule as it stands in the tables.
struct label_view {
    mpls::label label = 0;
    label_entry entry;
    std::vector<path_text> paths;
    std::vector<mpls::label> segments;
};
struct prefix_view {
    ip_prefix prefix;
    std::uint32_t id = 0;  // route number and counter
    route way;
    std::vector<path_text> paths;
    std::vector<mpls::label> segments;
};

class forwarding {
public:
    // Tables for `file`, with the ports that `ports` names. `previous`, if any, is what runs now:
    // next hops and prefixes keep their numbers (and so counters and liveness), and groups keep
    // their buckets as far as the new weights allow. Errors carry the position in the file.
    [[nodiscard]] static result<std::unique_ptr<forwarding>> build(config::file file,
                                                                   const port_map& ports,
                                                                   const forwarding* previous);
    forwarding(const forwarding&) = delete;
    forwarding& operator=(const forwarding&) = delete;
    ~forwarding();

    // Single changes, all or none.
    [[nodiscard]] result<void> apply(const changes& batch);

    // What the SCION stage of all further versions works with; `owner` keeps it.
    void set_scion(const scion::table* table, std::shared_ptr<const void> owner) {
        scion_ = table;
        scion_owner_ = std::move(owner);
    }
    // Null where this router is none of SCION's.
    [[nodiscard]] const scion::table* scion() const noexcept { return scion_; }

    // The next version; what it replaces goes to `replaced`.
    [[nodiscard]] table_set snapshot(retired_list& replaced);

    [[nodiscard]] const config::node& node() const noexcept { return node_; }
    [[nodiscard]] const std::vector<config::port>& ports() const noexcept { return ports_; }
    [[nodiscard]] std::uint64_t generation() const noexcept { return generation_; }

    // Next hops by name; ids stay with their names as long as a name exists.
    [[nodiscard]] const std::map<std::string, config::nexthop, std::less<>>& nexthops() const {
        return nexthops_;
    }
    [[nodiscard]] std::optional<nexthop_id> nexthop_number(std::string_view name) const;
    [[nodiscard]] std::string_view nexthop_name(nexthop_id id) const;

    // The rule of a label; op() is none where there is none.
    [[nodiscard]] label_view label(mpls::label label) const;
    // The next label from `from` on that has a rule of the configuration.
    [[nodiscard]] std::optional<mpls::label> next_label(std::uint64_t from) const;
    [[nodiscard]] std::size_t label_count() const noexcept { return label_count_; }

    [[nodiscard]] const std::map<ip_prefix, std::uint32_t>& prefixes() const { return prefixes_; }
    [[nodiscard]] prefix_view prefix(const ip_prefix& prefix) const;
    // Whether it is one of this router's own addresses or subnets.
    [[nodiscard]] bool is_own(const ip_prefix& prefix) const;
    // The prefix with this route number.
    [[nodiscard]] const ip_prefix* prefix_of(std::uint32_t id) const;

    // Next hops and prefixes that got a number, and labels that got a rule, since the last call:
    // whoever keeps flags and counters by number starts them anew.
    struct new_numbers {
        std::vector<mpls::label> labels;
        std::vector<nexthop_id> nexthops;
        std::vector<std::uint32_t> prefixes;
    };
    [[nodiscard]] new_numbers take_new_numbers();

private:
    // What a group and a segment list are told apart by.
    struct member {
        nexthop_id hop = 0;
        mpls::label out = rhumb::path::no_label;
        std::uint16_t weight = 1;
        friend auto operator<=>(const member&, const member&) = default;
    };
    using members = std::vector<member>;
    // Groups of equal members may differ in who owns which bucket: each goes on where the one
    // before it stood, so that flows stay.
    struct group_key {
        members paths;
        bool pushes = false;  // `out` of members: numbers of lists, which the group holds
        decltype(path_group::bucket) bucket{};
        friend auto operator<=>(const group_key&, const group_key&) = default;
    };
    struct list_key {
        std::vector<mpls::label> labels;
        std::uint32_t via = 0;
        friend auto operator<=>(const list_key&, const list_key&) = default;
    };
    // Stands for the via of lists that paths name.
    static constexpr via_ref path_names_it = via_ref::from_bits(0xffffffff);
    friend class checker;
    friend class leaving_users;
    class batch_paths;

    forwarding(const config::file& file, const port_map& ports, const forwarding* previous);

    // apply() in steps.
    [[nodiscard]] result<void> change(const changes& batch, const std::vector<std::string>& files);
    [[nodiscard]] result<void> change_prefix_trie(const changes& batch);
    void change_nexthops(const changes& batch);
    void set_nexthop_slot(const config::nexthop& hop);
    void set_filters();
    void set_label(const config::label_rule& rule, batch_paths& paths);
    void remove_label(mpls::label label);
    void set_prefix(const config::prefix_rule& rule, batch_paths& paths);

    void forget_numbers_of(const forwarding& old);

    // The label that a rule is for; nullopt where its index is beyond the SRGB.
    [[nodiscard]] std::optional<mpls::label> label_of(const config::label_rule& rule) const;
    [[nodiscard]] std::uint32_t number_for(const ip_prefix& prefix);
    // At most this many segment lists does a batch bring.
    [[nodiscard]] static std::size_t most_new_lists(const config::rules& rules);
    // A group of these paths with its buckets as `previous` (or null) had them, as far as may be.
    [[nodiscard]] std::uint32_t acquire_group(const members& paths, bool pushes,
                                              const path_group* previous);
    [[nodiscard]] std::uint32_t acquire_list(const config::segments& labels, via_ref via);
    // A list that a path names.
    [[nodiscard]] std::uint32_t acquire_path_list(const config::segments& labels);
    [[nodiscard]] label_entry make_push(const config::label_rule& rule, via_ref via,
                                        batch_paths& paths);
    void add_user(via_ref via);
    void release_via(via_ref via);
    void release_list(std::uint32_t list);
    void release_entry(label_entry entry);
    void release_route(const route& way);
    // The group to which a rule leads, if to one.
    [[nodiscard]] std::optional<std::uint32_t> group_behind(label_entry entry) const;
    [[nodiscard]] std::optional<std::uint32_t> group_behind(const route& way) const;
    [[nodiscard]] static std::optional<std::uint32_t> group_behind(via_ref via);
    [[nodiscard]] lpm_table& trie(family af) { return af == family::ipv4 ? ipv4_ : ipv6_; }
    [[nodiscard]] std::vector<path_text> path_texts(via_ref via) const;
    [[nodiscard]] bool is_pipe(config::ttl_model model) const;
    [[nodiscard]] const config::port& port_named(std::string_view name) const;

    const forwarding* previous_;  // while build() runs
    bool building_ = true;        // likewise
    config::node node_;
    std::vector<config::port> ports_;
    port_map port_facts_;
    std::map<std::string, config::nexthop, std::less<>> nexthops_;
    std::unordered_map<std::string, nexthop_id, name_hash, std::equal_to<>> nexthop_numbers_;
    std::vector<std::string> nexthop_names_;
    // By number: how many rules, segment lists and groups lead there directly.
    std::vector<std::uint32_t> nexthop_users_ = std::vector<std::uint32_t>(max_nexthops);
    number_pool free_nexthops_{0, max_nexthops};
    std::map<ip_prefix, std::uint32_t> prefixes_;
    std::vector<ip_prefix> prefix_by_id_;
    number_pool free_prefixes_{1, max_prefixes - 1};  // 0 is "no route"
    new_numbers new_numbers_;
    interned<group_key> known_groups_{max_path_groups};
    interned<list_key> known_lists_{max_segment_lists};
    std::size_t label_count_ = 0;
    std::uint64_t generation_ = 0;
    std::uint32_t slow_path_rate_ = table_set{}.slow_path_rate;
    std::uint32_t slow_path_link_rate_ = table_set{}.slow_path_link_rate;
    const scion::table* scion_ = nullptr;
    std::shared_ptr<const void> scion_owner_;

    lpm_pool pool_;
    lpm_table ipv4_{pool_, family::ipv4};
    lpm_table ipv6_{pool_, family::ipv6};
    label_table labels_{mpls::label_count};
    route_table routes_{max_prefixes};
    segment_list_table lists_{max_segment_lists};
    path_group_table groups_{max_path_groups};
    nexthop_table hops_;
    std::uint64_t nexthop_ports_ = 0;  // bit p: a next hop is, or was, on port p
    port_filter_table filters_{max_ports};
};

}  // namespace rhumb::publish
