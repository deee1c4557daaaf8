// Whether a batch of changes makes sense where it is to go. Looks at everything before anything is
// changed, and stops at the first error. Threads: control.
#pragma once

#include <limits>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "controlplane/publish/forwarding.hh"

namespace rhumb::publish {

class leaving_users;

class checker {
public:
    // `files`: names for the positions in the batch; empty for a batch that came from no file.
    checker(const forwarding& now, const changes& batch, const std::vector<std::string>& files);

    // The batch against the tables as they are and as it would make them.
    [[nodiscard]] result<void> check();

    // The ports that a file names against those that there are.
    [[nodiscard]] static result<void> check_ports(const config::file& file, const port_map& ports);

private:
    static constexpr std::size_t unlimited = std::numeric_limits<std::size_t>::max();

    [[nodiscard]] result<void> check_removals() const;
    [[nodiscard]] result<void> check_nobody_uses_going() const;
    [[nodiscard]] result<void> check_nexthops() const;
    [[nodiscard]] result<void> check_relations(const config::nexthop& hop) const;
    [[nodiscard]] result<void> check_follows(const config::nexthop& hop) const;
    [[nodiscard]] result<void> check_path_lists();
    [[nodiscard]] result<void> check_labels() const;
    [[nodiscard]] result<void> check_prefixes() const;
    [[nodiscard]] result<void> check_room() const;
    [[nodiscard]] result<void> check_lists_in_use() const;

    // A next hop as it will be; null where there will be none of that name.
    [[nodiscard]] const config::nexthop* nexthop_named(std::string_view name) const;
    // How many labels may be pushed towards this next hop, its repair list included.
    [[nodiscard]] std::size_t depth_limit(const config::nexthop& hop) const;
    [[nodiscard]] std::size_t limit_if_changed(nexthop_id id) const;
    [[nodiscard]] std::size_t msd_of(const config::nexthop& hop) const;
    [[nodiscard]] std::string user_of(std::string_view nexthop, const leaving_users& leaving) const;
    [[nodiscard]] std::string blocks_text() const;
    [[nodiscard]] bool in_a_block(mpls::label label) const;
    [[nodiscard]] error error_at(config::position where, std::string message) const;
    [[nodiscard]] error second_rule(const std::string& of, config::position first,
                                    config::position where) const;

    const forwarding& now_;
    const changes& batch_;
    const std::vector<std::string>& files_;
    std::unordered_map<std::string_view, const config::nexthop*> coming_;
    std::unordered_set<std::string_view> going_;  // next hops to be removed
    bool replaces_ = false;                       // of those that come, one is there already

    struct checked_paths {
        std::size_t limit = unlimited;
        const config::path* unknown = nullptr;  // a path whose next hop does not exist
    };
    std::vector<checked_paths> paths_;
};

}  // namespace rhumb::publish
