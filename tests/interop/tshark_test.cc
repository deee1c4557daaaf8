// An independent eye: tshark reads the captures that rhumbd wrote for some of tests/cases, and what
// it finds in every header is what the case says in its text. Skipped where there is no tshark.
#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <sstream>

#include "tests/vdev/playback.hh"

namespace rhumb::test {
namespace {

constexpr int exit_skipped = 77;

// The columns that tshark is asked for. A field that a packet has several times has its values with
// commas between them, outermost first.
struct seen {
    std::string eth_dst;
    std::string vlan;
    std::string labels;
    std::string tc;
    std::string bottom;
    std::string mpls_ttl;
    std::string ip_dst;
    std::string ip_ttl;
    std::string ip_checksum;   // 1: good
    std::string udp_checksum;  // 1: good
    std::string malformed;

    friend bool operator==(const seen&, const seen&) = default;
    friend std::ostream& operator<<(std::ostream& out, const seen& s) {
        return out << "\n  to " << s.eth_dst << " vlan " << s.vlan << "\n  labels " << s.labels
                   << " tc " << s.tc << " bottom " << s.bottom << " ttl " << s.mpls_ttl
                   << "\n  IP to " << s.ip_dst << " ttl " << s.ip_ttl << " checksum "
                   << s.ip_checksum << " UDP checksum " << s.udp_checksum << " malformed \""
                   << s.malformed << '"';
    }
};
constexpr const char* fields =
    "-e eth.dst -e vlan.id -e mpls.label -e mpls.exp -e mpls.bottom -e mpls.ttl -e ip.dst "
    "-e ipv6.dst -e ip.ttl -e ipv6.hlim -e ip.checksum.status -e udp.checksum.status "
    "-e _ws.malformed";

struct closer {
    void operator()(std::FILE* pipe) const noexcept { (void)::pclose(pipe); }
};

// The output's lines.
std::vector<std::string> lines_of(const std::string& command) {
    const std::unique_ptr<std::FILE, closer> pipe(::popen(command.c_str(), "re"));
    std::string text;
    std::array<char, 4096> part{};
    for (std::size_t n = 1; pipe && n != 0;) {
        n = std::fread(part.data(), 1, part.size(), pipe.get());
        text.append(part.data(), n);
    }
    std::vector<std::string> lines;
    std::istringstream stream(text);
    for (std::string line; std::getline(stream, line);) {
        lines.push_back(line);
    }
    return lines;
}

// Newer tsharks write True and False.
std::string as_bits(std::string text) {
    for (const auto& [word, bit] : {std::pair{"True", "1"}, {"False", "0"}}) {
        for (std::size_t at = 0; (at = text.find(word)) != std::string::npos;) {
            text.replace(at, std::string(word).size(), bit);
        }
    }
    return text;
}

std::vector<seen> decode(const std::filesystem::path& capture) {
    std::vector<seen> list;
    for (const std::string& line :
         lines_of("tshark -n -r '" + capture.string() +
                  "' -o ip.check_checksum:TRUE -o udp.check_checksum:TRUE -T fields " + fields +
                  " 2>'" + capture.string() + ".log'")) {
        std::array<std::string, 13> column;
        std::istringstream stream(line);
        for (std::string& one : column) {
            std::getline(stream, one, '\t');
        }
        seen s;
        s.eth_dst = column[0];
        s.vlan = column[1];
        s.labels = column[2];
        s.tc = column[3];
        s.bottom = as_bits(column[4]);
        s.mpls_ttl = column[5];
        s.ip_dst = column[6] + column[7];
        s.ip_ttl = column[8] + column[9];
        s.ip_checksum = column[10];
        s.udp_checksum = column[11];
        s.malformed = column[12];
        list.push_back(s);
    }
    return list;
}

// A case, and what tshark is to see leaving a port because of it.
struct expectation {
    const char* file;
    const char* name;
    const char* port;
    std::vector<seen> frames;
};

void PrintTo(const expectation& one, std::ostream* out) { *out << one.file << ": " << one.name; }

constexpr const char* r2 = "02:00:00:00:02:01";
constexpr const char* r3 = "02:00:00:00:03:01";
constexpr const char* r4 = "02:00:00:00:04:01";

std::vector<expectation> expectations() {
    return {
        {"example",
         "CONTINUE on the node SID of r2",
         "east",
         {{r2, "", "16002", "0", "1", "63", "10.2.0.1", "64", "1", "1", ""}}},
        {"example",
         "NEXT on our own node SID at the bottom looks up the IP packet",
         "west",
         {{r3, "", "", "", "", "", "10.3.0.1", "63", "1", "1", ""}}},
        {"example",
         "the binding SID is replaced by its list",
         "west",
         {{r3, "", "16003,16002,16009", "0,0,0", "0,0,1", "63,63,63", "10.2.0.1", "64", "1", "1",
           ""}}},
        {"example",
         "a prefix with segments is where the path starts",
         "east",
         {{r2, "", "16002,15001", "0,0", "0,1", "63,63", "10.2.0.1", "63", "1", "1", ""}}},
        {"operations",
         "CONTINUE to explicit null before the last hop",
         "east",
         {{r2, "", "0", "5", "1", "63", "10.3.0.1", "64", "1", "1", ""},
          {r2, "", "2", "5", "1", "63", "2001:db8:3::1", "64", "", "1", ""}}},
        {"operations",
         "PUSH over IP sets it on the deepest label, and on that alone",
         "west",
         {{r3, "", "16003,16004", "0,0", "0,1", "63,63", "10.3.0.1", "63", "1", "1", ""},
          {r3, "", "16003", "0", "1", "63", "2001:db8:3::1", "63", "", "1", ""}}},
        {"push-depth",
         "a list of three",
         "west",
         {{r3, "", "16001,16002,16003,500", "0,0,0,0", "0,0,0,1", "63,63,63,63", "10.3.0.1", "64",
           "1", "1", ""},
          {r3, "", "16001,16002,16003", "0,0,0", "0,0,1", "63,63,63", "10.3.0.1", "63", "1", "1",
           ""}}},
        {"ttl-uniform",
         "NEXT gives the IP packet the smaller of the two, and its checksum stays right",
         "west",
         {{r3, "", "", "", "", "", "10.3.0.1", "9", "1", "1", ""},
          {r3, "", "", "", "", "", "10.3.0.1", "10", "1", "1", ""},
          {r3, "", "", "", "", "", "10.3.0.1", "1", "1", "1", ""},
          {r3, "", "", "", "", "", "2001:db8:3::1", "9", "", "1", ""},
          {r3, "", "", "", "", "", "2001:db8:3::1", "10", "", "1", ""}}},
        {"ttl-pipe",
         "PUSH imposes 255 and leaves the inner value",
         "west",
         {{r3, "", "16003,16004,500", "0,0,0", "0,0,1", "255,255,64", "10.3.0.1", "64", "1", "1",
           ""}}},
        {"traffic-class",
         "the start of a path takes it from the IP precedence",
         "west",
         {{r3, "", "16003,16004", "5,5", "0,1", "63,63", "10.2.0.1", "63", "1", "", ""},
          {r3, "", "16003,16004", "1,1", "0,1", "63,63", "10.2.0.1", "63", "1", "", ""},
          {r3, "", "16003,16004", "5,5", "0,1", "63,63", "2001:db8:2::1", "63", "", "", ""},
          {r3, "", "16003,16004", "0,0", "0,1", "63,63", "2001:db8:2::1", "63", "", "", ""}}},
        {"special-labels",
         "an entropy label goes with its indicator: on top, as after a penultimate hop",
         "west",
         {{r3, "", "", "", "", "", "10.3.0.1", "63", "1", "1", ""},
          {r3, "", "16002", "0", "1", "63", "10.3.0.1", "64", "1", "1", ""}}},
        {"frames",
         "a next hop with a VLAN gets a tag, whatever the packet had",
         "west",
         {{r4, "100", "16004", "0", "1", "63", "10.3.0.1", "64", "1", "", ""},
          {r4, "100", "", "", "", "", "10.4.0.1", "63", "1", "", ""},
          {r4, "100", "", "", "", "", "2001:db8:4::1", "63", "", "", ""}}},
        {"ipv4",
         "the TTL goes down and the checksum with it",
         "west",
         {{"02:00:00:00:00:0a", "", "", "", "", "", "10.1.0.1", "254", "1", "", ""},
          {"02:00:00:00:00:0a", "", "", "", "", "", "10.1.0.1", "1", "1", "", ""}}},
    };
}

class tshark : public testing::TestWithParam<expectation> {};

TEST_P(tshark, sees_what_the_case_says) {
    const expectation& want = GetParam();
    std::optional<case_file> file;
    for (const std::string& path : case_paths()) {
        if (std::filesystem::path(path).stem() == want.file) {
            auto loaded = load_case_file(path);
            ASSERT_TRUE(loaded.ok()) << loaded.why().text();
            file = std::move(*loaded);
        }
    }
    ASSERT_TRUE(file) << "there is no case file " << want.file;
    scene one;
    for (const test_case& c : file->cases) {
        if (c.name == want.name) {
            for (const exchange& e : c.exchanges) {
                ASSERT_TRUE(e.before.empty());
                one.exchanges.push_back(&e);
            }
        }
    }
    ASSERT_FALSE(one.exchanges.empty()) << want.file << " has no case \"" << want.name << '"';
    const temporary_folder folder;
    const auto done = play(*file, one, folder);
    ASSERT_TRUE(done.ok()) << done.why().text();
    const auto capture = folder.path() / (std::string(want.port) + "-out.pcap");
    EXPECT_EQ(decode(capture), want.frames) << folder.read(capture.filename().string() + ".log");
}

std::string test_name(const testing::TestParamInfo<expectation>& info) {
    test_case named;
    named.name = std::string(info.param.file) + ' ' + info.param.name;
    return named.slug();
}

INSTANTIATE_TEST_SUITE_P(cases, tshark, testing::ValuesIn(expectations()), test_name);

}  // namespace
}  // namespace rhumb::test

int main(int argc, char** argv) {
    testing::InitGoogleTest(&argc, argv);
    if (rhumb::test::lines_of("tshark --version 2>/dev/null").empty()) {
        std::cout << "there is no tshark here (Debian: apt-get install tshark): skipped\n";
        return rhumb::test::exit_skipped;
    }
    return RUN_ALL_TESTS();
}
