// What was sealed, cut in any pieces and changed at one place: all that is read before the change
// is what was written, and the change is seen.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "controlplane/overlay/wire/box_stream.hh"
#include "tests/fuzz/check.hh"

namespace {

using namespace rhumb;
using namespace rhumb::overlay;
using test::check;

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 8) {
        return 0;
    }
    stream_key key{};
    stream_nonce nonce{};
    std::fill(nonce.begin() + data[0] % 24, nonce.end(), byte{0xff});
    const std::size_t piece = 1 + load_be16(data + 1) % 9000;
    const std::size_t change = load_be16(data + 3) % 20000;
    const std::size_t repeats = 1 + data[5];
    std::vector<byte> plain;
    for (std::size_t n = 0; n < repeats && plain.size() < 15000; ++n) {
        plain.insert(plain.end(), data + 6, data + size);
    }
    box_writer writer(key, nonce);
    byte_queue sealed;
    const std::size_t first = plain.size() / 3;
    writer.seal(std::span(plain).first(first), sealed);
    writer.seal(std::span(plain).subspan(first), sealed);
    writer.goodbye(sealed);
    const bool changed = change < sealed.size();
    if (changed) {
        sealed.waiting()[change] ^= static_cast<byte>(data[7] | 1);
    }
    box_reader reader(key, nonce);
    std::vector<byte> got;
    box_reader::event last = box_reader::event::none;
    for (std::span<byte> left = sealed.waiting();
         !left.empty() && last == box_reader::event::none;) {
        std::span<byte> part = left.first(std::min(piece, left.size()));
        left = left.subspan(part.size());
        while ((last = reader.read(part)) == box_reader::event::data) {
            got.insert(got.end(), reader.plain().begin(), reader.plain().end());
        }
    }
    check(last == (changed ? box_reader::event::failed : box_reader::event::goodbye));
    check(got.size() <= plain.size() && std::equal(got.begin(), got.end(), plain.begin()));
    check(changed || got.size() == plain.size());
    return 0;
}
