#include "tests/support/simulated_routers.hh"

#include <utility>

#include "controlplane/config/topology_file.hh"
#include "controlplane/routing/merge.hh"

namespace rhumb::test {

namespace {

std::vector<topology::advertisement> all_said(const topology::map& m) {
    std::vector<topology::advertisement> said;
    for (topology::node_number n = 0; n < m.node_count(); ++n) {
        said.push_back(*m.said(n));
    }
    return said;
}

}  // namespace

simulated_routers::simulated_routers(const topology::map& m, const config::topology_section& keys,
                                     std::string more)
    : keys_(keys), more_(std::move(more)) {
    keys_.file = "map.toml";
    const std::vector<topology::advertisement> said = all_said(m);
    // Of its own, so that numbers of nodes and links are those of the given one for good.
    if (const auto done = cables_.apply(said); !done) {
        error_ = done.why().text();
        return;
    }
    lay_out(cables_);
    write(said);
    for (topology::node_number n = 0; n < m.node_count() && error_.empty(); ++n) {
        config::file file = configuration(n);
        auto opened = routing::network::open(file);
        if (!opened) {
            error_ = opened.why().text();
            return;
        }
        routers_.push_back(std::move(opened).value());
        auto computed = routers_.back()->compute(now_);
        if (!computed) {
            error_ = m.name(n) + ": " + computed.why().text();
            return;
        }
        routing::add_to(file, computed.value());
        routers_.back()->adopt(std::move(computed).value());
        if (const auto made = add_node(std::move(file)); !made) {
            error_ = m.name(n) + ": " + made.why().text();
        }
    }
}

config::file simulated_routers::configuration(topology::node_number node) const {
    config::file file = file_for(cables_, node);
    file.files.push_back((folder_.path() / "r.toml").string());
    file.topology = keys_;
    return file;
}

void simulated_routers::write(const std::vector<topology::advertisement>& network) {
    if (network != written_) {
        config::topology_file text;
        text.nodes = network;
        folder_.write("map.toml", config::topology_text(text) + more_);
        written_ = network;
    }
}

void simulated_routers::tell(topology::node_number node,
                             const std::vector<topology::advertisement>& network) {
    write(network);
    if (const auto done = routers_[node]->reload(configuration(node)); !done) {
        error_ = cables_.name(node) + ": " + done.why().text();
        return;
    }
    follow(node);
}

void simulated_routers::tell_link(topology::node_number node, const std::string& link, bool up) {
    if (routers_[node]->set_link(link, up, now_)) {
        follow(node);
    }
}

void simulated_routers::follow(topology::node_number node) {
    routing::network& known = *routers_[node];
    auto computed = known.compute(now_);
    if (!computed) {
        error_ = cables_.name(node) + ": " + computed.why().text();
        return;
    }
    const auto done = apply(node, publish::difference(known.tables(), computed.value()));
    if (!done) {
        error_ = cables_.name(node) + ": " + done.why().text();
        return;
    }
    known.adopt(std::move(computed).value());
}

}  // namespace rhumb::test
