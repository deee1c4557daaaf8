#include "tests/unit/ebt_deviations.hh"

#include <algorithm>
#include <cstdint>
#include <map>
#include <utility>
#include <vector>

namespace rhumb::overlay::ebt {
namespace {

using json = nlohmann::ordered_json;
using leaves = std::set<std::string>;

std::int64_t number(const json& object, const std::string& key, std::int64_t otherwise) {
    return object.is_object() && object.contains(key) && object[key].is_number_integer()
               ? object[key].get<std::int64_t>()
               : otherwise;
}

const json& inside(const json& object, const std::string& key) {
    static const json nothing;
    return object.is_object() && object.contains(key) ? object[key] : nothing;
}

const json& entry_of(const json& peer, const std::string& feed) {
    return inside(inside(peer, "replicating"), feed);
}

bool has_rx(const json& peer, const std::string& feed) {
    return entry_of(peer, feed).value("rx", false);
}

bool is_entry(const json& peer, const std::string& feed) {
    return entry_of(peer, feed).is_object();
}

std::int64_t head(const json& state, const std::string& feed) {
    return number(inside(state, "clock"), feed, 0);
}

std::int64_t claim(const json& peer, const std::string& feed) {
    return number(inside(peer, "clock"), feed, 0);
}

// The reference's test, which looks up the peer's own id in the place of the feed's.
std::string source_of_reference(const json& state, const std::string& feed,
                                const std::string& except) {
    for (const auto& [id, peer] : state["peers"].items()) {
        if (id == except) {
            continue;
        }
        const json& notes = inside(peer, "notes");
        if (notes.is_object() && number(notes, id, 0) % 2 == 0) {
            return id;
        }
        const bool has_sent = is_entry(peer, id) && number(entry_of(peer, id), "sent", 0) != -1;
        if (is_entry(peer, feed) && has_rx(peer, feed) && has_sent) {
            return id;
        }
    }
    return {};
}

// The rule that replaces it. A state does not tell when a peer was asked: it was just now.
leaves sources(const json& state, const std::string& feed, const std::string& except) {
    leaves all;
    for (const auto& [id, peer] : state["peers"].items()) {
        const bool has_refused =
            claim(peer, feed) == -1 && number(entry_of(peer, feed), "sent", 0) == -1;
        if (id != except && is_entry(peer, feed) && has_rx(peer, feed) && !has_refused) {
            all.insert(id);
        }
    }
    return all;
}

// What a change of a feed's source can be seen by.
void add_source_leaves(const json& step, const std::string& feed, leaves& all) {
    for (const auto& each : step["before"]["peers"].items()) {
        const std::string peer = "/peers/" + each.key();
        all.insert({peer + "/replicating/" + feed + "/rx",
                    peer + "/replicating/" + feed + "/requested", peer + "/notes/" + feed,
                    peer + "/notes", peer + "/ts"});
    }
}

std::pair<std::string, std::int64_t> message_of(const std::string& text) {
    const std::size_t colon = text.rfind(':');
    return {text.substr(0, colon), std::stoll(text.substr(colon + 1))};
}

std::vector<std::string> feeds_of(const json& step) {
    std::vector<std::string> feeds;
    for (const auto& each : step["before"]["follows"].items()) {
        feeds.push_back(each.key());
    }
    return feeds;
}

// 1. The source of a feed is found by the feed's id, not by the peer's.
void source(const json& step, leaves& all) {
    const std::string event = step["ev"];
    if (event != "notes" && event != "peerClock" && event != "follow") {
        return;
    }
    const std::string peer =
        event == "follow" ? std::string() : step["arg"]["id"].get<std::string>();
    for (const std::string& feed : feeds_of(step)) {
        const std::string by_reference = source_of_reference(step["before"], feed, peer);
        const leaves by_rule = sources(step["before"], feed, peer);
        if (by_rule.empty() ? !by_reference.empty()
                            : !by_rule.contains(by_reference) || by_rule.size() > 1) {
            add_source_leaves(step, feed, all);
        }
    }
}

// 2. A source that has something to send is kept, although another peer claims more.
void kept_source(const json& step, leaves& all) {
    if (step["ev"] != "notes") {
        return;
    }
    const std::string peer = step["arg"]["id"];
    for (const std::string& feed : feeds_of(step)) {
        for (const std::string& id : sources(step["before"], feed, peer)) {
            if (claim(step["before"]["peers"][id], feed) > head(step["before"], feed)) {
                add_source_leaves(step, feed, all);
            }
        }
    }
}

// 3. A duplicate does not end the link of the only source, if that has more than we do.
void late_duplicate(const json& step, leaves& all) {
    if (step["ev"] != "receive") {
        return;
    }
    const auto [feed, sequence] = message_of(step["arg"]["value"]);
    const std::string id = step["arg"]["id"];
    const json& peer = step["before"]["peers"][id];
    const std::int64_t have = head(step["before"], feed);
    if (sequence <= have && claim(peer, feed) > have && has_rx(peer, feed)) {
        add_source_leaves(step, feed, all);
    }
}

// 4. What is on its way to the log, or skips one, is not queued for the log.
void offered(const json& step, leaves& all) {
    if (step["ev"] != "receive") {
        return;
    }
    const auto [feed, sequence] = message_of(step["arg"]["value"]);
    std::int64_t last = head(step["before"], feed);
    for (const json& waiting : step["before"]["receive"]) {
        const auto text = waiting.get<std::string>();
        const auto [author, number] = message_of(text.substr(text.find('>') + 1));
        last = author == feed ? std::max(last, number) : last;
    }
    if (sequence != last + 1) {
        all.insert("/receive");
    }
}

// 5. A block stops what is under way to the blocked peer.
void block(const json& step, leaves& all) {
    if (step["ev"] == "block" && step["arg"]["value"].get<bool>()) {
        const std::string peer = "/peers/" + step["arg"]["target"].get<std::string>();
        const std::string feed = step["arg"]["id"];
        all.insert({peer + "/replicating/" + feed + "/tx", peer + "/replicating/" + feed + "/sent",
                    peer + "/msgs", peer + "/retrive"});
    }
}

// 6. A timeout turns only to a peer that claims more than we have.
void timeout(const json& step, leaves& all) {
    if (step["ev"] != "timeout") {
        return;
    }
    for (const std::string& feed : feeds_of(step)) {
        for (const auto& [id, peer] : step["after"]["peers"].items()) {
            if (is_entry(peer, feed) && has_rx(peer, feed) &&
                !(is_entry(step["before"]["peers"][id], feed) &&
                  has_rx(step["before"]["peers"][id], feed)) &&
                claim(peer, feed) <= head(step["before"], feed)) {
                add_source_leaves(step, feed, all);
            }
        }
    }
}

// 7. A feed whose source is gone gets another one, at once or with the next tick.
void reassigned(const json& step, leaves& all) {
    if (step["ev"] != "disconnect" && step["ev"] != "timeout") {
        return;
    }
    const std::string gone =
        step["ev"] == "disconnect" ? step["arg"]["id"].get<std::string>() : std::string();
    for (const std::string& feed : feeds_of(step)) {
        if (sources(step["before"], feed, gone).empty()) {
            add_source_leaves(step, feed, all);
        }
    }
}

// 8. A peer that has said -1 and then mentions the feed is answered as for the first time: on its
// side nothing is left of what we asked.
void revived(const json& step, leaves& all) {
    if (step["ev"] != "notes") {
        return;
    }
    const json& peer = step["before"]["peers"][step["arg"]["id"].get<std::string>()];
    for (const std::string& feed : feeds_of(step)) {
        if (claim(peer, feed) == -1 && is_entry(peer, feed)) {
            add_source_leaves(step, feed, all);
        }
    }
}

// 9. A peer that was asked and has not said a word within the timeout is no source: the next that
// is there is asked, and the silent one is told.
void silent_source(const json& step, leaves& all) {
    if (step["ev"] != "notes" && step["ev"] != "peerClock") {
        return;
    }
    for (const std::string& feed : feeds_of(step)) {
        for (const std::string& id : sources(step["before"], feed, step["arg"]["id"])) {
            if (inside(entry_of(step["before"]["peers"][id], feed), "sent").is_null()) {
                add_source_leaves(step, feed, all);
            }
        }
    }
}

// 10. Where the harness gave no time it is 0, and not undefined.
void untimed(const json& step, leaves& all) {
    if (!step["arg"].is_object() || !step["arg"].contains("ts")) {
        for (const auto& [id, peer] : step["after"]["peers"].items()) {
            if (!peer.contains("ts")) {
                all.insert("/peers/" + id + "/ts");
            }
        }
    }
}

struct rule {
    const char* name;
    void (*allows)(const json& step, leaves& all);
};
constexpr rule rules[] = {{"source", source},
                          {"kept source", kept_source},
                          {"late duplicate", late_duplicate},
                          {"offered", offered},
                          {"block", block},
                          {"timeout", timeout},
                          {"reassigned", reassigned},
                          {"revived", revived},
                          {"silent source", silent_source},
                          {"untimed", untimed}};

void add_peer(const std::string& path, const json& peer, std::map<std::string, std::string>& all) {
    all[path + "/blocked"] = peer.value("blocked", false) ? "true" : "false";
    all[path + "/client"] = peer.value("client", false) ? "true" : "false";
    for (const char* const list : {"msgs", "retrive"}) {
        std::set<std::string> items;  // the reference may read one feed twice
        for (const json& item : inside(peer, list)) {
            items.insert(item.get<std::string>());
        }
        all[path + '/' + list] = json(items).dump();
    }
    for (const char* const name : {"clock", "notes"}) {
        const json& values = inside(peer, name);
        all[path + '/' + name] = values.is_null() ? "null" : "{}";
        for (const auto& [feed, value] : values.items()) {
            all[path + '/' + name + '/' + feed] = value.dump();
        }
    }
    if (peer.contains("ts")) {
        all[path + "/ts"] = peer["ts"].dump();
    }
    all[path + "/recvNotes"] = std::to_string(number(peer, "recvNotes", 0));
    all[path + "/replicating"] = inside(peer, "replicating").is_null() ? "null" : "{}";
    for (const auto& [feed, r] : inside(peer, "replicating").items()) {
        const std::string at = path + "/replicating/" + feed;
        all[at + "/tx"] = r["tx"].dump();
        all[at + "/rx"] = r["rx"].dump();
        all[at + "/sent"] = inside(r, "sent").dump();
        all[at + "/requested"] = std::to_string(number(r, "requested", 0));
    }
}

}  // namespace

std::map<std::string, std::string> leaves_of(const json& state) {
    std::map<std::string, std::string> all;
    for (const char* const name : {"clock", "follows"}) {
        for (const auto& [key, value] : inside(state, name).items()) {
            all[std::string("/") + name + '/' + key] = value.dump();
        }
    }
    for (const auto& [who, whom] : state["blocks"].items()) {
        for (const auto& each : whom.items()) {
            all["/blocks/" + who + '/' + each.key()] = "true";
        }
    }
    all["/receive"] = state["receive"].dump();
    for (const auto& [id, peer] : state["peers"].items()) {
        add_peer("/peers/" + id, peer, all);
    }
    return all;
}

std::set<std::string> differing(const json& one, const json& other) {
    const auto first = leaves_of(one);
    const auto second = leaves_of(other);
    std::set<std::string> all;
    for (const auto& [path, value] : first) {
        const auto there = second.find(path);
        if (there == second.end() || there->second != value) {
            all.insert(path);
        }
    }
    for (const auto& each : second) {
        if (!first.contains(each.first)) {
            all.insert(each.first);
        }
    }
    return all;
}

std::set<std::string> explained(const json& step, const std::set<std::string>& paths) {
    std::set<std::string> names;
    std::set<std::string> open = paths;
    for (const rule& each : rules) {
        leaves allowed;
        each.allows(step, allowed);
        const std::size_t before = open.size();
        std::erase_if(open, [&](const std::string& path) { return allowed.contains(path); });
        if (open.size() != before) {
            names.insert(each.name);
        }
    }
    return open.empty() ? names : std::set<std::string>();
}

}  // namespace rhumb::overlay::ebt
