// rhumb-packets: packets as text into a capture, and a capture as text.
#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <iostream>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "tests/support/packet_text.hh"
#include "tools/packets/packet_list.hh"
#include "tools/packets/pcap_file.hh"

namespace rhumb::packets {
namespace {

constexpr int exit_failed = 1;
constexpr int exit_usage = 2;

constexpr const char* usage =
    "usage: rhumb-packets to-pcap IN.txt OUT.pcap\n"
    "       rhumb-packets show [--hex] FILE.pcap\n"
    "\n"
    "to-pcap writes packets, one a line of text, as a capture; show writes a capture's packets as\n"
    "such lines, which to-pcap turns into the same packets again, with --hex also their bytes.\n"
    "- is standard input or output.\n"
    "\n"
    "  # a comment\n"
    "  let to-west = eth 02:00:00:00:09:01 > 02:00:00:00:01:01\n"
    "  $to-west | mpls 16002 ttl 64 | ipv4 10.0.0.1 > 10.2.0.1 | udp 1000 > 2000 | data 8\n"
    "\n"
    "tests/support/packet_text.hh describes all elements: eth, vlan, mpls, ipv4, ipv6, udp, tcp,\n"
    "data, payload, hex, trailer, pad, truncate.\n"
    "Exit status: 0 done, 1 a file is bad or cannot be read or written, 2 wrong usage.\n";

constexpr std::uint64_t nanoseconds_between = 1'000'000;  // of the packets of a list

error system_error(const std::string& path, const char* what) {
    return {std::string("cannot ") + what + ": " + std::generic_category().message(errno),
            {path == "-" ? "standard input or output" : path, 0, 0}};
}

struct closer {
    void operator()(std::FILE* file) const noexcept {
        if (file != stdin && file != stdout) {
            (void)std::fclose(file);
        }
    }
};
using file_handle = std::unique_ptr<std::FILE, closer>;

result<std::string> read_all(const std::string& path) {
    const file_handle file(path == "-" ? stdin : std::fopen(path.c_str(), "rbe"));
    if (!file) {
        return system_error(path, "read");
    }
    std::string text;
    std::array<char, 65536> part{};
    while (std::feof(file.get()) == 0 && std::ferror(file.get()) == 0) {
        text.append(part.data(), std::fread(part.data(), 1, part.size(), file.get()));
    }
    return std::ferror(file.get()) != 0 ? result<std::string>(system_error(path, "read")) : text;
}

result<void> write_all(const std::string& path, const std::vector<byte>& bytes) {
    const file_handle file(path == "-" ? stdout : std::fopen(path.c_str(), "wbe"));
    if (!file || std::fwrite(bytes.data(), 1, bytes.size(), file.get()) != bytes.size() ||
        std::fflush(file.get()) != 0) {
        return system_error(path, "write");
    }
    return {};
}

result<void> to_pcap(const std::string& from, const std::string& to) {
    const auto text = read_all(from);
    if (!text) {
        return text.why();
    }
    auto listed = read_packet_list(text.value(), from == "-" ? "standard input" : from);
    if (!listed) {
        return listed.why();
    }
    std::vector<captured> packets;
    for (listed_packet& packet : *listed) {
        const auto bytes = static_cast<std::uint32_t>(packet.data.size());
        packets.push_back({packets.size() * nanoseconds_between, bytes, std::move(packet.data)});
    }
    return write_all(to, write_pcap(packets));
}

// Bytes in rows of 16, as comments of a packet list.
void print_hex(const std::vector<byte>& bytes) {
    constexpr std::size_t row = 16;
    for (std::size_t at = 0; at < bytes.size(); at += row) {
        std::printf("#   %04zx ", at);
        for (std::size_t n = at; n < std::min(at + row, bytes.size()); ++n) {
            std::printf(" %02x", bytes[n]);
        }
        std::puts("");
    }
}

result<void> show(const std::string& path, bool hex) {
    const auto text = read_all(path);
    if (!text) {
        return text.why();
    }
    const std::string& bytes = text.value();
    const auto packets = read_pcap({reinterpret_cast<const byte*>(bytes.data()), bytes.size()});
    if (!packets) {
        return error{packets.why().message, {path == "-" ? "standard input" : path, 0, 0}};
    }
    for (const captured& packet : packets.value()) {
        std::puts(test::describe_packet(packet.data).c_str());
        if (packet.data.size() < packet.wire_bytes) {
            std::printf("#   captured: %zu of %u bytes\n", packet.data.size(), packet.wire_bytes);
        }
        if (hex) {
            print_hex(packet.data);
        }
    }
    return std::fflush(stdout) == 0 ? result<void>{} : system_error("standard output", "write");
}

int wrong_usage(const std::string& why) {
    std::cerr << "rhumb-packets: " << why << "\n\n" << usage;
    return exit_usage;
}

int run(std::vector<std::string> words) {
    for (const std::string& word : words) {
        if (word == "-h" || word == "--help") {
            std::cout << usage;
            return 0;
        }
        if (word == "--version") {
            std::cout << "rhumb-packets " RHUMB_VERSION "\n";
            return 0;
        }
    }
    const bool hex = std::erase(words, "--hex") != 0;
    for (const std::string& word : words) {
        if (word.size() > 1 && word.front() == '-') {
            return wrong_usage("unknown option " + word);
        }
    }
    result<void> done;
    if (words.size() == 3 && words[0] == "to-pcap" && !hex) {
        done = to_pcap(words[1], words[2]);
    } else if (words.size() == 2 && words[0] == "show") {
        done = show(words[1], hex);
    } else {
        return wrong_usage(words.empty() ? "what is to be done?" : "that is no command of it");
    }
    if (!done) {
        std::cerr << "rhumb-packets: " << done.why().text() << '\n';
        return exit_failed;
    }
    return 0;
}

}  // namespace
}  // namespace rhumb::packets

int main(int argc, char** argv) {
    return rhumb::packets::run({argv + (argc > 0 ? 1 : 0), argv + argc});
}
