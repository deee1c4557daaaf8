// Services of the overlay over loopback, of which one broadcasts: by Plumtree and by flooding. How
// long a message takes to each of the others when it is alone, how many get through in a second
// when they come at once, and what that costs in copies. All are in this process, each with threads
// of its own: latencies are those of a machine that does the work of all of them.
//
//   build-bench/tools/bench/overlay_broadcast_bench [--quick]
#include <algorithm>
#include <atomic>
#include <bit>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "tools/bench/overlay_node.hh"

namespace {

using namespace rhumb;
using namespace rhumb::overlay;
using namespace std::chrono_literals;
using steady = std::chrono::steady_clock;
using broadcast::frame_type;

constexpr auto patience = 10s;
// The sender may send 100 a second, and 200 at once.
constexpr auto apart = 20ms;
constexpr auto allowance_is_back = 2500ms;
constexpr std::size_t at_once = 200;

struct frames {
    std::uint64_t copies = 0;
    std::uint64_t control = 0;
};

struct outcome {
    std::size_t sent = 0;
    std::size_t heard = 0;  // by all together
    double seconds = 0;     // from the first message to the last copy that was new
    frames cost;
    std::vector<double> milliseconds;  // of each message to each service, ascending
};

class network {
public:
    network(std::size_t services, broadcast::spreading way) {
        for (std::size_t n = 0; n < services; ++n) {
            service_settings with = bench::settings_in(folder_, std::to_string(n));
            with.broadcast.emplace().way = way;
            if (n != 0) {
                with.peers = {all_.front()->address()};
            }
            all_.push_back(std::make_unique<bench::node>(with));
        }
        arrivals_.resize(services);
        for (std::size_t n = 1; n < services; ++n) {
            listen(n);
        }
    }

    // Until everybody has neighbours enough, and their number does not change. The links.
    std::size_t settle() {
        const std::size_t enough = std::min<std::size_t>(3, all_.size() - 1);
        const auto end = steady::now() + patience;
        std::size_t before = 0;
        for (int quiet = 0; quiet < 5 && steady::now() < end;) {
            std::this_thread::sleep_for(100ms);
            std::size_t ends = 0;
            std::size_t least = all_.size();
            for (const auto& one : all_) {
                const std::size_t some = one->see(neighbours);
                ends += some;
                least = std::min(least, some);
            }
            quiet = least >= enough && ends == before ? quiet + 1 : 0;
            before = ends;
        }
        return before / 2;
    }

    // The first service says so many; the wait between two of them is none at all, or `apart`.
    outcome say(std::size_t count, steady::duration pause) {
        const std::size_t others = all_.size() - 1;
        for (std::size_t n = 1; n < all_.size(); ++n) {
            all_[n]->see([&](const service&) {
                arrivals_[n].assign(count, {});
                return true;
            });
        }
        heard_ = 0;
        const frames before = spent();
        std::vector<steady::time_point> sent(count);
        for (std::size_t n = 0; n < count; ++n) {
            sent[n] = steady::now();
            all_.front()->ask("overlay.broadcast", {{"text", std::to_string(n)}},
                              {refused_is_fatal, [](std::string_view) { return true; }});
            std::this_thread::sleep_until(sent[n] + pause);
        }
        const auto end = steady::now() + patience;
        while (heard_ < count * others && steady::now() < end) {
            std::this_thread::sleep_for(1ms);
        }
        std::this_thread::sleep_for(200ms);  // what is still on its way costs, too
        const frames after = spent();
        outcome made{
            count, heard_, 0, {after.copies - before.copies, after.control - before.control}, {}};
        for (std::size_t who = 1; who < all_.size(); ++who) {
            const auto arrived = all_[who]->see([&](const service&) { return arrivals_[who]; });
            for (std::size_t n = 0; n < count; ++n) {
                if (arrived[n] != steady::time_point()) {
                    made.milliseconds.push_back(ms(arrived[n] - sent[n]));
                    made.seconds = std::max(made.seconds, ms(arrived[n] - sent[0]) / 1000);
                }
            }
        }
        std::ranges::sort(made.milliseconds);
        return made;
    }

private:
    static double ms(steady::duration time) {
        return std::chrono::duration<double, std::milli>(time).count();
    }
    static void refused_is_fatal(const result<service::json>& answer) {
        if (!answer) {
            std::printf("refused: %s\n", answer.why().text().c_str());
            std::exit(1);
        }
    }
    static std::size_t neighbours(const service& of) {
        return static_cast<std::size_t>(std::popcount(of.spread()->node().peers().neighbours()));
    }

    void listen(std::size_t who) {
        const auto hear = [this, who](std::string_view event) {
            const auto now = steady::now();
            const auto said = service::json::parse(event);
            const auto number =
                static_cast<std::size_t>(std::stoul(said["text"].get<std::string>()));
            std::vector<steady::time_point>& mine = arrivals_[who];
            if (number < mine.size() && mine[number] == steady::time_point()) {
                mine[number] = now;
                ++heard_;
            }
            return true;
        };
        all_[who]->ask("overlay.listen", {{"follow", true}},
                       {[](const result<service::json>&) {}, hear});
    }
    // Of all, since the start.
    frames spent() {
        frames sum;
        for (const auto& one : all_) {
            const broadcast::counters counts =
                one->see([](const service& of) { return of.spread()->node().counts(); });
            sum.copies += counts.received_of(frame_type::gossip);
            for (const frame_type type :
                 {frame_type::ihave, frame_type::graft, frame_type::prune}) {
                sum.control += counts.received_of(type);
            }
        }
        return sum;
    }

    test::temporary_folder folder_;
    // By service and message; each is its service's thread's.
    std::vector<std::vector<steady::time_point>> arrivals_;
    std::atomic<std::size_t> heard_ = 0;
    std::vector<std::unique_ptr<bench::node>> all_;  // the last: their threads write to the others
};

void report(const char* what, const outcome& of, std::size_t others) {
    const auto messages = static_cast<double>(of.sent);
    const std::size_t wanted = of.sent * others;
    std::printf(
        "  %-13s %zu messages, heard %zu of %zu times, %.1f copies and %.1f control frames "
        "each; median %.2f ms, worst %.2f ms",
        what, of.sent, of.heard, wanted, static_cast<double>(of.cost.copies) / messages,
        static_cast<double>(of.cost.control) / messages,
        of.milliseconds.empty() ? 0 : of.milliseconds[of.milliseconds.size() / 2],
        of.milliseconds.empty() ? 0 : of.milliseconds.back());
}

void measure(std::size_t services, const char* name, broadcast::spreading way, bool is_quick) {
    network all(services, way);
    const std::size_t links = all.settle();
    (void)all.say(20, apart);  // the first ones make the tree
    std::printf("%s, %zu services, %zu links; a message needs %zu copies\n", name, services, links,
                services - 1);
    report("one by one:", all.say(is_quick ? 25 : 250, apart), services - 1);
    std::printf("\n");
    for (int round = 0; round < (is_quick ? 1 : 3); ++round) {
        std::this_thread::sleep_for(allowance_is_back);
        const outcome made = all.say(at_once, 0ms);
        report("all at once:", made, services - 1);
        std::printf(", %.0f messages a second\n", static_cast<double>(made.sent) / made.seconds);
    }
}

}  // namespace

int main(int argc, char** argv) {
    const bool is_quick = argc > 1 && std::string_view(argv[1]) == "--quick";
    for (const std::size_t services :
         is_quick ? std::vector<std::size_t>{4} : std::vector<std::size_t>{4, 8}) {
        measure(services, "Plumtree", broadcast::spreading::plumtree, is_quick);
        measure(services, "flooding", broadcast::spreading::flooding, is_quick);
    }
    return 0;
}
