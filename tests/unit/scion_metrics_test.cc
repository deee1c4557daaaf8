// What Prometheus gets to read.
#include <gtest/gtest.h>

#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "controlplane/scion/metrics.hh"

namespace rhumb::scion {
namespace {

metrics example() {
    metrics values{.isd_as = "1-ff00:0:110", .links = {}, .services = {}, .worker_cores = 4};
    values.links.push_back({});
    values.links.push_back({.kind = link_kind::external,
                            .interface_id = 131,
                            .neighbor_isd_as = "1-ff00:0:111",
                            .sibling = {},
                            .up = false,
                            .bfd = bfd_counts{7, 8, 9}});
    values.links.push_back({.kind = link_kind::sibling,
                            .interface_id = 0,
                            .neighbor_isd_as = {},
                            .sibling = "10.0.0.2:30042",
                            .up = true,
                            .bfd = bfd_counts{1, 2, 3}});
    values.services = {{.name = "CS", .instances = 2, .changes = 5}};
    size_class_counts& counts = values.links[1].sizes[2];
    counts.input = {11, 1100};
    counts.processed = 10;
    counts.output[static_cast<std::size_t>(traffic::br_transit)] = {12, 1200};
    counts.drops[static_cast<std::size_t>(dropped::busy_slow_path)] = 13;
    return values;
}

// How often a line stands in the text.
auto count_of(const std::string& text, const std::string& line) {
    std::istringstream lines(text);
    std::size_t count = 0;
    for (std::string next; std::getline(lines, next);) {
        count += next == line ? 1U : 0U;
    }
    return count;
}

TEST(scion_metrics, sizes_fall_into_classes_by_powers_of_two) {
    EXPECT_EQ(size_class_name(size_class_of(0)), "0_63");
    EXPECT_EQ(size_class_name(size_class_of(63)), "0_63");
    EXPECT_EQ(size_class_name(size_class_of(64)), "64_127");
    EXPECT_EQ(size_class_name(size_class_of(127)), "64_127");
    EXPECT_EQ(size_class_name(size_class_of(1500)), "1024_2047");
    EXPECT_EQ(size_class_name(size_class_of(8192)), "8192_16383");
    EXPECT_EQ(size_class_name(size_class_of(1U << 20)), "8192_16383");
    EXPECT_EQ(size_class_of(~std::size_t{0}), size_classes - 1);
}

TEST(scion_metrics, a_link_has_its_counters_by_size_type_and_reason) {
    const std::string text = exposition(example());
    const std::string link =
        R"({interface="131",isd_as="1-ff00:0:110",neighbor_isd_as="1-ff00:0:111",)"
        R"(sizeclass="128_255")";
    for (const std::string& line : std::vector<std::string>{
             "router_input_pkts_total" + link + "} 11",
             "router_input_bytes_total" + link + "} 1100",
             "router_processed_pkts_total" + link + "} 10",
             "router_output_pkts_total" + link + R"(,type="br_transit"} 12)",
             "router_output_bytes_total" + link + R"(,type="br_transit"} 1200)",
             "router_output_pkts_total" + link + R"(,type="other"} 0)",
             "router_dropped_pkts_total" + link + R"(,reason="busy_slow_path"} 13)",
             "router_dropped_pkts_total" + link + R"(,reason="invalid"} 0)",
         }) {
        EXPECT_EQ(count_of(text, line), 1U) << line;
    }
}

TEST(scion_metrics, every_kind_of_link_has_its_name) {
    const std::string text = exposition(example());
    for (const std::string& line : std::vector<std::string>{
             R"(router_processed_pkts_total{interface="internal",isd_as="1-ff00:0:110",)"
             R"(neighbor_isd_as="1-ff00:0:110",sizeclass="0_63"} 0)",
             R"(router_processed_pkts_total{interface="sibling->10.0.0.2:30042",)"
             R"(isd_as="1-ff00:0:110",neighbor_isd_as="unknown",sizeclass="0_63"} 0)",
         }) {
        EXPECT_EQ(count_of(text, line), 1U) << line;
    }
}

TEST(scion_metrics, liveness_services_and_what_benchmarks_ask_for) {
    const std::string text = exposition(example());
    const std::string link =
        R"({interface="131",isd_as="1-ff00:0:110",neighbor_isd_as="1-ff00:0:111"} )";
    const std::string sibling = R"({isd_as="1-ff00:0:110",sibling="10.0.0.2:30042"} )";
    for (const std::string& line : std::vector<std::string>{
             "router_interface_up" + link + "0",
             "router_bfd_state_changes_total" + link + "7",
             "router_bfd_sent_packets_total" + link + "8",
             "router_bfd_received_packets_total" + link + "9",
             "router_sibling_reachable" + sibling + "1",
             "router_bfd_sibling_state_changes_total" + sibling + "1",
             "router_bfd_sent_sibling_packets_total" + sibling + "2",
             "router_bfd_received_sibling_packets_total" + sibling + "3",
             std::string(R"(router_service_instance_count{isd_as="1-ff00:0:110",service="CS"} 2)"),
             std::string(
                 R"(router_service_instance_changes_total{isd_as="1-ff00:0:110",service="CS"} 5)"),
             std::string("process_runnable_seconds_total 0"),
             std::string("go_sched_maxprocs_threads 4"),
         }) {
        EXPECT_EQ(count_of(text, line), 1U) << line;
    }
}

// The format: a family's HELP, its TYPE, then all of its samples; no sample twice.
TEST(scion_metrics, the_text_is_well_formed) {
    const std::string text = exposition(example());
    ASSERT_TRUE(text.ends_with('\n'));
    const std::regex sample(
        R"re(([a-z_]+)(\{[a-z_]+="[^"\\\n]*"(,[a-z_]+="[^"\\\n]*")*\})? \d+)re");
    std::istringstream lines(text);
    std::map<std::string, std::string> types;
    std::set<std::string> seen;
    std::string family;
    for (std::string line; std::getline(lines, line);) {
        std::smatch parts;
        if (line.starts_with("# HELP ")) {
            family = line.substr(7, line.find(' ', 7) - 7);
            EXPECT_FALSE(types.contains(family)) << family;
        } else if (line.starts_with("# TYPE ")) {
            EXPECT_TRUE(line.starts_with("# TYPE " + family + " ")) << line;
            types[family] = line.substr(line.rfind(' ') + 1);
        } else if (std::regex_match(line, parts, sample)) {
            EXPECT_EQ(parts[1], family);
            EXPECT_TRUE(types.contains(family)) << line;
            EXPECT_TRUE(seen.insert(line.substr(0, line.rfind(' '))).second) << line;
        } else {
            ADD_FAILURE() << line;
        }
    }
    EXPECT_EQ(types.size(), 18U);
    for (const auto& [name, type] : types) {
        EXPECT_EQ(type, name.ends_with("_total") ? "counter" : "gauge") << name;
    }
    EXPECT_EQ(seen.size(), 3 * 9 * (2 + 1 + 2 * 6 + 4) + 4 + 4 + 2 + 2);
}

TEST(scion_metrics, a_family_without_samples_is_not_there) {
    EXPECT_EQ(exposition({}).find("router_"), std::string::npos);
    metrics values = example();
    values.links[1].bfd = std::nullopt;
    values.links.resize(2);
    const std::string text = exposition(values);
    EXPECT_EQ(text.find("router_bfd_"), std::string::npos);
    EXPECT_EQ(text.find("router_sibling_"), std::string::npos);
    EXPECT_NE(text.find("router_interface_up"), std::string::npos);
}

TEST(scion_metrics, what_would_end_a_label_is_escaped) {
    metrics values;
    values.isd_as = "1-1";
    values.services = {{.name = "a\"b\\c\nd", .instances = ~std::uint64_t{0}, .changes = 0}};
    EXPECT_EQ(count_of(exposition(values),
                       R"(router_service_instance_count{isd_as="1-1",service="a\"b\\c\nd"} )"
                       "18446744073709551615"),
              1U);
}

}  // namespace
}  // namespace rhumb::scion
