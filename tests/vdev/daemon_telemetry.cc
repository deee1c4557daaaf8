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

TEST_F(rhumbd, telemetry_answers_from_the_control_thread) {
    parts of;
    of.west = capture(0, "west");
    write_config(of);
    std::vector<packet_bytes> list = frames(way::west_to_east, 10, false);
    list.push_back(
        packet("eth 02:00:00:00:09:01 > 02:00:00:00:01:01 | mpls 16009 | ipv4 1.1.1.1 > 2.2.2.2"));
    folder_.write("west-in.pcap", as_capture(list));
    daemon_options options;
    options.environment = {{"XDG_RUNTIME_DIR", folder_.path()}};
    const auto router = start(options);
    expect_received(*router, "west", list.size());

    const std::filesystem::path folder =
        ::geteuid() == 0 ? std::filesystem::path("/var/run") : folder_.path();
    const telemetry_client client(folder / "dpdk" / ("rhumb-" + name_) / "dpdk_telemetry.v2");
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

}  // namespace
}  // namespace rhumb::test
