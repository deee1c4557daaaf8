// The combinator against the reference implementation's golden files: 26 combinations of segments
// on its default graph, MTUs, duplicates, and with real keys whole paths, byte for byte.
#include <gtest/gtest.h>
#include <sodium.h>

#include <map>
#include <string>
#include <vector>

#include "controlplane/scion_paths/beaconing.hh"
#include "controlplane/scion_paths/combinator.hh"
#include "controlplane/scion_paths/hex.hh"
#include "rhumb/crypto/pbkdf2.hh"
#include "tests/support/vectors.hh"

namespace rhumb::scion::paths {
namespace {

using nlohmann::json;

isd_as as_of(const json& text) { return parse_isd_as(text.get<std::string>()).value(); }

struct far_end {
    isd_as ia;
    isd_as peer;
    std::uint16_t interface = 0;
    bool peering = false;
};

// The graph of the file: interfaces by number, and what is at their other end.
class graph {
public:
    explicit graph(const json& file) {
        for (const json& e : file.at("edges")) {
            link(as_of(e.at("a")), e.at("a_if"), as_of(e.at("b")), e.at("b_if"), e.at("peer"));
        }
    }
    void edit(const json& what) {
        if (what.contains("add_link")) {
            const json& l = what.at("add_link");
            link(as_of(l[0]), l[1], as_of(l[2]), l[3], what.at("peer"));
        } else {
            interfaces_.erase(what.at("delete_interface").get<std::uint16_t>());
        }
    }
    // A segment by the interfaces that it leaves ASes by.
    [[nodiscard]] segment make(const json& egresses) const {
        segment made;
        made.timestamp = 1'767'225'600;
        std::uint16_t ingress = 0;
        isd_as at = interfaces_.at(egresses.at(0)).ia;
        for (std::size_t n = 0; n <= egresses.size(); ++n) {
            const bool last = n == egresses.size();
            const auto egress = last ? std::uint16_t{0} : egresses[n].get<std::uint16_t>();
            segment_entry& entry = made.entries.emplace_back();
            entry.ia = at;
            entry.mtu = 2000;
            entry.ingress_mtu = 1280;
            entry.hop = {63, ingress, egress, {static_cast<byte>(n)}};
            for (const auto& [id, end] : interfaces_) {
                if (end.ia == at && end.peering) {
                    const bool known = interfaces_.contains(end.interface);
                    entry.peers.push_back({known ? end.peer : isd_as(),
                                           known ? end.interface : std::uint16_t{0},
                                           1280,
                                           {63, id, egress, {static_cast<byte>(n)}}});
                }
            }
            if (!last) {
                ingress = interfaces_.at(egress).interface;
                at = interfaces_.at(egress).peer;
            }
        }
        return made;
    }

private:
    void link(isd_as a, std::uint16_t a_if, isd_as b, std::uint16_t b_if, bool peer) {
        interfaces_[a_if] = {a, b, b_if, peer};
        interfaces_[b_if] = {b, a, a_if, peer};
    }
    std::map<std::uint16_t, far_end> interfaces_;
};

struct lists {
    std::vector<segment> made[3];

    [[nodiscard]] std::vector<const segment*> of(int kind) const {
        std::vector<const segment*> all;
        for (const segment& s : made[kind]) {
            all.push_back(&s);
        }
        return all;
    }
    [[nodiscard]] std::vector<path> combined(const json& from, const json& to) const {
        return combine(as_of(from), as_of(to), of(0), of(1), of(2));
    }
};
constexpr const char* keys[] = {"ups", "cores", "downs"};

json interfaces_of(const path& p) {
    json list = json::array();
    for (const path_interface& i : p.interfaces) {
        list.push_back(to_string(i.ia, i.id));
    }
    return list;
}

json told(const path& p) {
    json segments = json::array();
    for (const path_part& part : p.parts) {
        json hops = json::array();
        for (const hop_field& hop : part.hops) {
            hops.push_back({hop.ingress, hop.egress});
        }
        segments.push_back(
            {{"cons_dir", part.construction}, {"peer", part.peering}, {"hops", hops}});
    }
    return {{"weight", p.weight}, {"segments", segments}, {"interfaces", interfaces_of(p)}};
}

TEST(ScionCombinatorVectors, MakesThePathsOfTheGoldenFilesInTheirOrder) {
    LOAD_OR_SKIP(file, "combinator.json");
    for (const json& one : file.at("cases")) {
        SCOPED_TRACE(one.at("name").get<std::string>());
        graph of(file);
        for (const json& edit : one.at("graph_edits")) {
            of.edit(edit);
        }
        lists all;
        for (int kind = 0; kind < 3; ++kind) {
            for (const json& egresses : one.at(keys[kind])) {
                all.made[kind].push_back(of.make(egresses));
            }
        }
        json got = json::array();
        for (const path& p : all.combined(one.at("src"), one.at("dst"))) {
            got.push_back(told(p));
        }
        EXPECT_EQ(got.dump(1), one.at("expected_paths").dump(1));
    }
    EXPECT_EQ(file.at("cases").size(), 26U);
}

TEST(ScionCombinatorVectors, TakesTheLeastMtuOfWhatIsPassed) {
    LOAD_OR_SKIP(file, "combinator.json");
    graph of(file);
    of.edit({{"delete_interface", 2823}});  // 211's other peering link
    of.edit({{"delete_interface", 2328}});
    // What each case sets: AS, 'a' its MTU, 'i' its ingress's, 'p' its first peering link's.
    struct change {
        bool up;
        std::size_t entry;
        char what;
        std::uint16_t mtu;
    };
    const std::vector<std::vector<change>> changes{
        {{true, 2, 'a', 1005}, {true, 2, 'i', 1005}, {true, 1, 'a', 1002}},
        {{true, 2, 'a', 1005}, {true, 2, 'i', 1002}, {true, 1, 'a', 1005}},
        {{true, 2, 'a', 1005},
         {true, 2, 'i', 1004},
         {true, 1, 'a', 1003},
         {true, 1, 'i', 1002},
         {true, 0, 'a', 1001}},
        {{true, 2, 'a', 1005},
         {true, 2, 'i', 1005},
         {true, 1, 'a', 1005},
         {true, 1, 'p', 1002},
         {false, 1, 'p', 1001},
         {false, 1, 'a', 1005},
         {false, 2, 'i', 1005},
         {false, 2, 'a', 1005}},
        {{true, 2, 'a', 1005},
         {true, 2, 'i', 1005},
         {true, 1, 'a', 1005},
         {true, 1, 'p', 1005},
         {false, 1, 'p', 1005},
         {false, 1, 'a', 1005},
         {false, 2, 'i', 1005},
         {false, 2, 'a', 1002}},
    };
    const json& cases = file.at("mtu_cases").at("cases");
    ASSERT_EQ(cases.size(), changes.size());
    for (std::size_t n = 0; n < cases.size(); ++n) {
        SCOPED_TRACE(cases[n].at("name").get<std::string>());
        lists all;
        all.made[0].push_back(of.make({3214, 1417}));
        all.made[2].push_back(of.make({2123, 2325}));
        for (const int kind : {0, 2}) {
            for (segment_entry& entry : all.made[kind].front().entries) {
                entry.mtu = entry.ingress_mtu = 1000;
                for (peer_entry& peer : entry.peers) {
                    peer.mtu = 1000;
                }
            }
        }
        for (const change& c : changes[n]) {
            segment_entry& entry = all.made[c.up ? 0 : 2].front().entries.at(c.entry);
            if (c.what == 'p') {
                for (peer_entry& peer : entry.peers) {
                    peer.mtu = c.mtu;
                }
            } else {
                (c.what == 'a' ? entry.mtu : entry.ingress_mtu) = c.mtu;
            }
        }
        const auto got = all.combined(cases[n].at("src"), cases[n].at("dst"));
        ASSERT_EQ(got.size(), 1U);
        EXPECT_EQ(got[0].mtu, cases[n].at("mtu").get<std::uint16_t>());
    }
}

TEST(ScionCombinatorVectors, KeepsTheLatestOfDuplicates) {
    LOAD_OR_SKIP(file, "combinator.json");
    for (const json& one : file.at("duplicate_filter").at("cases")) {
        SCOPED_TRACE(one.at("name").get<std::string>());
        std::vector<path> given;
        for (const json& p : one.at("paths")) {
            path made;
            made.weight = p.at("id");
            made.interfaces = {{isd_as(1, 1), p.at("interfaces")}};
            made.good_until_ms = p.at("expiry") == "later" ? 2 : 1;
            given.push_back(made);
        }
        json kept = json::array();
        for (const path& p : without_duplicates(given)) {
            kept.push_back(p.weight);
        }
        EXPECT_EQ(kept, one.at("kept"));
    }
}

segment segment_of(const json& from) {
    segment made;
    made.id = from.at("segment_id");
    made.timestamp = from.at("timestamp");
    const auto hop_of = [](const json& h) {
        return hop_field{h.at("exp_time"), h.at("cons_ingress"), h.at("cons_egress"), {}};
    };
    for (const json& e : from.at("entries")) {
        segment_entry entry{
            as_of(e.at("ia")), e.at("mtu"), e.at("ingress_mtu"), hop_of(e.at("hop")), {}};
        for (const json& p : e.at("peers")) {
            entry.peers.push_back({as_of(p.at("peer_ia")), p.at("peer_interface"), p.at("peer_mtu"),
                                   hop_of(p.at("hop"))});
        }
        made.entries.push_back(std::move(entry));
    }
    return made;
}

// The walks' ASes have the first half of a digest of their number for a master key.
class walk_keys {
public:
    const crypto::cmac_key& operator()(isd_as ia) {
        const auto [it, is_new] = keys_.try_emplace(ia.value());
        if (is_new) {
            const std::string name = "demo master " + scion::to_string(ia);
            const auto digest = sha256({name.begin(), name.end()});
            const auto key = crypto::hop_key(std::span(digest).first(crypto::key_bytes));
            crypto::expand(it->second, key.value()->data());
        }
        return it->second;
    }

private:
    std::map<std::uint64_t, crypto::cmac_key> keys_;
};

TEST(ScionCombinatorVectors, SignsSegmentsAndWritesPathsByteForByte) {
    LOAD_OR_SKIP(file, "e2e-walks.json");
    walk_keys key_of;
    std::size_t paths = 0;
    for (const json& one : file.at("cases")) {
        SCOPED_TRACE(one.at("name").get<std::string>());
        lists all;
        for (int kind = 0; kind < 3; ++kind) {
            for (const json& from : one.at(keys[kind])) {
                segment made = segment_of(from);
                sign(made, key_of);
                EXPECT_EQ(to_hex(digest_of(made)), from.at("sha256_id_hex").get<std::string>());
                for (std::size_t n = 0; n < made.entries.size(); ++n) {
                    EXPECT_EQ(to_hex(made.entries[n].hop.mac),
                              from.at("entries")[n].at("hop").at("mac").get<std::string>());
                }
                all.made[kind].push_back(std::move(made));
            }
        }
        const auto got = all.combined(one.at("src"), one.at("dst"));
        ASSERT_EQ(got.size(), one.at("paths").size());
        for (std::size_t n = 0; n < got.size(); ++n, ++paths) {
            const json& want = one.at("paths")[n];
            EXPECT_EQ(to_hex(got[n].bytes()), want.at("path_hex").get<std::string>());
            EXPECT_EQ(got[n].mtu, want.at("mtu").get<unsigned>());
            EXPECT_EQ(got[n].weight, want.at("weight").get<unsigned>());
            EXPECT_EQ(interfaces_of(got[n]), want.at("interfaces"));
        }
    }
    EXPECT_EQ(paths, 16U);
}

}  // namespace
}  // namespace rhumb::scion::paths
