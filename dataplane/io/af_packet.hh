// DPDK's net_af_packet and frames beyond ordinary Ethernet. Its ring takes them if its slots are
// large enough, but the driver names 1518 bytes as its limit whatever they are, so that DPDK
// refuses a larger MTU before the driver is asked. Here slots are made large enough, and the
// interface's MTU is set as the driver would. Threads: control, at start.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace rhumb::io {

// What the driver's slots are longer than the frames in them, at most: buffers must hold a slot.
inline constexpr std::size_t af_packet_slack = 128;

// `device`, DPDK devargs, with slots for packets of `mtu` bytes behind the Ethernet header. Other
// devices stay as they are, as do those whose slots somebody has chosen.
[[nodiscard]] std::string with_af_packet_slots(const std::string& device, std::uint16_t mtu);

// Whether a slot of such a device holds packets of `mtu` bytes.
[[nodiscard]] bool af_packet_holds(std::string_view device, std::uint16_t mtu);

// Sets the MTU of the kernel's interface with this number; 0 or a negative errno.
[[nodiscard]] int set_kernel_mtu(unsigned interface, std::uint16_t mtu);

}  // namespace rhumb::io
