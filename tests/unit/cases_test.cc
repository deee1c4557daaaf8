// Every case of every file in tests/cases, through the whole pipeline without DPDK, and where the
// slow path answers, through that.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "tests/support/case_file.hh"
#include "tests/support/packet_text.hh"
#include "tests/support/rig.hh"
#include "tests/support/scion_case.hh"

namespace rhumb::test {

namespace {

struct loaded {
    case_file file;
    std::unique_ptr<rig> router;
    std::string error;  // why there is no router

    [[nodiscard]] std::string stem() const { return std::filesystem::path(file.path).stem(); }
};

std::string cases_folder() {
    const char* const folder = std::getenv("RHUMB_CASES");
    return folder != nullptr ? folder : RHUMB_CASES;
}

std::unique_ptr<loaded> load(const std::string& path) {
    auto one = std::make_unique<loaded>();
    auto file = load_case_file(path);
    one->file.path = path;
    if (!file) {
        one->error = file.why().text();
        return one;
    }
    one->file = std::move(*file);
#ifdef RHUMB_SCION_CASES
    auto router = rig_of(one->file);
#else
    auto router = rig::from_text(one->file.config, path);
#endif
    if (router) {
        one->router = std::move(*router);
    } else {
        one->error = router.why().text();
    }
    return one;
}

const std::vector<std::unique_ptr<loaded>>& all_files() {
    static const auto files = [] {
        std::vector<std::string> paths;
        for (const auto& entry : std::filesystem::directory_iterator(cases_folder())) {
#ifndef RHUMB_SCION_CASES  // no library for its files
            if (entry.path().stem().string().starts_with("scion")) {
                continue;
            }
#endif
            if (entry.path().extension() == ".case") {
                paths.push_back(entry.path());
            }
        }
        std::sort(paths.begin(), paths.end());
        std::vector<std::unique_ptr<loaded>> result;
        std::transform(paths.begin(), paths.end(), std::back_inserter(result), load);
        return result;
    }();
    return files;
}

std::string in_words(verdict fate, drop_reason reason) {
    switch (fate) {
        case verdict::forward: return "out";
        case verdict::drop: return "drop " + std::string(text_of(reason).name);
        case verdict::punt: return "punt " + std::string(text_of(reason).name);
        case verdict::slow: return "slow path " + std::string(text_of(reason).name);
        case verdict::again: break;
    }
    return "no verdict";
}

outcome wanted(const exchange& e) {
    switch (e.want) {
        case fate::out: return {verdict::forward, drop_reason::none, e.out_port, e.out, {}};
        case fate::drop: return {verdict::drop, e.reason, {}, {}, {}};
        case fate::answer: return {verdict::slow, e.reason, e.out_port, e.out, {}};
        case fate::punt: break;
    }
    return {verdict::punt, e.reason, {}, {}, {}};
}

// Whether `got` is what was wanted, and if not, what is wrong with it.
testing::AssertionResult same(const outcome& want, const outcome& got) {
    if (want == got) {
        return testing::AssertionSuccess();
    }
    auto failure = testing::AssertionFailure();
    if (!got.broken.empty()) {
        return failure << got.broken;
    }
    failure << "want " << in_words(want.fate, want.reason) << ' ' << want.port << ", got "
            << in_words(got.fate, got.reason) << ' ' << got.port << '\n';
    if (want.fate == got.fate && !want.bytes.empty() && !got.bytes.empty()) {
        failure << packet_difference(want.bytes, got.bytes);
    } else if (!got.bytes.empty()) {
        failure << "  " << describe_packet(got.bytes) << '\n';
    }
    return failure;
}

testing::Message at_line(const loaded& in, std::uint32_t line) {
    return testing::Message() << in.file.path << ':' << line;
}

template <class Trace>
void run_case(const loaded& in, const test_case& one) {
    const auto trace = std::make_unique<Trace>();
    in.router->all_up();
    for (const exchange& e : one.exchanges) {
        SCOPED_TRACE(at_line(in, e.line) << "  in " << e.in_port << ' ' << describe_packet(e.in));
        for (const state_change& change : e.before) {
            ASSERT_TRUE(in.router->set(change))
                << at_line(in, change.line) << ": there is no \"" << change.name << '"';
        }
        const auto port = in.router->port_number(e.in_port);
        ASSERT_TRUE(port) << "there is no port \"" << e.in_port << '"';
        ASSERT_TRUE(e.out_port.empty() || in.router->port_number(e.out_port))
            << "there is no port \"" << e.out_port << '"';
        placement how;
        how.headroom = one.headroom;
        const auto got = in.router->run(*port, {&e.in, 1}, how, *trace);
        EXPECT_TRUE(same(wanted(e), got.at(0)));
        // Where a burst is alike, several packets may be worked on at once.
        const std::vector<packet_bytes> alike(19, e.in);
        how.burst = alike.size();
        for (const outcome& one_of_them : in.router->run(*port, alike, how, *trace)) {
            EXPECT_TRUE(same(wanted(e), one_of_them)) << "in a burst of the same packets";
        }
    }
}

class one_case : public testing::Test {
public:
    one_case(const loaded& in, const test_case& which) : in_(in), case_(which) {}
    void TestBody() override {
        {
            SCOPED_TRACE("without a trace");
            run_case<no_trace>(in_, case_);
        }
        SCOPED_TRACE("with a trace");
        run_case<trace_log>(in_, case_);
    }

private:
    const loaded& in_;
    const test_case& case_;
};

class one_file : public testing::Test {
public:
    explicit one_file(const loaded& in) : in_(in) {}
    void TestBody() override { ASSERT_TRUE(in_.router) << in_.error; }

protected:
    const loaded& in_;
};

// The packets of a file that meet a router with everything up, by port, each with its fate.
struct traffic {
    std::vector<packet_bytes> frames;
    std::vector<const exchange*> from;
};

std::map<std::string, traffic> traffic_of(const case_file& file) {
    std::map<std::string, traffic> by_port;
    for (const test_case& one : file.cases) {
        for (const exchange& e : one.exchanges) {
            if (!e.before.empty()) {
                break;  // what was set holds to the end of the case
            }
            if (one.headroom == test_case{}.headroom) {
                by_port[e.in_port].frames.push_back(e.in);
                by_port[e.in_port].from.push_back(&e);
            }
        }
    }
    return by_port;
}

// A packet's fate does not depend on its neighbours, nor on what lies around it in memory.
class file_in_bursts : public one_file {
public:
    using one_file::one_file;
    void TestBody() override {
        ASSERT_TRUE(in_.router) << in_.error;
        in_.router->all_up();
        no_trace trace;
        for (auto& [port, packets] : traffic_of(in_.file)) {
            fill_up(packets);
            for (const std::size_t size : std::array<std::size_t, 4>{1, 7, 32, 256}) {
                for (const byte poison : std::array<byte, 4>{0x00, 0xff, 0x45, 0x61}) {
                    SCOPED_TRACE(testing::Message()
                                 << "bursts of " << size << ", poison " << unsigned{poison});
                    run(port, packets, {128, poison, 64, size, poison % 2 == 0}, trace);
                    if (HasFatalFailure()) {
                        return;
                    }
                }
            }
        }
    }

private:
    // Repeats the packets until they fill the largest burst.
    static void fill_up(traffic& packets) {
        for (std::size_t n = 0; packets.frames.size() < burst::capacity; ++n) {
            packets.frames.push_back(packet_bytes(packets.frames[n]));
            packets.from.push_back(packets.from[n]);
        }
    }
    void run(const std::string& port, const traffic& packets, const placement& how,
             no_trace& trace) const {
        const auto got =
            in_.router->run(*in_.router->port_number(port), packets.frames, how, trace);
        ASSERT_EQ(got.size(), packets.frames.size());
        for (std::size_t n = 0; n < got.size(); ++n) {
            ASSERT_TRUE(same(wanted(*packets.from[n]), got[n]))
                << at_line(in_, packets.from[n]->line);
        }
    }
};

void register_tests() {
    for (const auto& in : all_files()) {
        const char* const path = in->file.path.c_str();
        const auto line = [](std::uint32_t number) { return static_cast<int>(number); };
        testing::RegisterTest("files", in->stem().c_str(), nullptr, nullptr, path, 1,
                              [&in] { return new one_file(*in); });
        if (!in->router) {
            continue;
        }
        testing::RegisterTest("bursts", in->stem().c_str(), nullptr, nullptr, path, 1,
                              [&in]() -> one_file* { return new file_in_bursts(*in); });
        for (const test_case& one : in->file.cases) {
            testing::RegisterTest(in->stem().c_str(), one.slug().c_str(), nullptr, nullptr, path,
                                  line(one.line), [&in, &one] { return new one_case(*in, one); });
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
