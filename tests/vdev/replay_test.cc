// Every case of tests/cases through rhumbd on net_pcap ports: what tests/unit/cases_test.cc says of
// the pipeline without DPDK is true of the daemon, byte for byte and count for count.
#include <gtest/gtest.h>

#include <algorithm>
#include <iostream>
#include <memory>
#include <ostream>

#include "tests/vdev/playback.hh"

namespace rhumb::test {

void PrintTo(const tally& count, std::ostream* out) {
    *out << count.dropped << " dropped, " << count.punted << " punted";
}

namespace {

class replay : public testing::Test {
public:
    replay(const case_file& file, const scene& which) : file_(file), scene_(which) {}
    void TestBody() override {
        const temporary_folder folder;
        const auto got = play(file_, scene_, folder);
        ASSERT_TRUE(got.ok()) << got.why().text();
        const std::string punt = config_of(file_).value().node.punt;
        for (const auto& [port, frames] : got.value().out) {
            const auto wrong = difference(expected_at(port, scene_, punt), frames);
            EXPECT_FALSE(wrong) << file_.path << ": leaving " << port << ": " << *wrong;
        }
        EXPECT_EQ(got.value().drops, expected_drops(scene_)) << file_.path;
    }

private:
    const case_file& file_;
    const scene& scene_;
};

class bad_file : public testing::Test {
public:
    explicit bad_file(std::string why) : why_(std::move(why)) {}
    void TestBody() override { FAIL() << why_; }

private:
    std::string why_;
};

struct loaded {
    case_file file;
    scenes all;
};

void register_tests() {
    static std::vector<std::unique_ptr<loaded>> files;
    for (const std::string& path : case_paths()) {
        std::string stem = std::filesystem::path(path).stem();
        std::replace(stem.begin(), stem.end(), '-', '_');  // as --gtest_filter has a use for it
        auto file = load_case_file(path);
        if (!file) {
            testing::RegisterTest("replay", stem.c_str(), nullptr, nullptr, path.c_str(), 1,
                                  [why = file.why().text()] { return new bad_file(why); });
            continue;
        }
        auto& one = *files.emplace_back(new loaded{std::move(*file), {}});
        one.all = scenes_of(one.file);
        if (one.all.left_out != 0) {
            std::cout << path << ": " << one.all.left_out
                      << " packets are left out: no port receives into that headroom\n";
        }
        for (const test_case& of : one.file.cases) {
            if (!of.without_daemon.empty()) {
                std::cout << path << ": \"" << of.name << "\" is left out: " << of.without_daemon
                          << '\n';
            }
        }
        for (const scene& which : one.all.list) {
            testing::RegisterTest(stem.c_str(), which.name().c_str(), nullptr, nullptr,
                                  path.c_str(), static_cast<int>(which.exchanges.front()->line),
                                  [&one, &which] { return new replay(one.file, which); });
        }
    }
}

}  // namespace
}  // namespace rhumb::test

int main(int argc, char** argv) {
    testing::InitGoogleTest(&argc, argv);
    rhumb::test::register_tests();
    return RUN_ALL_TESTS();
}
