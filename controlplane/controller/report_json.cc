#include "controlplane/controller/report_json.hh"

#include <optional>
#include <vector>

namespace rhumb::controller::report {

using nlohmann::json;

namespace {

template <class Item>
json array_of(const std::vector<Item>& items) {
    json made = json::array();
    for (const Item& item : items) {
        made.push_back(to_json(item));
    }
    return made;
}

json worst_of(const std::optional<link>& worst) { return worst ? to_json(*worst) : json(); }

}  // namespace

json to_json(const link& l) {
    json made{{"node", l.node},
              {"link", l.name},
              {"remote", l.remote},
              {"load", l.load},
              {"capacity", l.capacity == 0 ? json() : json(l.capacity)},
              {"utilisation", l.capacity == 0 ? json() : json(l.utilisation)}};
    if (l.measured) {
        made["measured"] = *l.measured;
    }
    return made;
}

json to_json(const demand& d) {
    return {{"from", d.from},
            {"to", d.to},
            {"policy", d.policy.empty() ? json() : json(d.policy)},
            {"rate", d.rate}};
}

json to_json(const failed& f) {
    return {{"kind", f.kind},
            {"what", f.what},
            {"worst", worst_of(f.worst)},
            {"overloaded", array_of(f.overloaded)},
            {"unroutable", array_of(f.unroutable)},
            {"unroutable_rate", f.unroutable_rate},
            {"lost_rate", f.lost_rate},
            {"moved", f.moved}};
}

json to_json(const network& all) {
    return {{"links", array_of(all.links)},
            {"unroutable", array_of(all.unroutable)},
            {"failures", array_of(all.failures)}};
}

json to_json(const plan& p) {
    json moves = json::array();
    for (const moved& m : p.moves) {
        moves.push_back({{"demand", to_json(m.of)},
                         {"lists", m.lists},
                         {"during", m.during},
                         {"after", m.after}});
    }
    return {{"before", p.before},
            {"after", p.after},
            {"worst", worst_of(p.worst)},
            {"moves", std::move(moves)},
            {"why", p.why}};
}

}  // namespace rhumb::controller::report
