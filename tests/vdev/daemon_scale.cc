// A million labels: loaded from a file, changed in batches, and loaded again, by a running router.
#include <chrono>
#include <cstdio>
#include <fstream>

#include "tests/support/all_labels.hh"
#include "tests/vdev/daemon_fixture.hh"

namespace rhumb::test {
namespace {

using nlohmann::json;
using clock = std::chrono::steady_clock;

constexpr unsigned first_label = all_labels::first;
constexpr unsigned labels = all_labels::count;
constexpr unsigned batch = 50000;

class rhumbd_scale : public rhumbd {
protected:
    void write_labels(unsigned shift) const {
        folder_.write("labels.csv", all_labels::table(shift, [](unsigned label) {
                          return label % 2 == 0 ? "e" : "w";
                      }));
    }
    static long memory_kib(const daemon& router, const std::string& key) {
        std::ifstream status("/proc/" + std::to_string(router.pid()) + "/status");
        std::string word;
        long kib = 0;
        while (status >> word) {
            if (word == key + ":") {
                status >> kib;
            }
        }
        return kib;
    }
    static double seconds_since(clock::time_point start) {
        return std::chrono::duration<double>(clock::now() - start).count();
    }
    static unsigned out_of(daemon& router, unsigned label) {
        const json shown = router.ask("show", {{"what", "labels"}, {"label", label}});
        return shown["rows"].empty() ? 0 : shown["rows"][0]["out"].get<unsigned>();
    }
    static std::size_t installed(daemon& router) {
        return router.ask("show", {{"what", "version"}})["rows"][0]["labels"].get<std::size_t>();
    }
};

TEST_F(rhumbd_scale, a_million_labels) {
    write_labels(1);
    folder_.write("r.toml", "[node]\nname = \"" + name_ + "\"\n" + all_labels::node_keys() +
                                "[runtime]\nsocket = \"r.sock\"\n[ports.west]\ndevice = \"" +
                                quiet(0) +
                                "\"\nmac = \"02:00:00:00:01:01\"\n"
                                "[nexthops.e]\nport = \"west\"\nmac = \"02:00:00:00:02:01\"\n"
                                "[nexthops.w]\nport = \"west\"\nmac = \"02:00:00:00:03:01\"\n");
    auto began = clock::now();
    daemon router(folder_, {"--config", "r.toml"});
    ASSERT_TRUE(router.connect("r.sock", std::chrono::seconds(100))) << router.log();
    ASSERT_EQ(installed(router), labels) << router.log();
    std::printf("loaded %u labels in %.2f s, DPDK's start included; peak %ld MiB\n", labels,
                seconds_since(began), memory_kib(router, "VmHWM") >> 10);
    EXPECT_EQ(out_of(router, first_label), all_labels::shifted(first_label, 1));
    EXPECT_EQ(out_of(router, first_label + labels - 1), first_label);

    // A batch of single changes: labels all over the place get another label and next hop.
    std::string text;
    for (unsigned n = 0; n < batch; ++n) {
        const unsigned label = first_label + n * 20;
        text += "[[labels]]\nlabel = " + std::to_string(label) +
                "\nop = \"continue\"\nout = " + std::to_string(all_labels::shifted(label, 7)) +
                "\nvia = \"w\"\n";
    }
    began = clock::now();
    const json done = router.ask("apply", {{"toml", text}});
    const double batch_seconds = seconds_since(began);
    ASSERT_TRUE(done.contains("generation")) << done;
    std::printf("%u changes in one batch: %.0f a second; peak %ld MiB\n", batch,
                batch / batch_seconds, memory_kib(router, "VmHWM") >> 10);
    for (unsigned n = 0; n < batch; n += 997) {
        const unsigned label = first_label + n * 20;
        EXPECT_EQ(out_of(router, label), all_labels::shifted(label, 7));
        EXPECT_EQ(out_of(router, label + 1), all_labels::shifted(label + 1, 1));
    }
    EXPECT_EQ(installed(router), labels);

    // And away with them; the next answer knows.
    text = "[remove]\nlabels = [";
    for (unsigned n = 0; n < batch; ++n) {
        text += std::to_string(first_label + n * 20) + ", ";
    }
    began = clock::now();
    ASSERT_TRUE(router.ask("apply", {{"toml", text + "]\n"}}).contains("generation"));
    std::printf("%u removals in one batch: %.0f a second\n", batch, batch / seconds_since(began));
    EXPECT_EQ(installed(router), labels - batch);
    EXPECT_EQ(out_of(router, first_label), 0U);

    // Twice, for the second has a first one's tables to let go of.
    for (const unsigned shift : {2U, 3U}) {
        write_labels(shift);
        began = clock::now();
        const json reloaded = router.ask("reload");
        ASSERT_TRUE(reloaded.contains("generation")) << reloaded;
        std::printf("reload in %.2f s; peak %ld MiB, now %ld MiB\n", seconds_since(began),
                    memory_kib(router, "VmHWM") >> 10, memory_kib(router, "VmRSS") >> 10);
        EXPECT_EQ(installed(router), labels);
        for (unsigned label = first_label; label < first_label + labels; label += 100003) {
            EXPECT_EQ(out_of(router, label), all_labels::shifted(label, shift));
        }
    }
    expect_clean_end(router);
}

}  // namespace
}  // namespace rhumb::test
