// The running router: configuration, tables and data plane in one place, and everything that can be
// asked of them. Threads: control.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "controlplane/api/slow_thread.hh"
#include "controlplane/config/config.hh"
#include "controlplane/publish/forwarding.hh"
#include "controlplane/routing/network.hh"
#include "controlplane/scion/setup.hh"
#include "dataplane/engine.hh"
#include "rhumb/result.hh"

namespace rhumb::api {

class router {
public:
    // Reads the configuration, starts DPDK and the ports, and publishes the first tables.
    // Packets move from run() on.
    [[nodiscard]] static result<std::unique_ptr<router>> open(const std::string& config_file,
                                                              const std::vector<std::string>& eal);

    struct checked {
        config::file file;
        std::size_t labels = 0;  // with those that are computed from a map
        std::size_t prefixes = 0;
        std::vector<publish::note> notes;  // what of the map is not in the tables
    };
    // Reads a configuration and checks it whole, without DPDK or devices.
    [[nodiscard]] static result<checked> check(const std::string& config_file);

    [[nodiscard]] result<void> run();
    void stop(std::chrono::milliseconds patience);

    // Reads the file again and swaps the tables. An error leaves the running ones in place.
    [[nodiscard]] result<void> reload();
    // Single changes, all or none. In force once they are published, which publish_pending() or any
    // other change does: many that come together share one version. Gone with the next reload.
    [[nodiscard]] result<void> apply(const publish::changes& batch);
    void publish_pending();
    // Of the tables with all that was applied.
    [[nodiscard]] std::uint64_t generation() const noexcept {
        return tables_->generation() + (pending_ ? 1 : 0);
    }

    // Administrative state; a port is up if it is meant to be and its link is.
    [[nodiscard]] result<void> set_port(std::string_view name, bool up);
    [[nodiscard]] result<void> set_nexthop(std::string_view name, bool up);
    [[nodiscard]] bool port_meant_up(std::size_t port) const {
        return engine_->links().wished(port);
    }

    // To be called often (some milliseconds): frees memory that workers have let go of.
    void housekeeping();

    [[nodiscard]] const config::runtime& runtime() const noexcept { return runtime_; }
    [[nodiscard]] const std::string& config_file() const noexcept { return config_file_; }
    [[nodiscard]] const publish::forwarding& tables() const noexcept { return *tables_; }
    [[nodiscard]] rhumb::engine& engine() noexcept { return *engine_; }
    [[nodiscard]] const rhumb::engine& engine() const noexcept { return *engine_; }

    [[nodiscard]] std::chrono::seconds uptime() const;

    // The border router; null where this router is none.
    [[nodiscard]] const std::shared_ptr<const scion::setup>& scion() const { return scion_; }
    [[nodiscard]] slow_thread& slow() const { return *slow_; }

    // The replication service beside this router, if there is one.
    // What another node of the map says of itself, or that a link of it is down.
    void hear(const topology::advertisement& said);
    void hear_down(const std::string& node, const std::string& link, std::uint64_t version);
    // What the map says of this one; null where there is no map.
    [[nodiscard]] const topology::advertisement* own_part() const;
    [[nodiscard]] const std::optional<config::overlay_section>& overlay() const { return overlay_; }

    // The map and what is computed from it; null without [topology].
    [[nodiscard]] const routing::network* network() const { return network_.get(); }

    // Moves of policies (docs/controller.md): what would help, or done for this node's own.
    // Precondition: the configuration has [controller].
    [[nodiscard]] result<controller::report::plan> reoptimise(
        const controller::reoptimise_options& options, bool to_be_done);
    [[nodiscard]] controller::reoptimise_options reoptimise_options() const;
    // How many policies go back to what the file says.
    std::size_t revert_moves();

    // Counters since the next hop, prefix or label rule came to be.
    [[nodiscard]] counter label_counter(mpls::label label) const;
    [[nodiscard]] counter nexthop_counter(nexthop_id id) const;
    [[nodiscard]] counter prefix_counter(std::uint32_t id) const;

private:
    router(std::string config_file, config::runtime runtime, std::unique_ptr<rhumb::engine> engine);
    void use_scion(std::shared_ptr<const scion::setup> setup);
    [[nodiscard]] result<void> use_neighbours(const config::file& file);
    // What is computed for a file joins its rules; then it is taken or abandoned.
    [[nodiscard]] result<void> prepare_network(config::file& file);
    void abandon_network();
    void adopt_network(bool wanted);
    [[nodiscard]] bool take_heard(const topology::advertisement& said);
    // True if the map has changed.
    [[nodiscard]] bool take_news();
    [[nodiscard]] result<void> refuse_computed(const publish::changes& batch) const;
    void follow_links();
    void follow_map();
    void measure();
    void count_links();
    void count_ingress();
    void reoptimise_in_time();
    void take_neighbour_news();
    void learn(const neighbour_news& news);
    void forget(const neighbours::ip_address& address);
    void publish(std::shared_ptr<publish::forwarding> retired_owner);
    [[nodiscard]] publish::port_map port_facts() const;
    // The network's time: since this router came to be.
    [[nodiscard]] paths::microseconds now() const;

    std::string config_file_;
    config::runtime runtime_;
    std::vector<config::port> opened_ports_;  // as they were at start: what only a restart changes
    // The engine goes first: its workers use the tables.
    std::shared_ptr<publish::forwarding> tables_;
    std::unique_ptr<rhumb::engine> engine_;
    std::shared_ptr<const scion::setup> scion_;
    std::unique_ptr<slow_thread> slow_;
    std::optional<config::overlay_section> overlay_;
    std::unique_ptr<routing::network> network_;
    // What others have said of themselves, for a map that comes later.
    std::map<std::string, topology::advertisement> heard_;
    // What has been said since the last housekeeping.
    struct link_down {
        std::string node;
        std::string link;
        std::uint64_t version;
    };
    std::vector<topology::advertisement> news_;
    std::vector<link_down> downs_;
    std::unique_ptr<routing::network> next_network_;  // while a file that brings one is taken
    publish::computed_tables next_computed_;          // likewise
    controller::counter_sums counted_;      // of the map's own links, and of what enters here
    paths::microseconds next_reading_ = 0;  // of counters, in the network's time
    paths::microseconds next_reoptimisation_ = 0;  // likewise; 0: none is planned
    // Next hops that neighbours have become, with the prefixes that lead there.
    std::map<std::string, std::vector<ip_prefix>> learnt_;
    bool pending_ = false;  // something is applied and not published
    std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
    // What the workers had counted under a number when its present owner got it.
    std::unordered_map<mpls::label, counter> label_base_;  // those that are not zero
    std::unordered_map<nexthop_id, counter> nexthop_base_;
    std::unordered_map<std::uint32_t, counter> prefix_base_;
};

}  // namespace rhumb::api
