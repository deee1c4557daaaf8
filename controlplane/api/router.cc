#include "controlplane/api/router.hh"

#include <algorithm>

#include "controlplane/config/load.hh"

namespace rhumb::api {

namespace {

// What only a restart can change about a port.
bool same_device(const config::port& a, const config::port& b) {
    return a.name == b.name && a.device == b.device && a.mac == b.mac && a.mtu == b.mtu &&
           a.promiscuous == b.promiscuous && a.rx_queues == b.rx_queues &&
           a.shared_tx == b.shared_tx;
}

}  // namespace

router::router(std::string config_file, config::runtime runtime,
               std::unique_ptr<rhumb::engine> engine)
    : config_file_(std::move(config_file)),
      runtime_(std::move(runtime)),
      engine_(std::move(engine)) {}

result<config::file> router::check(const std::string& config_file) {
    auto file = config::load(config_file);
    if (!file) {
        return file.why();
    }
    // Stand-ins for what the devices would say: sense does not depend on it.
    publish::port_map ports;
    for (const config::port& port : file->ports) {
        ports[port.name] = {static_cast<std::uint8_t>(ports.size()),
                            port.mac.value_or(ethernet::mac_address{})};
    }
    const auto built = publish::forwarding::build(file.value(), ports, nullptr);
    if (!built) {
        return built.why();
    }
    return file;
}

result<std::unique_ptr<router>> router::open(const std::string& config_file,
                                             const std::vector<std::string>& eal) {
    auto file = check(config_file);
    if (!file) {
        return file.why();
    }
    auto engine = rhumb::engine::open(file.value(), eal);
    if (!engine) {
        return engine.why();
    }
    std::unique_ptr<router> made(new router(config_file, file->runtime, std::move(engine).value()));
    made->opened_ports_ = file->ports;
    auto built = publish::forwarding::build(std::move(file).value(), made->port_facts(), nullptr);
    if (!built) {
        return built.why();
    }
    made->tables_ = std::move(built).value();
    made->publish(nullptr);
    return made;
}

publish::port_map router::port_facts() const {
    publish::port_map facts;
    for (std::size_t p = 0; p < engine_->ports().size(); ++p) {
        const io::port& port = *engine_->ports()[p];
        facts[port.name()] = {static_cast<std::uint8_t>(p), port.mac()};
    }
    return facts;
}

// `retired_owner`: the tables that the version before came from, if they are no more.
void router::publish(std::shared_ptr<publish::forwarding> retired_owner) {
    const auto fresh = tables_->take_new_numbers();
    for (const nexthop_id id : fresh.nexthops) {
        engine_->expect_nexthop(id);
        engine_->live().set_nexthop(id, true);
        nexthop_base_[id] = engine_->nexthop_counter(id);
    }
    for (const mpls::label label : fresh.labels) {
        engine_->expect_label(label);
        // The label may have had a rule before.
        if (const counter before = engine_->label_counter(label); before != counter{}) {
            label_base_[label] = before;
        }
    }
    for (const std::uint32_t id : fresh.prefixes) {
        engine_->expect_prefix(id);
        prefix_base_[id] = engine_->prefix_counter(id);
    }
    retired_list replaced;
    const table_set next = tables_->snapshot(replaced);
    engine_->publish(next, std::move(replaced), std::move(retired_owner));
    engine_->reclaim();
}

result<void> router::reload() {
    auto file = config::load(config_file_);
    if (!file) {
        return file.why();
    }
    const bool same_ports = std::equal(file->ports.begin(), file->ports.end(),
                                       opened_ports_.begin(), opened_ports_.end(), same_device);
    if (!same_ports) {
        return error{
            "the [ports] section is not what the router was started with (name, device, "
            "mac, mtu, promiscuous, rx_queues and shared_tx change only with a restart)",
            {config_file_, 0, 0}};
    }
    if (file->node.punt != tables_->node().punt) {
        return error{"the punt port changes only with a restart",
                     {config_file_, file->node.punt_where.line, file->node.punt_where.column}};
    }
    auto built = publish::forwarding::build(std::move(file).value(), port_facts(), tables_.get());
    if (!built) {
        return built.why();
    }
    std::shared_ptr<publish::forwarding> old = std::move(tables_);
    tables_ = std::move(built).value();
    publish(std::move(old));
    return {};
}

result<void> router::apply(const publish::changes& batch) {
    if (auto done = tables_->apply(batch); !done) {
        return done;
    }
    publish(nullptr);
    return {};
}

result<void> router::set_port(std::string_view name, bool up) {
    const auto port = engine_->port_number(name);
    if (!port) {
        return error{"there is no port \"" + std::string(name) + "\"", {}};
    }
    engine_->links().wish(*port, up);
    return {};
}

result<void> router::set_nexthop(std::string_view name, bool up) {
    const auto id = tables_->nexthop_number(name);
    if (!id) {
        return error{"there is no next hop \"" + std::string(name) + "\"", {}};
    }
    engine_->live().set_nexthop(*id, up);
    return {};
}

std::chrono::seconds router::uptime() const {
    return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::steady_clock::now() -
                                                            started_);
}

counter router::label_counter(mpls::label label) const {
    const auto base = label_base_.find(label);
    return base == label_base_.end() ? engine_->label_counter(label)
                                     : engine_->label_counter(label) - base->second;
}

counter router::nexthop_counter(nexthop_id id) const {
    const auto base = nexthop_base_.find(id);
    return base == nexthop_base_.end() ? engine_->nexthop_counter(id)
                                       : engine_->nexthop_counter(id) - base->second;
}

counter router::prefix_counter(std::uint32_t id) const {
    const auto base = prefix_base_.find(id);
    return base == prefix_base_.end() ? engine_->prefix_counter(id)
                                      : engine_->prefix_counter(id) - base->second;
}

}  // namespace rhumb::api
