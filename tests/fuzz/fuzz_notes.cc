// Any bytes as notes: a feed comes once, and what was read can be written and read back.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "controlplane/overlay/wire/notes.hh"
#include "tests/fuzz/check.hh"

namespace {

using namespace rhumb;
using namespace rhumb::overlay;
using test::check;

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    static_cast<void>(begins_message(text));
    notes_reader reader;
    std::vector<note_entry> notes;
    if (const auto done = reader.read(text, notes); !done) {
        check(!done.why().message.empty());
        return 0;
    }
    std::vector<key32> feeds;
    for (const note_entry& note : notes) {
        feeds.push_back(note.feed);
    }
    std::sort(feeds.begin(), feeds.end());
    check(std::adjacent_find(feeds.begin(), feeds.end()) == feeds.end());
    std::string written;
    check(append_notes(written, notes, size * 2 + 100) == notes.size());
    std::vector<note_entry> again;
    check(reader.read(written, again).ok() && again == notes && reader.foreign() == 0);
    return 0;
}
