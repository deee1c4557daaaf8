// Two services of the overlay over loopback: one has many signed feeds, the other follows them all.
// Messages a second, and how long the control loops were busy at a time.
//
//   build-bench/tools/bench/overlay_sync_bench [--quick]
#include <chrono>
#include <cstdio>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include "controlplane/overlay/wire/classic_message.hh"
#include "tools/bench/overlay_node.hh"

namespace {

using namespace rhumb;
using namespace rhumb::overlay;
using steady = std::chrono::steady_clock;

std::vector<key32> fill(const std::string& file, std::uint32_t feeds, int messages) {
    auto kept = store::open(file);
    std::vector<key32> made;
    message_reader reader;
    for (std::uint32_t f = 0; f < feeds; ++f) {
        key32 seed{};
        std::memcpy(seed.data(), &f, sizeof f);
        const identity author = identity::from_seed(seed).value();
        chain_position at;
        for (int n = 0; n < messages; ++n) {
            const auto message =
                reader.make(author, at, 1.7e12 + n, R"({"type":"link","up":true,"cost":[1,2,3]})");
            at = {message.value().sequence, message.value().id};
            const auto done = kept->append(
                {author.id(), at.sequence, at.id, message.value().previous, message.value().wire},
                0);
            if (!done) {
                std::printf("%s\n", done.why().text().c_str());
            }
        }
        made.push_back(author.id());
    }
    if (const auto done = kept->commit(); !done) {
        std::printf("%s\n", done.why().text().c_str());
    }
    return made;
}

void report(const char* who, const turn_times& times) {
    std::printf(
        "%s: %llu turns, longest %.2f ms (by the clock %.2f), over 5 ms: %llu; less than (us):",
        who, static_cast<unsigned long long>(times.count()),
        static_cast<double>(times.longest().count()) / 1e6,
        static_cast<double>(times.longest_by_clock().count()) / 1e6,
        static_cast<unsigned long long>(times.late()));
    for (std::size_t n = 0; n < times.counts().size(); ++n) {
        if (times.counts()[n] != 0) {
            std::printf(" %llu:%llu", 1ULL << n,
                        static_cast<unsigned long long>(times.counts()[n]));
        }
    }
    std::printf("\n");
}

void synchronise(std::uint32_t feeds, int messages) {
    const test::temporary_folder folder;
    service_settings from = bench::settings_in(folder, "a");
    service_settings to = bench::settings_in(folder, "b");
    from.follow = to.follow = fill(from.store_file, feeds, messages);
    {
        bench::node a(from);
        bench::node b(to);
        const auto total = static_cast<std::uint64_t>(feeds) * static_cast<std::uint64_t>(messages);
        const auto began = steady::now();
        b.ask("overlay.connect", {{"address", address_text(a.address())}});
        const auto appended = [](const service& of) { return of.feeds().counters().appended; };
        std::uint64_t done = 0;
        while ((done = b.see(appended)) < total &&
               steady::now() - began < std::chrono::minutes(5)) {
            std::this_thread::sleep_for(std::chrono::milliseconds(5));
        }
        const double seconds = std::chrono::duration<double>(steady::now() - began).count();
        std::printf("%u feeds of %d: %llu messages in %.2f s, %.0f a second\n", feeds, messages,
                    static_cast<unsigned long long>(done), seconds,
                    static_cast<double>(done) / seconds);
        b.stop();
        a.stop();
        report("  sender", a.what().turns());
        report("  receiver", b.what().turns());
    }
}

}  // namespace

int main(int argc, char** argv) {
    const bool is_quick = argc > 1 && std::string_view(argv[1]) == "--quick";
    synchronise(1000, is_quick ? 10 : 50);
    synchronise(is_quick ? 2000 : 10'000, 5);
    return 0;
}
