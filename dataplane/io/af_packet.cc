#include "dataplane/io/af_packet.hh"

#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>

#include "rhumb/wire/ethernet.hh"

namespace rhumb::io {

namespace {

// In front of a frame in a slot of packet_mmap, version 2: its header and alignment.
constexpr std::size_t slot_overhead = 66;
constexpr std::size_t ordinary_slot = 2048;  // the driver's own choice

std::size_t slot_for(std::uint16_t mtu) {
    return slot_overhead + ethernet::tagged_header_bytes + mtu;
}

bool is_af_packet(std::string_view device) {
    constexpr std::string_view driver = "net_af_packet";
    return device.substr(0, driver.size()) == driver;
}

}  // namespace

std::string with_af_packet_slots(const std::string& device, std::uint16_t mtu) {
    if (!is_af_packet(device) || slot_for(mtu) <= ordinary_slot ||
        device.find(",framesz=") != std::string::npos ||
        device.find(",blocksz=") != std::string::npos) {
        return device;
    }
    // Slots must fill a block, and a block whole pages: 64 of 64 bytes are one of 4 KiB.
    const std::size_t slot = (slot_for(mtu) + 63) / 64 * 64;
    return device + ",framesz=" + std::to_string(slot) + ",blocksz=" + std::to_string(slot * 64);
}

bool af_packet_holds(std::string_view device, std::uint16_t mtu) {
    constexpr std::string_view key = ",framesz=";
    std::size_t slot = ordinary_slot;
    if (const std::size_t at = device.find(key); at != std::string_view::npos) {
        const std::string_view text = device.substr(at + key.size());
        (void)std::from_chars(text.data(), text.data() + text.size(), slot);
    }
    return slot >= slot_for(mtu);
}

int set_kernel_mtu(unsigned interface, std::uint16_t mtu) {
    ifreq request{};
    if (if_indextoname(interface, &request.ifr_name[0]) == nullptr) {
        return -errno;
    }
    request.ifr_mtu = mtu;
    const int control = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (control < 0) {
        return -errno;
    }
    const int code = ioctl(control, SIOCSIFMTU, &request) == 0 ? 0 : -errno;
    close(control);
    return code;
}

}  // namespace rhumb::io
