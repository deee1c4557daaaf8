// The packets of a case file through the real daemon: rhumbd on net_pcap ports, with the file's own
// configuration, only that its devices are captures. Threads: one.
//
// What is down when a packet comes is set over the control socket. Where anything is, the captures
// that rhumbd reads are FIFOs, which have nothing but a file header in them until it is set; else
// they are files.
#pragma once

#include <compare>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "controlplane/config/config.hh"
#include "rhumb/result.hh"
#include "tests/support/case_file.hh"
#include "tests/support/daemon.hh"

namespace rhumb::test {

struct part {
    bool is_port = false;  // else a next hop
    std::string name;
    friend auto operator<=>(const part&, const part&) = default;
};

// The packets of a file that meet the router in one state, in the file's order.
struct scene {
    std::set<part> down;
    std::vector<const exchange*> exchanges;

    // "all_up", or "r2_east_down".
    [[nodiscard]] std::string name() const;
};

// A frame in a buffer with other than the usual headroom is nothing that a port can receive.
struct scenes {
    std::vector<scene> list;
    std::size_t left_out = 0;
};
[[nodiscard]] scenes scenes_of(const case_file& file);

struct tally {
    std::uint64_t dropped = 0;
    std::uint64_t punted = 0;
    friend bool operator==(const tally&, const tally&) = default;
};
// By port where they came in, and reason.
using drop_table = std::map<std::pair<std::string, std::string>, tally>;

struct played {
    std::map<std::string, std::vector<packet_bytes>> out;  // what left, by port
    drop_table drops;
    std::string log;
};

// One run of rhumbd. The captures, PORT-out.pcap, stay in the folder.
[[nodiscard]] result<played> play(const case_file& file, const scene& which,
                                  const temporary_folder& folder);

// What the cases want: the frames that are to leave a port, by the port where they came in. Order
// holds among those that came in by one port, and among those of them that the slow path answers.
using expected_frames = std::map<std::string, std::vector<packet_bytes>>;
[[nodiscard]] expected_frames expected_at(const std::string& out_port, const scene& which,
                                          const std::string& punt_port);
[[nodiscard]] drop_table expected_drops(const scene& which);

// Nothing if `got` is the expected lists, merged; else what is wrong, in words.
[[nodiscard]] std::optional<std::string> difference(const expected_frames& expected,
                                                    const std::vector<packet_bytes>& got);

[[nodiscard]] result<config::file> config_of(const case_file& file);

// What rhumbd reads as a port's capture: a file, or a FIFO that has only a file header in it until
// send() puts in the frames and ends it. A worker waits for a FIFO, the control thread does not.
class capture_source {
public:
    enum class kind { file, fifo };
    capture_source(std::filesystem::path path, const std::vector<packet_bytes>& frames, kind what);
    capture_source(capture_source&& other) noexcept;
    capture_source& operator=(capture_source&&) = delete;
    ~capture_source();
    void send();
    // Whether everything has been written so far.
    [[nodiscard]] bool good() const noexcept { return good_; }

private:
    [[nodiscard]] bool put(int fd, std::size_t from, std::size_t to) const;

    std::filesystem::path path_;
    std::string capture_;
    int fd_ = -1;
    bool good_ = false;
};

// Frames as a capture file, and back.
[[nodiscard]] std::string as_capture(const std::vector<packet_bytes>& frames);
[[nodiscard]] result<std::vector<packet_bytes>> frames_of(const std::string& capture);

// The case files of the folder that the environment variable RHUMB_CASES names, else of
// tests/cases, by name.
[[nodiscard]] std::vector<std::string> case_paths();

}  // namespace rhumb::test
