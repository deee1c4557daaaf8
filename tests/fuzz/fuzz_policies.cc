// Any bytes as a file of policies: an error with a position, or policies that a small network can
// work with while its links fail and come back.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <numeric>
#include <string_view>

#include "controlplane/config/policies_file.hh"
#include "controlplane/paths/steering.hh"
#include "tests/unit/policies_rig.hh"

namespace {

using namespace rhumb;

void work_with(const config::resolved_policies& made, test::policies_rig& rig) {
    for (const config::resolved_policy& p : made.policies) {
        for (const paths::candidate_path& c : p.candidates) {
            rig.all->set(p.key, c);
        }
        rig.all->configure(p.key, {p.name, p.priority, p.steer});
    }
    paths::steering at_r1(*rig.all, rig.node("r1"));
    for (const config::resolved_route& r : made.routes) {
        std::vector<paths::route_color> colors;
        for (const config::color_entry& c : r.colors) {
            colors.push_back({c.color, paths::color_only_of(c.only)});
        }
        at_r1.set({r.prefix, r.next_hop, colors});
    }
    (void)at_r1.update(rig.all->update(0).changed);
    (void)at_r1.update(rig.fail("r2", "r3", 1).changed);
    (void)at_r1.update(rig.repair("r2", "r3", 2).changed);
    (void)at_r1.update(rig.all->update(5'000'000).changed);
    if (rig.all->due() < 5'000'000) {
        std::abort();
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const std::vector<std::string> affinities{"red", "blue"};
    const auto file = config::parse_policies(text, "fuzz.toml", affinities);
    if (!file) {
        if (file.why().message.empty() || file.why().where.line == 0) {
            std::abort();
        }
        return 0;
    }
    test::policies_rig rig(std::vector<test::edge>{
        {"r1", "r2"}, {"r2", "r3"}, {"r2", "r3"}, {"r3", "r5"}, {"r1", "r5"}});
    config::diagnostics errors("fuzz.toml", 0);
    const auto made = config::resolve_policies(file.value(), rig.map, rig.node("r1"), errors);
    if (!errors.failed()) {
        work_with(made, rig);
    } else if (errors.why().where.line == 0) {
        std::abort();
    }
    return 0;
}
