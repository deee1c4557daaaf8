// Configurations put together by hand, for tests of what becomes of them. Threads: one.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "controlplane/config/config.hh"
#include "controlplane/config/text.hh"
#include "controlplane/publish/forwarding.hh"

namespace rhumb::publish {

using config::label_rule;
using config::operation;
using config::prefix_rule;
using config::ttl_model;

inline const port_map both_ports{{"west", {0, {2, 0, 0, 0, 1, 1}}},
                                 {"east", {1, {2, 0, 0, 0, 1, 2}}}};

// Puts configurations together by hand: the loader has its own tests.
struct maker {
    config::file file;

    maker() {
        file.files = {"r1.toml"};
        add_port("west");
        add_port("east");
    }
    config::port& add_port(const std::string& name) {
        config::port port;
        port.name = name;
        port.device = "net_" + name;
        port.where = next();
        file.ports.push_back(port);
        return file.ports.back();
    }
    config::nexthop& add_nexthop(const std::string& name, const std::string& port) {
        file.nexthops.push_back(make_nexthop(name, port));
        file.nexthops.back().where = next();
        return file.nexthops.back();
    }
    static config::nexthop make_nexthop(const std::string& name, const std::string& port) {
        config::nexthop hop;
        hop.name = name;
        hop.port = port;
        hop.mac = {2, 0, 0, 0, 9, static_cast<byte>(name.back())};
        return hop;
    }
    label_rule& add_label(mpls::label label, operation op, const std::vector<std::string>& via = {},
                          const config::segments& segments = {}) {
        file.rules.labels.push_back(make_label(file.rules, label, op, via, segments));
        file.rules.labels.back().where = next();
        return file.rules.labels.back();
    }
    static label_rule make_label(config::rules& rules, mpls::label label, operation op,
                                 const std::vector<std::string>& via = {},
                                 const config::segments& segments = {}) {
        label_rule rule;
        rule.label = label;
        rule.op = op;
        rule.out = op == operation::continue_ ? label : config::none;
        rule.paths = via.empty() ? config::none : rules.intern(paths(via));
        rule.list = segments.empty() ? config::none : rules.intern(segments);
        return rule;
    }
    prefix_rule& add_prefix(std::string_view match, const std::vector<std::string>& via,
                            const config::segments& segments = {}) {
        file.rules.prefixes.push_back(make_prefix(file.rules, match, via, segments));
        file.rules.prefixes.back().where = next();
        return file.rules.prefixes.back();
    }
    static prefix_rule make_prefix(config::rules& rules, std::string_view match,
                                   const std::vector<std::string>& via,
                                   const config::segments& segments = {}) {
        prefix_rule rule;
        rule.match = *config::parse_prefix(match);
        rule.paths = rules.intern(paths(via));
        rule.list = segments.empty() ? config::none : rules.intern(segments);
        return rule;
    }
    static config::path_list paths(const std::vector<std::string>& names) {
        config::path_list list;
        for (const std::string& name : names) {
            list.push_back({name, 1, std::nullopt});
        }
        return list;
    }

private:
    // Each setting stands in a line of its own: 1, 2, ...
    config::position next() { return {++line_, 3, 0}; }
    std::uint32_t line_ = 0;
};

// r2 on east (with r3 as its backup), r3 on west.
inline maker two_nexthops() {
    maker m;
    m.add_nexthop("r2", "east").backup = config::backup{"r3", {16003}, {}};
    m.file.nexthops.back().backup->where = {50, 9, 0};
    m.add_nexthop("r3", "west");
    return m;
}

inline std::unique_ptr<forwarding> build(const maker& m, const forwarding* previous = nullptr) {
    auto built = forwarding::build(m.file, both_ports, previous);
    EXPECT_TRUE(built.ok()) << built.why().text();
    return built.ok() ? std::move(built.value()) : nullptr;
}
inline std::string refused(const maker& m, const forwarding* previous = nullptr) {
    auto built = forwarding::build(m.file, both_ports, previous);
    return built.ok() ? "built" : built.why().text();
}
inline std::string refused(forwarding& f, const changes& batch) {
    const auto done = f.apply(batch);
    return done.ok() ? "applied" : done.why().text();
}

}  // namespace rhumb::publish
