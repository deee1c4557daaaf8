// Configuration from files, in a folder of their own: where tables are looked for, and what the
// system refuses.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "controlplane/config/load.hh"
#include "tests/support/temporary_folder.hh"

namespace rhumb::config {
namespace {

class config_load : public testing::Test {
protected:
    [[nodiscard]] std::string path(const std::string& name) const { return folder_.path(name); }
    void write(const std::string& name, const std::string& text) const {
        folder_.write(name, text);
    }
    [[nodiscard]] std::string why(const std::string& name) const {
        const auto made = load(path(name));
        return made.ok() ? "no error" : made.why().text();
    }

    const test::temporary_folder folder_;
};

TEST_F(config_load, the_table_counts_from_the_folder_of_the_file) {
    write("r1.toml", "[node]\ntable = \"labels.csv\"\n[[labels]]\nlabel = 100\nop = \"next\"\n");
    write("labels.csv", "label,op\n101,next\n");
    auto made = load(path("r1.toml"));
    ASSERT_TRUE(made.ok()) << made.why().text();
    EXPECT_EQ(made->files, (std::vector<std::string>{path("r1.toml"), path("labels.csv")}));
    ASSERT_EQ(made->rules.labels.size(), 2U);
    EXPECT_EQ(made->rules.labels[1].label, 101U);
    const position& where = made->rules.labels[1].where;
    EXPECT_EQ(where.line, 2U);
    EXPECT_EQ(where.column, 1U);
    EXPECT_EQ(where.file, 1U);
    EXPECT_EQ(made->node.table_where.line, 2U);
    EXPECT_EQ(made->node.table_where.column, 9U);
}

TEST_F(config_load, an_absolute_table) {
    write("labels.csv", "label,op\n101,next\n");
    auto made = parse("[node]\ntable = \"" + path("labels.csv") + "\"", "x", "/nowhere");
    ASSERT_TRUE(made.ok()) << made.why().text();
    EXPECT_EQ(made->rules.labels.size(), 1U);
}

TEST_F(config_load, errors_in_the_table_name_it) {
    write("r1.toml", "[node]\ntable = \"labels.csv\"\n");
    write("labels.csv", "label,op\n101,nxt\n");
    EXPECT_EQ(why("r1.toml"), path("labels.csv") +
                                  ":2:5: unknown op \"nxt\"; it is one of \"continue\", \"next\", "
                                  "\"pop\" or \"push\"");
}

TEST_F(config_load, unreadable_files) {
    EXPECT_EQ(why("none.toml"),
              path("none.toml") + ": cannot read the configuration: No such file or directory");
    mkdir(path("dir").c_str(), 0700);
    EXPECT_EQ(why("dir"), path("dir") + ": cannot read the configuration: it is a folder");
    const auto made = parse("[node]\ntable = \"none.csv\"\n", "r1.toml", "cfg");
    ASSERT_FALSE(made.ok());
    EXPECT_EQ(made.why().text(),
              "r1.toml:2:9: cannot read the label table \"cfg/none.csv\": "
              "No such file or directory");
}

TEST_F(config_load, too_large_a_file) {
    write("big.toml", "");
    ASSERT_EQ(truncate(path("big.toml").c_str(), (64 << 20) + 1), 0);
    EXPECT_EQ(why("big.toml"),
              path("big.toml") + ": cannot read the configuration: it is larger than 64 MiB");
    write("r1.toml", "[node]\ntable = \"big.csv\"\n");
    write("big.csv", "");
    ASSERT_EQ(truncate(path("big.csv").c_str(), (256 << 20) + 1), 0);
    EXPECT_NE(why("r1.toml").find("it is larger than 256 MiB"), std::string::npos);
}

}  // namespace
}  // namespace rhumb::config
