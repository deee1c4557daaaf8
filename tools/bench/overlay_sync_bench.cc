// Two services of the overlay over loopback: one has many signed feeds, the other follows them all.
// Messages a second, and how long the control loops were busy at a time.
//
//   build-bench/tools/bench/overlay_sync_bench [--quick]
#include <boost/asio/post.hpp>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "controlplane/overlay/service/service.hh"
#include "controlplane/overlay/wire/classic_message.hh"
#include "tests/support/temporary_folder.hh"

namespace {

using namespace rhumb;
using namespace rhumb::overlay;
using steady = std::chrono::steady_clock;

// A service on a thread of its own.
class node {
public:
    explicit node(const service_settings& with) {
        auto opened = service::open(io_, with, [](const std::string&, const std::string&) {});
        if (!opened) {
            std::printf("%s\n", opened.why().text().c_str());
            std::exit(1);
        }
        service_ = std::move(opened).value();
        thread_ = std::thread([this] { service_->run(); });
    }
    node(const node&) = delete;
    node& operator=(const node&) = delete;
    ~node() {
        if (thread_.joinable()) {
            stop();
        }
    }
    void stop() {
        boost::asio::post(io_, [this] { service_->stop([this] { io_.stop(); }); });
        thread_.join();
    }
    void ask(std::string_view method, const service::json& params) {
        boost::asio::post(io_, [=, this] {
            service_->request(method, params, {[](const result<service::json>&) {}, {}});
        });
    }
    [[nodiscard]] std::uint64_t appended() {
        std::promise<std::uint64_t> number;
        boost::asio::post(io_, [&] { number.set_value(service_->feeds().counters().appended); });
        return number.get_future().get();
    }
    [[nodiscard]] const service& what() const { return *service_; }

private:
    boost::asio::io_context io_{1};
    std::unique_ptr<service> service_;
    std::thread thread_;
};

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
    service_settings from;
    from.key_file = folder.path("a.key");
    from.store_file = folder.path("a.db");
    from.listen = {{"127.0.0.1", 0}};
    from.admits_anyone = true;
    from.messages_per_second = from.verifies_per_second = 1'000'000;
    service_settings to = from;
    to.key_file = folder.path("b.key");
    to.store_file = folder.path("b.db");
    from.follow = to.follow = fill(from.store_file, feeds, messages);
    {
        node a(from);
        node b(to);
        const auto total = static_cast<std::uint64_t>(feeds) * static_cast<std::uint64_t>(messages);
        const auto began = steady::now();
        b.ask("overlay.connect",
              {{"address", address_text({a.what().peers().listening().front(), a.what().id()})}});
        std::uint64_t done = 0;
        while ((done = b.appended()) < total && steady::now() - began < std::chrono::minutes(5)) {
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
