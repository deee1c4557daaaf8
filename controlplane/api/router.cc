#include "controlplane/api/router.hh"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "controlplane/config/load.hh"
#include "controlplane/config/text.hh"
#include "controlplane/overlay/service/settings.hh"
#include "controlplane/routing/merge.hh"
#include "dataplane/io/log.hh"

namespace rhumb::api {

namespace {

// What only a restart can change about a port, where it differs: "mtu 9000 (was 1500)".
std::string device_changes(const config::port& now, const config::port& opened) {
    std::string text;
    const auto compare = [&](std::string_view key, const std::string& is, const std::string& was) {
        if (is != was) {
            text += fmt::format("{}{} {} (was {})", text.empty() ? "" : ", ", key, is, was);
        }
    };
    const auto mac = [](const config::port& port) {
        return port.mac ? config::to_string(*port.mac) : "the device's own";
    };
    const auto flag = [](bool set) { return std::string(set ? "true" : "false"); };
    compare("device", '"' + now.device + '"', '"' + opened.device + '"');
    compare("mac", mac(now), mac(opened));
    compare("mtu", std::to_string(now.mtu), std::to_string(opened.mtu));
    compare("promiscuous", flag(now.promiscuous), flag(opened.promiscuous));
    compare("rx_queues", std::to_string(now.rx_queues), std::to_string(opened.rx_queues));
    compare("shared_tx", flag(now.shared_tx), flag(opened.shared_tx));
    return text;
}

// That `ports` are those that were opened. They may come in any order, and go into that of the
// opened ones, by which ports have their numbers.
result<void> match_ports(std::vector<config::port>& ports, const std::vector<config::port>& opened,
                         const std::string& file) {
    const auto refuse = [&](config::position where, std::string why) {
        return error{std::move(why), {file, where.line, where.column}};
    };
    for (const config::port& port : ports) {
        const auto before = std::ranges::find(opened, port.name, &config::port::name);
        if (before == opened.end()) {
            return refuse(port.where, fmt::format("port \"{}\" is new; ports come and go only with "
                                                  "a restart",
                                                  port.name));
        }
        if (const std::string changes = device_changes(port, *before); !changes.empty()) {
            return refuse(changes.starts_with("device") ? port.device_where : port.where,
                          fmt::format("port \"{}\" has other settings than at start: {}; they "
                                      "change only with a restart",
                                      port.name, changes));
        }
    }
    std::vector<config::port> in_order;
    for (const config::port& before : opened) {
        const auto port = std::ranges::find(ports, before.name, &config::port::name);
        if (port == ports.end()) {
            return refuse({}, fmt::format("port \"{}\" is missing; ports come and go only with a "
                                          "restart",
                                          before.name));
        }
        in_order.push_back(std::move(*port));
    }
    ports = std::move(in_order);
    return {};
}

}  // namespace

router::router(std::string config_file, config::runtime runtime,
               std::unique_ptr<rhumb::engine> engine)
    : config_file_(std::move(config_file)),
      runtime_(std::move(runtime)),
      engine_(std::move(engine)) {}

namespace {

// The addresses of ports, and subnets behind them for which the file has no prefix itself.
void add_own_prefixes(config::file& file) {
    std::set<ip_prefix> known;
    for (const config::prefix_rule& rule : file.rules.prefixes) {
        known.insert(rule.match);
    }
    const auto add = [&](ip_prefix match, bool local, config::position where) {
        if (known.insert(match).second) {
            config::prefix_rule rule;
            rule.match = match;
            (local ? rule.local : rule.connected) = true;
            rule.where = where;
            file.rules.prefixes.push_back(rule);
        }
    };
    for (const config::port& port : file.ports) {
        for (const config::port_address& address : port.addresses) {
            ip_prefix subnet = address.host;
            add(subnet, true, address.where);
            add(subnet.shortened(address.length), false, address.where);
        }
    }
}

// Nobody would hear what is sent to an address of this router's own if the file had a way for it.
result<void> refuse_ways_to(const std::set<ip_prefix>& own, const config::file& file) {
    for (const config::prefix_rule& rule : file.rules.prefixes) {
        if (!rule.is_own() && own.contains(rule.match)) {
            return error{fmt::format("{} is an address of this router's own, and can have no way",
                                     config::to_string(rule.match)),
                         {file.files[rule.where.file], rule.where.line, rule.where.column}};
        }
    }
    return {};
}

using scion_setup = std::shared_ptr<const scion::setup>;

std::uint64_t milliseconds_since_1970() {
    return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(
                                          std::chrono::system_clock::now().time_since_epoch())
                                          .count());
}

// What [scion] names; null where there is no such section. The router's own addresses, of its ports
// and of the underlay, and its subnets join the file's rules.
result<scion_setup> load_scion(config::file& file, const scion::setup* previous) {
    add_own_prefixes(file);
    std::set<ip_prefix> own;
    for (const config::port& port : file.ports) {
        for (const config::port_address& address : port.addresses) {
            own.insert(address.host);
        }
    }
    if (!file.scion) {
        auto done = refuse_ways_to(own, file);
        return done ? result<scion_setup>(nullptr) : done.why();
    }
    const std::filesystem::path folder = std::filesystem::path(file.files.front()).parent_path();
    auto files = scion::control::load(folder / file.scion->router);
    if (!files) {
        return files.why();
    }
    auto made = scion::setup::make(*file.scion, std::move(files).value(), previous,
                                   milliseconds_since_1970());
    if (!made) {
        return made;
    }
    for (const ip_prefix& address : made.value()->addresses) {
        if (own.insert(address).second) {
            config::prefix_rule rule;
            rule.match = address;
            rule.local = true;
            rule.where = file.scion->router_where;
            file.rules.prefixes.push_back(rule);
        }
    }
    if (auto done = refuse_ways_to(own, file); !done) {
        return done.why();
    }
    return made;
}

using overlay_settings = std::optional<overlay::service_settings>;

result<overlay_settings> settings_of(const std::optional<config::overlay_section>& given,
                                     const std::string& file) {
    if (!given) {
        return overlay_settings();
    }
    auto made = overlay::settings_of(*given, file);
    return made ? result<overlay_settings>(std::move(made).value()) : made.why();
}

}  // namespace

result<router::checked> router::check(const std::string& config_file) {
    auto file = config::load(config_file);
    if (!file) {
        return file.why();
    }
    config::file with_scion = file.value();
    if (const auto scion = load_scion(with_scion, nullptr); !scion) {
        return scion.why();
    }
    if (const auto overlay = settings_of(file->overlay, config_file); !overlay) {
        return overlay.why();
    }
    checked made;
    if (file->topology) {
        const auto network = routing::network::open(with_scion);
        if (!network) {
            return network.why();
        }
        const auto computed = network.value()->compute(0);
        if (!computed) {
            return computed.why();
        }
        routing::add_to(with_scion, computed.value());
        made.notes = computed.value().notes;
    }
    made.labels = with_scion.rules.labels.size();
    made.prefixes = with_scion.rules.prefixes.size();
    // Stand-ins for what the devices would say: sense does not depend on it.
    publish::port_map ports;
    for (const config::port& port : file->ports) {
        ports[port.name] = {static_cast<std::uint8_t>(ports.size()),
                            port.mac.value_or(ethernet::mac_address{})};
    }
    const auto built = publish::forwarding::build(std::move(with_scion), ports, nullptr);
    if (!built) {
        return built.why();
    }
    made.file = std::move(file).value();
    return made;
}

result<std::unique_ptr<router>> router::open(const std::string& config_file,
                                             const std::vector<std::string>& eal) {
    auto sound = check(config_file);
    if (!sound) {
        return sound.why();
    }
    config::file& file = sound.value().file;
    auto engine = rhumb::engine::open(file, eal);
    if (!engine) {
        return engine.why();
    }
    std::unique_ptr<router> made(new router(config_file, file.runtime, std::move(engine).value()));
    made->opened_ports_ = file.ports;
    auto scion = load_scion(file, nullptr);
    if (!scion) {
        return scion.why();
    }
    made->overlay_ = file.overlay;
    if (auto done = made->prepare_network(file); !done) {
        return done.why();
    }
    auto built = publish::forwarding::build(file, made->port_facts(), nullptr);
    if (!built) {
        return built.why();
    }
    made->adopt_network(file.topology.has_value());
    made->tables_ = std::move(built).value();
    std::vector<io::slow_queues*> queues;
    for (const auto& worker : made->engine_->workers()) {
        queues.push_back(&worker->slow_path().queues());
    }
    made->slow_ = std::make_unique<slow_thread>(std::move(queues), made->engine_->live());
    made->use_scion(std::move(scion).value());
    if (auto done = made->use_neighbours(file); !done) {
        return done.why();
    }
    made->publish(nullptr);
    return made;
}

result<void> router::run() {
    if (auto done = engine_->run(); !done) {
        return done;
    }
    slow_->start();
    return {};
}

void router::stop(std::chrono::milliseconds patience) {
    slow_->stop();
    engine_->stop(patience);
}

// Before the tables are published that know its links.
void router::use_scion(std::shared_ptr<const scion::setup> setup) {
    scion_ = std::move(setup);
    if (scion_ == nullptr) {
        return;
    }
    for (std::size_t link = 0; link < scion_->links.size(); ++link) {
        engine_->expect_link(link);
    }
    slow_->use(scion_);
    tables_->set_scion(&scion_->own, scion_);
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
    }
    for (const std::uint32_t id : fresh.prefixes) {
        engine_->expect_prefix(id);
        prefix_base_[id] = engine_->prefix_counter(id);
    }
    retired_list replaced;
    const table_set next = tables_->snapshot(replaced);
    // A label may have had a rule before, by which workers count until now.
    for (const mpls::label label : fresh.labels) {
        if (const counter before = engine_->label_counter(label); before != counter{}) {
            label_base_[label] = before;
        }
    }
    engine_->publish(next, std::move(replaced), std::move(retired_owner));
    engine_->reclaim();
}

result<void> router::reload() {
    publish_pending();
    auto file = config::load(config_file_);
    if (!file) {
        return file.why();
    }
    if (auto same = match_ports(file->ports, opened_ports_, config_file_); !same) {
        return same;
    }
    if (file->node.punt != tables_->node().punt) {
        return error{"the punt port changes only with a restart",
                     {config_file_, file->node.punt_where.line, file->node.punt_where.column}};
    }
    if (file->scion.has_value() != (scion_ != nullptr)) {
        return error{"[scion] comes and goes only with a restart", {config_file_, 0, 0}};
    }
    const auto overlay = settings_of(file->overlay, config_file_);
    if (!overlay) {
        return overlay.why();
    }
    if (overlay.value() != settings_of(overlay_, config_file_).value()) {
        const config::position where = file->overlay ? file->overlay->where : config::position{};
        return error{
            "[overlay] changes only with a restart; rhumbctl overlay changes what is "
            "followed and blocked, and connects to peers",
            {config_file_, where.line, where.column}};
    }
    auto scion = load_scion(file.value(), scion_.get());
    if (!scion) {
        return scion.why();
    }
    if (auto done = prepare_network(file.value()); !done) {
        return done;
    }
    auto built = publish::forwarding::build(file.value(), port_facts(), tables_.get());
    if (!built) {
        abandon_network();
        return built.why();
    }
    adopt_network(file->topology.has_value());
    std::shared_ptr<publish::forwarding> old = std::move(tables_);
    tables_ = std::move(built).value();
    use_scion(std::move(scion).value());
    // Neighbours that are known stay so: their next hops are in the first version already.
    learnt_.clear();
    if (auto done = use_neighbours(file.value()); !done) {
        io::log(io::log_level::error, "neighbours are not looked for",
                {{"why", done.why().text()}});
    }
    take_neighbour_news();
    pending_ = false;
    publish(std::move(old));
    return {};
}

result<void> router::apply(const publish::changes& batch) {
    if (auto done = refuse_computed(batch); !done) {
        return done;
    }
    auto done = tables_->apply(batch);
    pending_ = pending_ || done.ok();
    return done;
}

void router::publish_pending() {
    if (pending_) {
        pending_ = false;
        publish(nullptr);
    }
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
    publish_pending();  // which brings new next hops up
    const auto id = tables_->nexthop_number(name);
    if (!id) {
        return error{"there is no next hop \"" + std::string(name) + "\"", {}};
    }
    const std::string& followed = tables_->nexthops().find(name)->second.follows;
    engine_->live().set_nexthop(followed.empty() ? *id : *tables_->nexthop_number(followed), up);
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
