#include "tests/vdev/playback.hh"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <thread>

#include "controlplane/config/load.hh"
#include "tools/packets/pcap_file.hh"

namespace rhumb::test {

using namespace std::chrono_literals;
using clock = std::chrono::steady_clock;

namespace {

constexpr std::size_t capture_header_bytes = 24;
constexpr int fifo_bytes = 1 << 20;  // what an unprivileged process may ask for

error in_run(const case_file& file, std::string what) {
    return {std::move(what), {file.path, 0, 0}};
}

std::string in_name(const config::port& port) { return port.name + "-in.pcap"; }
std::string out_name(const config::port& port) { return port.name + "-out.pcap"; }

bool replace_once(std::string& text, const std::string& from, const std::string& to) {
    const std::size_t at = text.find(from);
    if (at == std::string::npos || text.find(from, at + 1) != std::string::npos) {
        return false;
    }
    text.replace(at, from.size(), to);
    return true;
}

// The file's configuration with captures as devices, a name and a control socket of its own.
result<std::string> replay_config(const case_file& file, const config::file& parsed) {
    std::string text = file.config;
    const std::string name = "replay-" + std::to_string(::getpid());
    bool done = replace_once(text, "name = \"" + parsed.node.name + '"', "name = \"" + name + '"');
    for (std::size_t n = 0; n < parsed.ports.size(); ++n) {
        const config::port& port = parsed.ports[n];
        done = done && replace_once(text, '"' + port.device + '"',
                                    "\"net_pcap" + std::to_string(n) + ",rx_pcap=" + in_name(port) +
                                        ",tx_pcap=" + out_name(port) + '"');
    }
    if (!done || text.find("[runtime]") != std::string::npos) {
        return in_run(file,
                      "the configuration cannot be replayed: it needs a node.name, devices "
                      "that differ, and no [runtime]");
    }
    return text + "\n[runtime]\nsocket = \"r.sock\"\n";
}

// Waits until everything has come in and nothing more goes out. What the slow path answers counts
// twice, as a frame that was handed over and as one that left.
bool all_is_through(daemon& router, std::uint64_t frames, std::uint64_t answers) {
    std::uint64_t last_out = 0;
    for (const auto until = clock::now() + 20s; clock::now() < until;) {
        std::uint64_t in = 0;
        std::uint64_t out = 0;
        const nlohmann::json shown = router.ask("show", {{"what", "ports"}});
        if (!shown.contains("rows")) {
            return false;
        }
        for (const auto& row : shown["rows"]) {
            in += row["rx_packets"].get<std::uint64_t>();
            out += row["tx_packets"].get<std::uint64_t>() + row["drops"].get<std::uint64_t>() +
                   row["punts"].get<std::uint64_t>();
        }
        if (in == frames && out >= frames + answers && out == last_out) {
            return true;
        }
        last_out = out;
        std::this_thread::sleep_for(5ms);
    }
    return false;
}

drop_table drops_of(daemon& router) {
    drop_table drops;
    const nlohmann::json shown = router.ask("show", {{"what", "drops"}});
    for (const auto& row : shown.value("rows", nlohmann::json::array())) {
        drops[{row["port"], row["reason"]}] = {row["dropped"], row["punted"]};
    }
    return drops;
}

}  // namespace

capture_source::capture_source(std::filesystem::path path, const std::vector<packet_bytes>& frames,
                               kind what)
    : path_(std::move(path)), capture_(as_capture(frames)) {
    if (what == kind::file) {
        const int fd = ::open(path_.c_str(), O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0644);
        good_ = put(fd, 0, capture_.size());
        ::close(fd);
        return;
    }
    // Read and write, so that opening does not wait for the other side.
    good_ = ::mkfifo(path_.c_str(), 0600) == 0;
    fd_ = ::open(path_.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC);
    good_ = good_ && ::fcntl(fd_, F_SETPIPE_SZ, fifo_bytes) >= static_cast<int>(capture_.size()) &&
            put(fd_, 0, capture_header_bytes);
}

capture_source::capture_source(capture_source&& other) noexcept
    : path_(std::move(other.path_)),
      capture_(std::move(other.capture_)),
      fd_(std::exchange(other.fd_, -1)),
      good_(other.good_) {}

capture_source::~capture_source() {
    if (fd_ >= 0) {
        ::close(fd_);
    }
}

void capture_source::send() {
    if (fd_ >= 0) {
        good_ = good_ && put(fd_, capture_header_bytes, capture_.size());
        ::close(std::exchange(fd_, -1));
    }
}

bool capture_source::put(int fd, std::size_t from, std::size_t to) const {
    return ::write(fd, capture_.data() + from, to - from) == static_cast<ssize_t>(to - from);
}

std::string scene::name() const {
    if (down.empty()) {
        return "all_up";
    }
    std::string text;
    for (const part& one : down) {
        text += one.name + '_';
    }
    std::replace_if(
        text.begin(), text.end(), [](unsigned char c) { return std::isalnum(c) == 0; }, '_');
    return text + "down";
}

scenes scenes_of(const case_file& file) {
    scenes made;
    std::map<std::set<part>, std::size_t> known;
    for (const test_case& one : file.cases) {
        if (one.headroom != test_case{}.headroom) {
            made.left_out += one.exchanges.size();
            continue;
        }
        if (!one.without_daemon.empty()) {
            continue;
        }
        std::set<part> down;
        for (const exchange& e : one.exchanges) {
            for (const state_change& change : e.before) {
                const part changed{change.is_port, change.name};
                if (change.up) {
                    down.erase(changed);
                } else {
                    down.insert(changed);
                }
            }
            const auto [it, fresh] = known.emplace(down, made.list.size());
            if (fresh) {
                made.list.push_back({down, {}});
            }
            made.list[it->second].exchanges.push_back(&e);
        }
    }
    return made;
}

result<config::file> config_of(const case_file& file) {
    return config::parse(file.config, file.path, ".");
}

result<played> play(const case_file& file, const scene& which, const temporary_folder& folder) {
    auto parsed = config_of(file);
    if (!parsed) {
        return parsed.why();
    }
    const auto text = replay_config(file, *parsed);
    if (!text) {
        return text.why();
    }
    folder.write("r.toml", text.value());
    for (const auto& [name, of] : file.files) {
        std::filesystem::create_directories((folder.path() / name).parent_path());
        folder.write(name, of);
    }
    std::map<std::string, std::vector<packet_bytes>> in;
    for (const exchange* e : which.exchanges) {
        in[e->in_port].push_back(e->in);
    }
    const auto kind = which.down.empty() ? capture_source::kind::file : capture_source::kind::fifo;
    std::vector<capture_source> sources;
    for (const config::port& port : parsed->ports) {
        sources.emplace_back(folder.path() / in_name(port), in[port.name], kind);
    }
    daemon router(folder, {"--config", "r.toml"});
    if (!router.connect("r.sock")) {
        return in_run(file, "rhumbd did not start: " + router.log());
    }
    for (const part& one : which.down) {
        const auto done =
            router.ask(one.is_port ? "port" : "nexthop", {{"name", one.name}, {"up", false}});
        if (done != nlohmann::json::object()) {
            return in_run(file, one.name + " cannot be taken down: " + done.dump());
        }
    }
    bool good = true;
    for (capture_source& one : sources) {
        one.send();
        good = good && one.good();
    }
    if (!good) {
        return in_run(file, std::string("the packets cannot be written: ") + std::strerror(errno));
    }
    const auto answers = std::count_if(which.exchanges.begin(), which.exchanges.end(),
                                       [](const exchange* e) { return e->want == fate::answer; });
    if (!all_is_through(router, which.exchanges.size(), static_cast<std::uint64_t>(answers))) {
        return in_run(file, "rhumbd did not deal with all packets: " +
                                router.ask("show", {{"what", "ports"}}).dump() + router.log());
    }
    played made;
    made.drops = drops_of(router);
    router.signal(SIGTERM);
    if (const int status = router.wait(); status != 0) {
        return in_run(file, "rhumbd ended with " + std::to_string(status) + ": " + router.log());
    }
    for (const config::port& port : parsed->ports) {
        auto frames = frames_of(folder.read(out_name(port)));
        if (!frames) {
            return in_run(file, out_name(port) + ": " + frames.why().text());
        }
        made.out[port.name] = std::move(*frames);
    }
    made.log = router.log();
    return made;
}

expected_frames expected_at(const std::string& out_port, const scene& which,
                            const std::string& punt_port) {
    expected_frames expected;
    for (const exchange* e : which.exchanges) {
        if (e->want == fate::out && e->out_port == out_port) {
            expected[e->in_port].push_back(e->out);
        }
        if (e->want == fate::answer && e->out_port == out_port) {
            expected[e->in_port + ", slow path"].push_back(e->out);
        }
        if (e->want == fate::punt && punt_port == out_port && e->in_port != punt_port) {
            expected[e->in_port].push_back(e->in);  // as it came in
        }
    }
    return expected;
}

drop_table expected_drops(const scene& which) {
    drop_table expected;
    for (const exchange* e : which.exchanges) {
        if (e->want != fate::out) {
            tally& count = expected[{e->in_port, std::string(text_of(e->reason).name)}];
            ++(e->want == fate::drop ? count.dropped : count.punted);
        }
    }
    return expected;
}

std::optional<std::string> difference(const expected_frames& expected,
                                      const std::vector<packet_bytes>& got) {
    std::vector<const std::vector<packet_bytes>*> lists;
    for (const auto& [port, frames] : expected) {
        lists.push_back(&frames);
    }
    // All the ways in which the frames so far may have been taken from the lists.
    using places = std::vector<std::size_t>;
    std::set<places> ways{places(lists.size(), 0)};
    for (std::size_t n = 0; n < got.size(); ++n) {
        std::set<places> longer;
        for (const places& way : ways) {
            for (std::size_t l = 0; l < lists.size(); ++l) {
                if (way[l] < lists[l]->size() && (*lists[l])[way[l]] == got[n]) {
                    places next = way;
                    ++next[l];
                    longer.insert(std::move(next));
                }
            }
        }
        if (longer.empty()) {
            std::string text = "frame " + std::to_string(n + 1) + " is not expected here\n";
            for (std::size_t l = 0; l < lists.size(); ++l) {
                const std::size_t at = (*ways.begin())[l];
                if (at < lists[l]->size()) {
                    text += packet_difference((*lists[l])[at], got[n]);
                }
            }
            return text + "it is " + describe_packet(got[n]) + '\n';
        }
        ways = std::move(longer);
    }
    for (std::size_t l = 0; l < lists.size(); ++l) {
        const std::size_t at = (*ways.begin())[l];
        if (at < lists[l]->size()) {
            return "missing: " + describe_packet((*lists[l])[at]) + '\n';
        }
    }
    return std::nullopt;
}

std::string as_capture(const std::vector<packet_bytes>& frames) {
    std::vector<packets::captured> list;
    for (const packet_bytes& frame : frames) {
        list.push_back({list.size() * 1000, static_cast<std::uint32_t>(frame.size()), frame});
    }
    const std::vector<byte> bytes = packets::write_pcap(list);
    return {bytes.begin(), bytes.end()};
}

result<std::vector<packet_bytes>> frames_of(const std::string& capture) {
    const auto packets =
        packets::read_pcap({reinterpret_cast<const byte*>(capture.data()), capture.size()});
    if (!packets) {
        return packets.why();
    }
    std::vector<packet_bytes> frames;
    for (const packets::captured& packet : packets.value()) {
        frames.push_back(packet.data);
    }
    return frames;
}

std::vector<std::string> case_paths() {
    const char* const folder = std::getenv("RHUMB_CASES");
    std::vector<std::string> paths;
    for (const auto& entry :
         std::filesystem::directory_iterator(folder != nullptr ? folder : RHUMB_CASES)) {
        if (entry.path().extension() == ".case") {
            paths.push_back(entry.path());
        }
    }
    std::sort(paths.begin(), paths.end());
    return paths;
}

}  // namespace rhumb::test
