// Changes to a running router over the control socket: whole or not at all, alone and many
// together.
#include "tests/vdev/daemon_control.hh"

namespace rhumb::test {
namespace {

using nlohmann::json;
using namespace nlohmann::literals;

TEST_F(rhumbd_control, apply_is_all_or_nothing) {
    write_config({});
    const auto router = start();
    const auto before = rows(*router, {{"what", "version"}})[0]["generation"].get<int>();
    const json done =
        router->ask("apply", {{"toml",
                               "[nexthops.n]\nport = \"west\"\nmac = \"02:00:00:00:04:01\"\n"
                               "[[labels]]\nlabel = 15001\nop = \"pop\"\nvia = [\"n\", \"w\"]\n"
                               "[[prefixes]]\nmatch = \"2001:db8::/32\"\nsegments = [16009]\nvia = "
                               "\"n\"\n[remove]\nlabels = [16003]\n"}});
    EXPECT_GT(done.value("generation", 0), before) << done;
    const auto labels = [&] {
        std::set<int> list;
        const json shown = rows(*router, {{"what", "labels"}});
        for (const auto& row : shown) {
            list.insert(row["label"].get<int>());
        }
        return list;
    };
    EXPECT_EQ(labels(), (std::set{15001, 16001}));
    EXPECT_EQ(rows(*router, {{"what", "prefixes"}}).size(), 2U);

    // The second rule is wrong, so the first does not come either.
    const json bad =
        router->ask("apply", {{"toml",
                               "[[labels]]\nlabel = 15002\nop = \"next\"\n"
                               "[[labels]]\nlabel = 15003\nop = \"pop\"\nvia = \"nowhere\"\n"}});
    EXPECT_NE(refusal(bad).find("nowhere"), std::string::npos) << bad;
    EXPECT_EQ(labels(), (std::set{15001, 16001}));

    for (const char* toml : {"[[labels]]\nlabel = ", "[node]\nname = \"x\"\n",
                             "[remove]\nlabels = [17000]\n", "[remove]\nnexthops = [\"e\"]\n"}) {
        EXPECT_NE(refusal(router->ask("apply", {{"toml", toml}})), "") << toml;
    }
    const json unfinished = router->ask("apply", {{"toml", "[[labels]]\nlabel = 15001\nop = "}});
    EXPECT_EQ(unfinished.value("/error/line"_json_pointer, 0), 3) << unfinished;
    EXPECT_GT(unfinished.value("/error/column"_json_pointer, 0), 0) << unfinished;
    EXPECT_NE(refusal(router->ask("apply", {{"toml", 7}})), "");
    EXPECT_NE(refusal(router->ask("apply")), "");
    EXPECT_EQ(labels(), (std::set{15001, 16001}));

    // A reload replaces it all by what the file says.
    EXPECT_TRUE(router->ask("reload").contains("generation"));
    EXPECT_EQ(labels(), (std::set{16001, 16003}));
    expect_clean_end(*router);
}

TEST_F(rhumbd_control, apply_takes_a_table_of_labels) {
    write_config({});
    const auto router = start();
    const auto apply = [&](const std::string& csv) {
        return router->ask("apply", {{"labels_csv", csv}});
    };
    EXPECT_TRUE(
        apply("label,op,out,via\n16005,continue,16006,e\n16003,next,,\n").contains("generation"));
    EXPECT_EQ(rows(*router, {{"what", "labels"}, {"label", 16005}})[0]["out"], 16006);
    EXPECT_EQ(rows(*router, {{"what", "labels"}, {"label", 16003}})[0]["op"], "next");

    json answer = apply("label,op,out,via\n16007,continue,16006,e\n16008,continue,x,e\n");
    EXPECT_EQ(answer["error"]["file"], "labels_csv") << answer;
    EXPECT_EQ(answer["error"]["line"], 3) << answer;
    EXPECT_EQ(answer["error"]["column"], 16) << answer;
    EXPECT_EQ(refusal(apply("label,op,out,via\n16009,continue,16006,nobody\n")),
              "label 16009 goes via \"nobody\", which is no next hop");
    EXPECT_TRUE(rows(*router, {{"what", "labels"}, {"label", "16007-16009"}}).empty());
    for (const json& params : {json::object(), json{{"toml", ""}, {"labels_csv", ""}}}) {
        EXPECT_EQ(refusal(router->ask("apply", params)), "params has either toml or labels_csv");
    }
}

// Changes that come in one piece share a version of the tables; each is answered when it is in
// force, and what comes behind it sees it.
TEST_F(rhumbd_control, changes_that_come_together_are_published_together) {
    write_config({});
    const auto router = start();
    auto c = connect();
    const auto generation = [&] {
        return rows(*router, {{"what", "version"}})[0]["generation"].get<std::uint64_t>();
    };
    const std::uint64_t before = generation();
    std::string lines;
    constexpr unsigned changes = 500;
    for (unsigned n = 0; n < changes; ++n) {
        const std::string csv =
            "label,op,out,via\n" + std::to_string(16100 + n) + ",continue,16006,e\n";
        lines +=
            json{{"id", n}, {"method", "apply"}, {"params", {{"labels_csv", csv}}}}.dump() + '\n';
    }
    lines += R"({"id":"hop","method":"apply","params":{"toml":"[nexthops.n]\nport = \"east\"\n)"
             R"(mac = \"02:00:00:00:02:02\""}})"
             "\n"
             R"({"id":"down","method":"nexthop","params":{"name":"n","up":false}})"
             "\n";
    ASSERT_TRUE(c.send(lines));
    for (unsigned n = 0; n < changes; ++n) {
        const json answer = c.message();
        ASSERT_EQ(answer["id"], n) << answer;
        ASSERT_GT(answer["result"]["generation"], before) << answer;
    }
    EXPECT_TRUE(c.message().contains("result"));
    EXPECT_TRUE(c.message().contains("result"));
    EXPECT_EQ(rows(*router, {{"what", "labels"}, {"label", "16100-16599"}}).size(), changes);
    EXPECT_EQ(rows(*router, {{"what", "nexthops"}, {"nexthop", "n"}})[0]["up"], false);
    EXPECT_LT(generation(), before + changes / 2);
}

}  // namespace
}  // namespace rhumb::test
