// The machine against what the reference did: every step of its own tests, and its traces from the
// beginning to the end. What differs is explained by a rule of ebt_deviations.cc, or the test
// fails.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tests/support/ebt_loader.hh"
#include "tests/unit/ebt_deviations.hh"

namespace rhumb::overlay::ebt {
namespace {

std::filesystem::path vectors_folder() {
    const char* const folder = std::getenv("RHUMB_VECTORS");
    return std::filesystem::path(folder != nullptr ? folder : RHUMB_VECTORS_DEFAULT) / "ebt";
}

// The lines of a packed file.
std::vector<ordered_json> steps_of(const std::filesystem::path& file) {
    std::vector<ordered_json> steps;
    FILE* const unpacked = popen(("zcat '" + file.string() + "'").c_str(), "r");
    if (unpacked == nullptr) {
        return steps;
    }
    std::string text;
    std::array<char, 65536> piece{};
    for (std::size_t n = 0; (n = std::fread(piece.data(), 1, piece.size(), unpacked)) != 0;) {
        text.append(piece.data(), n);
    }
    pclose(unpacked);
    for (std::size_t start = 0; start < text.size();) {
        const std::size_t end = std::min(text.find('\n', start), text.size());
        steps.push_back(ordered_json::parse(text.begin() + static_cast<std::ptrdiff_t>(start),
                                            text.begin() + static_cast<std::ptrdiff_t>(end)));
        start = end + 1;
    }
    return steps;
}

std::int64_t time_of(const ordered_json& step) {
    if (step["arg"].is_object() && step["arg"].contains("ts")) {
        return step["arg"]["ts"].get<std::int64_t>();
    }
    std::int64_t latest = 0;
    for (const auto& each : step["before"]["peers"].items()) {
        latest = std::max(latest, each.value().value("ts", std::int64_t{0}));
    }
    return latest;
}

std::string written(const ordered_json& step, const std::set<std::string>& leaves,
                    const ordered_json& ours) {
    std::string text = step["ev"].get<std::string>() + ' ' + step["arg"].dump() + "\nbefore " +
                       step["before"].dump() + "\nreference " + step["after"].dump() + "\nours " +
                       ours.dump() + "\ndiffers:";
    for (const std::string& leaf : leaves) {
        text += ' ' + leaf;
    }
    return text;
}

// Applies the step; counts the rules that explain what differs, and fails where none does.
bool check_step(machine& m, const ordered_json& step, std::map<std::string, int>& deviations) {
    machine_loader::apply(m, step["ev"], step["arg"]);
    const ordered_json ours = machine_loader::show(m);
    const std::set<std::string> leaves = differing(step["after"], ours);
    if (leaves.empty()) {
        return true;
    }
    const std::set<std::string> rules = explained(step, leaves);
    EXPECT_FALSE(rules.empty()) << written(step, leaves, ours);
    for (const std::string& rule : rules) {
        ++deviations[rule];
    }
    return false;
}

TEST(EbtGolden, EveryStepOfTheReference) {
    const std::vector<ordered_json> steps = steps_of(vectors_folder() / "golden-steps.jsonl.gz");
    if (steps.empty()) {
        GTEST_SKIP() << "there are no vectors: ebt/golden-steps.jsonl.gz, or no zcat";
    }
    EXPECT_EQ(steps.size(), 2051U);
    std::map<std::string, int> deviations;
    std::size_t equal = 0;
    silent_host host;
    for (const ordered_json& step : steps) {
        const auto m = machine_loader::load(host, step["before"], time_of(step));
        ASSERT_EQ(differing(step["before"], machine_loader::show(*m)), std::set<std::string>());
        equal += check_step(*m, step, deviations) ? 1U : 0U;
    }
    for (const auto& [rule, count] : deviations) {
        std::printf("%4d steps by rule: %s\n", count, rule.c_str());
    }
    std::printf("%4zu steps equal, of %zu\n", equal, steps.size());
    EXPECT_GE(equal, 1990U);
}

// One machine for each node, from the beginning: what it knows beyond the state that the reference
// shows must not lead it elsewhere. Where it has deviated it is put back to the trace's state.
TEST(EbtGolden, EveryTraceOfTheReference) {
    if (!std::filesystem::exists(vectors_folder() / "golden")) {
        GTEST_SKIP() << "there are no vectors: ebt/golden";
    }
    std::map<std::string, int> deviations;
    std::size_t equal = 0;
    std::size_t count = 0;
    std::size_t reloads = 0;
    std::size_t files = 0;
    for (const auto& file : std::filesystem::directory_iterator(vectors_folder() / "golden")) {
        ++files;
        silent_host host;
        std::map<std::string, std::unique_ptr<machine>> nodes;
        for (const ordered_json& step : steps_of(file.path())) {
            const ordered_json node = step.value("node", ordered_json());
            const std::string name = node.is_null() ? std::string() : node.get<std::string>();
            std::unique_ptr<machine>& m = nodes[name];
            if (m == nullptr || !machine_loader::follow(*m, step["before"]) ||
                !differing(step["before"], machine_loader::show(*m)).empty()) {
                m = machine_loader::load(host, step["before"], time_of(step));
                ++reloads;
            }
            ++count;
            equal += check_step(*m, step, deviations) ? 1U : 0U;
        }
    }
    for (const auto& [rule, times] : deviations) {
        std::printf("%4d steps by rule: %s\n", times, rule.c_str());
    }
    std::printf("%4zu steps equal, of %zu in %zu traces; %zu states loaded\n", equal, count, files,
                reloads);
    EXPECT_EQ(files, 68U);
    EXPECT_GE(equal * 100, count * 97);
    EXPECT_LE(reloads * 10, count);
}

}  // namespace
}  // namespace rhumb::overlay::ebt
