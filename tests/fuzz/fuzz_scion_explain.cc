// Any bytes as a packet to explain: from the first byte on as what the second says, with keys or
// without.
//   - it ends, and reads nothing outside of the bytes
//   - what it lists lies in them, and faults, too
//   - a packet that the data plane takes apart has no fault in its header
//   - text and listing do not depend on what was explained before
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string>
#include <vector>

#include "controlplane/scion/explain.hh"
#include "dataplane/scion/packet.hh"

namespace rhumb {
namespace {

namespace explain = scion::explain;

void expect(bool holds) {
    if (!holds) {
        std::abort();
    }
}

std::size_t check(const std::vector<explain::field>& fields, std::size_t bytes) {
    std::size_t count = 0;
    for (const explain::field& one : fields) {
        expect(one.offset <= bytes && one.bytes <= bytes - one.offset);
        expect(!one.name.empty());
        count += 1 + check(one.inside, bytes);
    }
    return count;
}

// As dataplane/scion finds the parts, of bytes that are no others'.
bool is_well_formed(std::span<const byte> bytes) {
    std::vector<byte> copy(bytes.begin(), bytes.end());
    scion::packet p;
    p.scion = copy.data();
    p.bytes = copy.size();
    return copy.size() >= scion::least_bytes &&
           copy.size() >= scion::common_bytes + scion::address_bytes(copy.data()) &&
           scion::find_parts(p);
}

// What is wrong behind the header, a router that passes it on does not look at.
bool has_fault_before(const explain::listing& made, std::size_t end) {
    for (const explain::fault& one : made.faults) {
        // NextHdr and PayloadLen are looked at by others than find_parts().
        if (one.offset < end && one.offset != 4 && one.offset != 6) {
            return true;
        }
    }
    return false;
}

}  // namespace
}  // namespace rhumb

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace rhumb;
    if (size < 2) {
        return 0;
    }
    const std::span bytes(data + 2, size - 2);
    std::vector<explain::as_key> keys(2);
    keys[0].as = scion::isd_as(1, 0xff00'0000'0110);
    keys[1].as = scion::isd_as(1, 0xff00'0000'0112);
    for (byte n = 0; n < 2; ++n) {
        const std::array<byte, crypto::key_bytes> key{n};
        crypto::expand(keys[n].key, key.data());
    }
    explain::options how{.now_ms = 1'767'225'600'000};
    how.from = static_cast<explain::start>(data[0] % 5);
    how.taken = static_cast<explain::place>(data[0] / 5 % 3);
    how.keys = std::span(keys).first(data[1] % 3);
    how.hops.resize(data[1] / 3 % 8, keys[1].as);
    const explain::listing made = explain::read(bytes, how);
    expect(made.bytes == bytes.size());
    (void)check(made.layers, bytes.size());
    for (const explain::fault& one : made.faults) {
        expect(one.offset <= bytes.size() && !one.message.empty());
    }
    expect(!explain::to_text(made, true).empty() || made.layers.empty());
    if (how.from == explain::start::scion && is_well_formed(bytes)) {
        expect(!has_fault_before(made, scion::header_bytes(bytes.data())));
    }
    expect(explain::to_text(made, false) == explain::to_text(explain::read(bytes, how), false));
    return 0;
}
