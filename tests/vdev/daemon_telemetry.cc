// The same figures on DPDK's telemetry socket.
#include <sys/socket.h>
#include <sys/un.h>

#include <cstring>

#include "tests/vdev/daemon_fixture.hh"

namespace rhumb::test {
namespace {

using nlohmann::json;

// dpdk-telemetry.py's protocol: a packet for every question and every answer.
class telemetry_client {
public:
    explicit telemetry_client(const std::filesystem::path& path)
        : fd_(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0)) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
        timeval limit{10, 0};
        ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
        EXPECT_EQ(::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0)
            << path << ": " << std::strerror(errno);
        greeting_ = receive();
    }
    telemetry_client(const telemetry_client&) = delete;
    telemetry_client& operator=(const telemetry_client&) = delete;
    ~telemetry_client() { ::close(fd_); }

    [[nodiscard]] const json& greeting() const { return greeting_; }
    // What stands under the command's name in the answer.
    [[nodiscard]] json ask(const std::string& command, const std::string& parameter = "") const {
        const std::string text = parameter.empty() ? command : command + ',' + parameter;
        EXPECT_EQ(::send(fd_, text.data(), text.size(), MSG_NOSIGNAL),
                  static_cast<ssize_t>(text.size()));
        const json answer = receive();
        return answer.is_object() ? answer.value(command, json()) : json();
    }

private:
    [[nodiscard]] json receive() const {
        std::string bytes(65536, '\0');
        const ssize_t n = ::recv(fd_, bytes.data(), bytes.size(), 0);
        bytes.resize(static_cast<std::size_t>(std::max<ssize_t>(n, 0)));
        return json::parse(bytes, nullptr, false);
    }
    int fd_;
    json greeting_;
};

class rhumbd_telemetry : public rhumbd {
protected:
    // DPDK puts its socket below XDG_RUNTIME_DIR, but root's below /var/run.
    [[nodiscard]] daemon_options options() const {
        daemon_options made;
        made.environment = {{"XDG_RUNTIME_DIR", folder_.path()}};
        return made;
    }
    [[nodiscard]] telemetry_client connect_telemetry() const {
        const std::filesystem::path folder =
            ::geteuid() == 0 ? std::filesystem::path("/var/run") : folder_.path();
        return telemetry_client(folder / "dpdk" / ("rhumb-" + name_) / "dpdk_telemetry.v2");
    }
    // Waits until each worker polls: by then it has looked for interrupts.
    static void expect_workers_run(daemon& router, std::size_t workers) {
        const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(20);
        for (std::size_t running = 0; running < workers;) {
            ASSERT_LT(std::chrono::steady_clock::now(), until);
            const json shown = router.ask("show", {{"what", "workers"}});
            running = 0;
            for (const auto& row : shown["rows"]) {
                running += row.value("rounds", 0) > 0 ? 1U : 0U;
            }
        }
    }
};

TEST_F(rhumbd_telemetry, answers_from_the_control_thread) {
    parts of;
    of.west = capture(0, "west");
    write_config(of);
    std::vector<packet_bytes> list = frames(way::west_to_east, 10, false);
    list.push_back(
        packet("eth 02:00:00:00:09:01 > 02:00:00:00:01:01 | mpls 16009 | ipv4 1.1.1.1 > 2.2.2.2"));
    folder_.write("west-in.pcap", as_capture(list));
    const auto router = start(options());
    expect_received(*router, "west", list.size());

    const telemetry_client client = connect_telemetry();
    // A worker counts a burst just after it has sent it.
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    const auto counted = [&](const std::string& command, const char* key) {
        const json answer = client.ask(command);
        return answer.is_object() ? answer.value(key, 0) : 0;
    };
    while ((counted("/rhumb/ports", "east/tx_packets") < 10 ||
            counted("/rhumb/nexthops", "e/packets") < 10 ||
            counted("/rhumb/drops", "unknown_label/dropped") < 1) &&
           std::chrono::steady_clock::now() < until) {
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    EXPECT_EQ(client.greeting().value("pid", 0), router->pid());
    const json commands = client.ask("/");
    for (const char* command : {"/rhumb/version", "/rhumb/ports", "/rhumb/label", "/rhumb/prefix",
                                "/rhumb/nexthops", "/rhumb/drops", "/rhumb/workers"}) {
        EXPECT_NE(std::find(commands.begin(), commands.end(), command), commands.end()) << command;
    }
    const json version = client.ask("/rhumb/version");
    EXPECT_EQ(version.value("name", ""), name_) << version;
    EXPECT_EQ(version.value("labels", 0), 2) << version;
    const json ports = client.ask("/rhumb/ports");
    EXPECT_EQ(ports.value("west/rx_packets", 0), 11) << ports;
    EXPECT_EQ(ports.value("east/tx_packets", 0), 10) << ports;
    const json west = client.ask("/rhumb/ports", "west");
    EXPECT_EQ(west.value("west/drops", 0), 1) << west;
    EXPECT_FALSE(west.contains("east/drops")) << west;
    EXPECT_EQ(client.ask("/rhumb/label", "16001").value("packets", 0), 10);
    EXPECT_EQ(client.ask("/rhumb/nexthops", "e").value("e/packets", 0), 10);
    EXPECT_TRUE(client.ask("/rhumb/prefix", "10.2.0.0/16").contains("packets"));
    EXPECT_EQ(client.ask("/rhumb/drops").value("unknown_label/dropped", 0), 1)
        << client.ask("/rhumb/drops");
    EXPECT_TRUE(client.ask("/rhumb/workers").contains("0/rounds"));
    // What is refused is null, and the connection goes on.
    for (const char* wrong : {"x", "99999999", "-1"}) {
        EXPECT_TRUE(client.ask("/rhumb/label", wrong).is_null()) << wrong;
    }
    EXPECT_TRUE(client.ask("/rhumb/label").is_null());
    EXPECT_TRUE(client.ask("/rhumb/version").contains("name"));
    expect_clean_end(*router);
}

// Workers hush ethdev while they look for interrupts, and put its level back: at notice it tells of
// a parameter too many, at error it does not.
TEST_F(rhumbd_telemetry, ethdev_keeps_its_log_level) {
    for (const char* level : {"notice", "error"}) {
        parts of;
        of.runtime = "workers = 2\neal = [\"--log-level=lib.ethdev:" + std::string(level) + "\"]\n";
        write_config(of);
        daemon_options with = options();
        with.log = std::string(level) + ".log";
        const auto router = start(with);
        expect_workers_run(*router, 2);
        const telemetry_client client = connect_telemetry();
        EXPECT_TRUE(client.ask("/ethdev/link_status", "0,more").is_object());
        EXPECT_EQ(router->log().find("Extra parameters") != std::string::npos,
                  level == std::string("notice"))
            << router->log();
        expect_clean_end(*router);
    }
}

}  // namespace
}  // namespace rhumb::test
