// rhumbd as a process: exit statuses and messages, users, signals, what it leaves behind.
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <array>
#include <csignal>
#include <cstring>

#include "tests/vdev/daemon_fixture.hh"

namespace rhumb::test {
namespace {

constexpr uid_t nobody = 65534;

bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

class rhumbd_start : public rhumbd {};

TEST_F(rhumbd_start, help_and_version_are_answers) {
    const run_result help = run({"--help"});
    EXPECT_EQ(help.status, 0);
    for (const char* word : {"usage: rhumbd", "--config", "--check", "--until-idle", "SIGHUP"}) {
        EXPECT_TRUE(contains(help.output, word)) << word << " in " << help.output;
    }
    const run_result version = run({"--version"});
    EXPECT_EQ(version.status, 0);
    EXPECT_EQ(version.output, "rhumbd " RHUMB_VERSION "\n");
}

TEST_F(rhumbd_start, wrong_usage_is_2_and_says_what_is_right) {
    write_config({});
    for (const std::vector<std::string>& wrong :
         std::vector<std::vector<std::string>>{{},
                                               {"--config"},
                                               {"--nonsense"},
                                               {"--config", "r.toml", "another.toml"},
                                               {"--config", "r.toml", "--config", "r.toml"},
                                               {"--config", "r.toml", "--until-idle", "soon"},
                                               {"--config", "r.toml", "--until-idle", "-5"},
                                               {"--config", "r.toml", "--trace", "100000"}}) {
        const run_result got = run(wrong);
        EXPECT_EQ(got.status, 2) << got.output;
        EXPECT_TRUE(contains(got.output, "rhumbd: ")) << got.output;
        EXPECT_TRUE(contains(got.output, "usage: rhumbd --config FILE")) << got.output;
    }
}

TEST_F(rhumbd_start, an_unknown_instruction_set_is_refused) {
    write_config({});
    daemon_options options;
    options.environment = {{"RHUMB_ISA", "sse9"}};
    const run_result got = run({"--config", "r.toml", "--check"}, options);
    EXPECT_EQ(got.status, 2);
    EXPECT_EQ(got.output,
              "rhumbd: RHUMB_ISA is \"sse9\": it must be one of portable, aesni, vaes, avx512\n");
}

TEST_F(rhumbd_start, check_needs_no_device) {
    parts of;
    of.west = "0000:ff:1f.7";
    write_config(of);
    const run_result good = run({"--config", "r.toml", "--check"});
    EXPECT_EQ(good.status, 0);
    EXPECT_EQ(good.output, "r.toml: good: 2 ports, 2 next hops, 2 labels, 1 prefixes\n");
}

TEST_F(rhumbd_start, a_bad_file_is_1_with_its_place) {
    for (const bool check : {true, false}) {
        std::vector<std::string> line{"--config", "r.toml"};
        if (check) {
            line.emplace_back("--check");
        }
        folder_.write("r.toml", "[node]\nname = \"x\"\nsgrb = \"16000-16999\"\n");
        run_result bad = run(line);
        EXPECT_EQ(bad.status, 1);
        EXPECT_TRUE(contains(bad.output, "rhumbd: r.toml:3:1: ")) << bad.output;
        EXPECT_TRUE(contains(bad.output, "sgrb")) << bad.output;

        // What only the tables find: a name that dangles.
        parts of;
        of.more = "[[labels]]\nlabel = 16005\nop = \"pop\"\nvia = \"nowhere\"\n";
        write_config(of);
        bad = run(line);
        EXPECT_EQ(bad.status, 1);
        EXPECT_TRUE(contains(bad.output, "rhumbd: r.toml:")) << bad.output;
        EXPECT_TRUE(contains(bad.output, "nowhere")) << bad.output;

        line[1] = "missing.toml";
        bad = run(line);
        EXPECT_EQ(bad.status, 1);
        EXPECT_TRUE(contains(bad.output, "missing.toml: ")) << bad.output;
        EXPECT_TRUE(contains(bad.output, "No such file")) << bad.output;
    }
}

TEST_F(rhumbd_start, a_device_that_is_not_there_is_1_with_the_ports_place) {
    for (const std::string& device : {capture(0, "missing"), std::string("net_nonsense0"),
                                      std::string("net_af_packet0,iface=rhumb-none")}) {
        parts of;
        of.east = device;
        write_config(of);
        const run_result bad = run({"--config", "r.toml"});
        EXPECT_EQ(bad.status, 1) << bad.output;
        EXPECT_TRUE(contains(bad.output, "rhumbd: r.toml:9:10: port \"east\": device \"" + device +
                                             "\" cannot be opened"))
            << bad.output;
        EXPECT_FALSE(exists("r.sock"));
    }
}

TEST_F(rhumbd_start, a_socket_that_cannot_be_made_is_1) {
    parts of;
    write_config(of);
    std::filesystem::create_directory(folder_.path() / "r.sock");
    const run_result bad = run({"--config", "r.toml"});
    EXPECT_EQ(bad.status, 1);
    EXPECT_TRUE(contains(bad.output, "control socket r.sock: ")) << bad.output;
}

TEST_F(rhumbd_start, until_idle_ends_by_itself_with_whole_captures) {
    constexpr unsigned count = 3000;
    parts of;
    of.west = capture(0, "west");
    of.east = capture(1, "east");
    write_config(of);
    folder_.write("west-in.pcap", as_capture(frames(way::west_to_east, count, false)));
    folder_.write("east-in.pcap", as_capture(frames(way::east_to_west, count, false)));
    const run_result done =
        run({"--config", "r.toml", "--until-idle", "5000", "--summary", "--trace", "1"});
    EXPECT_EQ(done.status, 0) << done.output;
    EXPECT_TRUE(contains(done.output, "why=idle")) << done.output;
    EXPECT_TRUE(contains(done.output, "swapped 16001")) << done.output;
    EXPECT_EQ(frames_of(folder_.read("east-out.pcap")).value(),
              frames(way::west_to_east, count, true));
    EXPECT_EQ(frames_of(folder_.read("west-out.pcap")).value(),
              frames(way::east_to_west, count, true));
    EXPECT_FALSE(exists("r.sock"));
}

// DPDK is kept quiet, but the levels that somebody asks for hold: of one of its libraries, of a
// driver that it loads when it starts, and of rhumbd itself.
TEST_F(rhumbd_start, log_levels_are_the_users) {
    const auto log_with = [&](const std::string& eal, const std::vector<std::string>& behind) {
        parts of;
        of.runtime = eal;
        write_config(of);
        std::vector<std::string> line{"--config", "r.toml", "--until-idle", "50", "--"};
        line.insert(line.end(), behind.begin(), behind.end());
        const run_result done = run(line);
        EXPECT_EQ(done.status, 0) << done.output;
        return done.output;
    };
    const std::string library = "EAL: Detected CPU lcores";
    const std::string driver = "Initializing pmd_null";
    const std::string own = "rhumb: forwarding";
    const std::string quiet = log_with("", {});
    EXPECT_FALSE(contains(quiet, library)) << quiet;
    EXPECT_FALSE(contains(quiet, driver)) << quiet;
    EXPECT_TRUE(contains(quiet, own)) << quiet;
    EXPECT_TRUE(contains(log_with("", {"--log-level=lib.eal,info"}), library));
    EXPECT_TRUE(contains(log_with("eal = [\"--log-level=lib.eal:info\"]\n", {}), library));
    EXPECT_TRUE(contains(log_with("", {"--log-level", "pmd.net.null:info"}), driver));
    // What stands behind -- comes later, and holds.
    const std::string hushed = "eal = [\"--log-level=rhumb:error\"]\n";
    EXPECT_FALSE(contains(log_with(hushed, {}), own));
    EXPECT_TRUE(contains(log_with(hushed, {"--log-level=rhumb:notice"}), own));
}

TEST_F(rhumbd_start, signals_end_it_and_nothing_is_left) {
    const auto listing = [](const char* folder) {
        std::set<std::string> names;
        std::error_code none;
        for (const auto& entry : std::filesystem::directory_iterator(folder, none)) {
            names.insert(entry.path());
        }
        return names;
    };
    write_config({});
    const auto huge = listing("/dev/hugepages");
    for (const int signal : {SIGTERM, SIGINT}) {
        const auto router = start();
        EXPECT_TRUE(exists("r.sock"));
        EXPECT_TRUE(router->says("forwarding"));
        router->signal(signal);
        EXPECT_EQ(router->wait(), 0) << router->log();
        EXPECT_TRUE(contains(router->log(), signal == SIGTERM ? "SIGTERM" : "SIGINT"));
        EXPECT_FALSE(exists("r.sock"));
        EXPECT_EQ(listing("/dev/hugepages"), huge);
        EXPECT_EQ(listing(("/var/run/dpdk/rhumb-" + name_).c_str()), std::set<std::string>());
        EXPECT_FALSE(std::filesystem::exists("/var/run/dpdk/rhumb-" + name_));
    }
    const std::set<std::string> left = listing(folder_.path().c_str());
    EXPECT_EQ(left,
              (std::set<std::string>{folder_.path() / "r.toml", folder_.path() / "rhumbd.log"}));
}

TEST_F(rhumbd_start, hangup_reads_the_file_again) {
    write_config({});
    const auto router = start();
    const auto labels = [&] {
        std::vector<int> list;
        const nlohmann::json shown = router->ask("show", {{"what", "labels"}});
        for (const auto& row : shown.value("rows", nlohmann::json::array())) {
            list.push_back(row["label"].get<int>());
        }
        return list;
    };
    EXPECT_EQ(labels(), (std::vector{16001, 16003}));

    parts of;
    of.more = "[[labels]]\nlabel = 16005\nop = \"next\"\n";
    write_config(of);
    router->signal(SIGHUP);
    EXPECT_TRUE(router->says("reloaded"));
    EXPECT_EQ(labels(), (std::vector{16001, 16003, 16005}));

    of.more += "[[labels]]\nlabel = 16005\nop = \"next\"\n";
    write_config(of);
    router->signal(SIGHUP);
    EXPECT_TRUE(router->says("reload refused"));
    EXPECT_TRUE(router->says("r.toml:")) << router->log();
    EXPECT_EQ(labels(), (std::vector{16001, 16003, 16005}));

    // A port is not something that a reload changes.
    of = {};
    of.west = noisy(0);
    write_config(of);
    EXPECT_TRUE(contains(refusal(router->ask("reload")), "restart"));
    EXPECT_EQ(labels(), (std::vector{16001, 16003, 16005}));
    expect_clean_end(*router);
}

TEST_F(rhumbd_start, the_second_of_a_name_refuses_and_the_first_goes_on) {
    write_config({});
    const auto first = start();
    const run_result second = run({"--config", "r.toml"});
    EXPECT_EQ(second.status, 1);
    EXPECT_TRUE(contains(second.output, "control socket r.sock: another process answers there"))
        << second.output;
    EXPECT_TRUE(contains(second.output, "node.name")) << second.output;
    EXPECT_TRUE(exists("r.sock"));
    EXPECT_EQ(first->ask("show", {{"what", "version"}})["rows"][0]["name"], name_);
    expect_clean_end(*first);
}

TEST_F(rhumbd_start, a_socket_that_a_killed_one_left_is_replaced) {
    write_config({});
    {
        const auto first = start();
        first->signal(SIGKILL);
        EXPECT_EQ(first->wait(), 128 + SIGKILL);
    }
    EXPECT_TRUE(exists("r.sock"));
    const auto second = start();
    EXPECT_EQ(second->ask("show", {{"what", "version"}})["rows"][0]["pid"], second->pid());
    expect_clean_end(*second);
}

// As whoever runs the test; for root, as nobody.
TEST_F(rhumbd_start, needs_no_root) {
    daemon_options options;
    if (::geteuid() == 0) {
        ASSERT_EQ(::chown(folder_.path().c_str(), nobody, nobody), 0);
        options.user = nobody;
        // The build folder may be where others cannot look.
        options.program = folder_.path() / "rhumbd";
        std::filesystem::copy_file(rhumbd_path(), options.program);
    }
    options.environment = {{"XDG_RUNTIME_DIR", folder_.path()}};
    parts of;
    of.west = capture(0, "west");
    of.east = capture(1, "east");
    std::string text = config(of);
    const std::string socket_key = "socket = \"r.sock\"\n";  // where it is by default
    text.erase(text.find(socket_key), socket_key.size());
    folder_.write("r.toml", text);
    folder_.write("west-in.pcap", as_capture(frames(way::west_to_east, 10, false)));
    folder_.write("east-in.pcap", as_capture({}));

    daemon router(folder_, {"--config", "r.toml"}, options);
    const std::string socket = "rhumb-" + name_ + ".sock";
    ASSERT_TRUE(router.connect(socket)) << router.log();
    struct stat found{};
    ASSERT_EQ(::stat((folder_.path() / socket).c_str(), &found), 0);
    EXPECT_EQ(found.st_mode & 07777, 0600U);
    EXPECT_EQ(found.st_uid, options.user.value_or(::geteuid()));
    EXPECT_TRUE(exists("dpdk/rhumb-" + name_ + "/dpdk_telemetry.v2"));
    expect_received(router, "west", 10);
    expect_clean_end(router);
    EXPECT_EQ(frames_of(folder_.read("east-out.pcap")).value(),
              frames(way::west_to_east, 10, true));
    EXPECT_FALSE(exists(socket));
    EXPECT_FALSE(exists("dpdk/rhumb-" + name_));
}

// The other end of sd_notify(3): one datagram a change of state.
class service_manager {
public:
    explicit service_manager(const std::filesystem::path& path)
        : fd_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
        timeval limit{10, 0};
        ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
        EXPECT_EQ(::bind(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    }
    service_manager(const service_manager&) = delete;
    service_manager& operator=(const service_manager&) = delete;
    ~service_manager() { ::close(fd_); }

    // The next state, "" if none comes in time.
    [[nodiscard]] std::string next() const {
        std::array<char, 1024> text{};
        const ssize_t n = ::recv(fd_, text.data(), text.size(), 0);
        return {text.data(), static_cast<std::size_t>(std::max<ssize_t>(n, 0))};
    }

private:
    int fd_;
};

TEST_F(rhumbd_start, tells_the_service_manager) {
    write_config({});
    const service_manager manager(folder_.path() / "notify");
    daemon_options options;
    options.environment = {{"NOTIFY_SOCKET", folder_.path() / "notify"}};
    const auto router = start(options);
    EXPECT_TRUE(manager.next().starts_with("READY=1"));
    router->signal(SIGHUP);
    EXPECT_TRUE(manager.next().starts_with("RELOADING=1"));
    EXPECT_TRUE(manager.next().starts_with("READY=1"));
    router->signal(SIGTERM);
    EXPECT_TRUE(manager.next().starts_with("STOPPING=1"));
    EXPECT_EQ(router->wait(), 0);
}

}  // namespace
}  // namespace rhumb::test
