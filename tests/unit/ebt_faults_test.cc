// A hundred nodes whose links break in the middle of transfers, whose network is cut in two, that
// stall, and that lie: all honest ones get everything, for not much more than the least of
// messages.
#include <gtest/gtest.h>

#include <cstdio>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/ebt_liars.hh"
#include "tests/support/ebt_network.hh"

namespace rhumb::overlay::ebt {
namespace {

constexpr int node_count = 100;
constexpr int author_count = 20;
constexpr int messages_each = 10;
constexpr std::int64_t timeout = 3000;  // of simulated milliseconds: one a frame

std::string name(int n) { return "n" + std::to_string(n); }

// A ring with chords, so that no single link or liar cuts it.
class big_network {
public:
    explicit big_network(std::uint32_t seed, const std::vector<lie>& lies = {})
        : net(seed), liars_(static_cast<int>(lies.size())) {
        for (int n = 0; n < node_count; ++n) {
            honest.push_back(&net.add(name(n)));
            for (int author = 0; author < author_count; ++author) {
                honest.back()->follow(name(author * 5));
            }
        }
        for (int n = 0; n < node_count; ++n) {
            link(n, (n + 1) % node_count);
            link(n, static_cast<int>(net.die() % node_count));
            link(n, static_cast<int>(net.die() % node_count));
        }
        for (int n = 0; n < liars_; ++n) {
            const std::string id = "liar" + std::to_string(n);
            net.add(std::make_unique<liar>(id, lies[static_cast<std::size_t>(n)]));
            for (int k = 0; k < 8; ++k) {
                const std::string peer = name(static_cast<int>(net.die() % node_count));
                if (!net.are_connected(id, peer)) {
                    k % 2 == 0 ? net.connect(id, peer) : net.connect(peer, id);
                }
            }
        }
    }

    [[nodiscard]] honest_node& node_of(int n) const { return *honest[static_cast<std::size_t>(n)]; }
    void append_all(int count) {
        for (int n = 0; n < count; ++n) {
            for (int author = 0; author < author_count; ++author) {
                const std::string id = name(author * 5);
                node_of(author * 5).append(id);
            }
        }
        appended += count;
    }
    // So many frames, with the timers where they are due; false where all is quiet.
    bool play(int frames) {
        for (int n = 0; n < frames; ++n) {
            const bool is_busy = net.step();
            if (!is_busy || net.now >= next_tick_) {
                net.now = is_busy ? net.now : std::max(net.now, next_tick_);
                net.fire_timers();
                next_tick_ = net.now + timeout;
            }
            if (!is_busy && is_done()) {
                return false;
            }
        }
        return true;
    }
    [[nodiscard]] bool is_done() const {
        for (const honest_node* const node : honest) {
            for (int author = 0; author < author_count; ++author) {
                if (node->height(name(author * 5)) != appended) {
                    return false;
                }
            }
        }
        return true;
    }
    void check_all(const char* what, double limit) {
        for (int round = 0; round < 2000 && !is_done(); ++round) {
            play(1000);
        }
        EXPECT_TRUE(is_done()) << what;
        for (const honest_node* const node : honest) {
            node->check();
            for (int author = 0; author < author_count; ++author) {
                for (const auto& [sequence, body] : node->store.at(name(author * 5))) {
                    ASSERT_TRUE(body.is_genuine);
                }
            }
        }
        const double least = static_cast<double>(appended) * author_count * (node_count - 1);
        const double ratio = static_cast<double>(net.counts.messages) / least;
        std::printf("%-12s %.3f times the least of messages (%.0f), %zu note frames, %.0f s\n",
                    what, ratio, least, static_cast<std::size_t>(net.counts.note_frames),
                    static_cast<double>(net.now) / 1000);
        if (limit != 0) {
            EXPECT_LE(ratio, limit) << what;
        }
    }
    void link(int one, int other) {
        if (one != other && !net.are_connected(name(one), name(other))) {
            net.connect(name(one), name(other));
            links.emplace_back(one, other);
        }
    }
    void cut(const std::pair<int, int>& ends) {
        if (net.are_connected(name(ends.first), name(ends.second))) {
            net.disconnect(name(ends.first), name(ends.second));
        }
    }
    void mend(const std::pair<int, int>& ends) {
        if (!net.are_connected(name(ends.first), name(ends.second))) {
            net.die() % 2 == 0 ? net.connect(name(ends.first), name(ends.second))
                               : net.connect(name(ends.second), name(ends.first));
        }
    }

    sim_network net;
    std::vector<honest_node*> honest;
    std::vector<std::pair<int, int>> links;
    int appended = 0;

private:
    int liars_;
    std::int64_t next_tick_ = timeout;
};

TEST(EbtFaults, AHundredNodesInPeace) {
    big_network all(1);
    all.append_all(messages_each);
    all.check_all("peace", 1.5);
}

// At any time 30 % of the links are down; they break while messages are on their way.
TEST(EbtFaults, LinksThatDrop) {
    for (std::uint32_t seed = 1; seed <= 3; ++seed) {
        big_network all(seed);
        std::set<std::size_t> down;
        for (int round = 0; round < 60; ++round) {
            if (round % 6 == 0) {
                all.append_all(1);
            }
            while (down.size() < all.links.size() * 3 / 10) {
                const std::size_t which = all.net.die() % all.links.size();
                all.cut(all.links[which]);
                down.insert(which);
            }
            all.play(700);
            for (int n = 0; n < 20; ++n) {
                auto back = down.begin();
                std::advance(back, all.net.die() % down.size());
                all.mend(all.links[*back]);
                down.erase(back);
            }
        }
        for (const std::size_t which : down) {
            all.mend(all.links[which]);
        }
        all.check_all("links drop", 1.5);
    }
}

TEST(EbtFaults, APartitionHeals) {
    big_network all(4);
    all.append_all(3);
    all.play(3000);
    const auto crosses = [](const std::pair<int, int>& ends) {
        return (ends.first < node_count / 2) != (ends.second < node_count / 2);
    };
    for (const auto& ends : all.links) {
        if (crosses(ends)) {
            all.cut(ends);
        }
    }
    all.append_all(4);
    all.play(20'000);
    EXPECT_FALSE(all.is_done());
    for (const auto& ends : all.links) {
        if (crosses(ends)) {
            all.mend(ends);
        }
    }
    all.append_all(3);
    all.check_all("partition", 1.5);
}

// A fifth of the nodes stand still in the middle, and go on later; links stay up.
TEST(EbtFaults, NodesThatStall) {
    big_network all(5);
    all.append_all(5);
    all.play(5000);
    for (std::size_t n = 0; n < all.honest.size(); n += 5) {
        all.honest[n]->is_stalled = all.net.die() % 2 == 0;
    }
    all.play(20'000);
    for (honest_node* const node : all.honest) {
        node->is_stalled = false;
    }
    all.append_all(5);
    all.check_all("stalls", 1.5);
}

TEST(EbtFaults, LyingPeers) {
    const std::vector<std::pair<const char*, std::vector<lie>>> mixtures{
        {"high claims", std::vector<lie>(10, lie::high_claims)},
        {"withheld", std::vector<lie>(10, lie::withheld)},
        {"forks", std::vector<lie>(10, lie::forks)},
        {"flood", std::vector<lie>(3, lie::flood)},
        {"all of them",
         {lie::high_claims, lie::withheld, lie::forks, lie::flood, lie::high_claims, lie::withheld,
          lie::forks, lie::high_claims}}};
    std::uint32_t seed = 10;
    for (const auto& [what, lies] : mixtures) {
        big_network all(++seed, lies);
        for (int n = 0; n < messages_each; ++n) {
            all.append_all(1);
            all.play(1000);
        }
        all.check_all(what, 0);
    }
}

}  // namespace
}  // namespace rhumb::overlay::ebt
