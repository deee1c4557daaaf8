#include "dataplane/io/slow_queues.hh"

#include <algorithm>

namespace rhumb::io {

bool slow_queues::passes(window& w, std::uint64_t now_ms, std::uint32_t rate) noexcept {
    constexpr std::uint64_t window_ms = 10;
    if (w.number != now_ms / window_ms) {
        w = {now_ms / window_ms, 0};
    }
    const std::uint32_t most = std::max<std::uint32_t>(rate / (1000 / window_ms), 1);
    if (w.used >= most) {
        return false;
    }
    ++w.used;
    return true;
}

bool slow_queues::may_pass(const slow_request& what, std::uint64_t now_ms,
                           const limits& most) noexcept {
    switch (what.task) {
        // A limit for sessions as well, so that no link's flood of BFD gets past; but one of their
        // own, or a flood of anything else by the link would end its session.
        case slow_task::bfd: return passes((*sessions_by_link_)[what.link], now_ms, most.link);
        // What is about neighbours is of no link: between the answer to a question and the next hop
        // made of it many may come.
        case slow_task::neighbour: return passes(of_neighbours_, now_ms, most.all);
        case slow_task::resolve: break;
        default:
            if (!passes((*others_by_link_)[what.link], now_ms, most.link)) {
                return false;
            }
    }
    return passes(all_, now_ms, most.all);
}

bool slow_queues::take(const slow_request& what, std::span<const byte> bytes, std::uint64_t now_ms,
                       const limits& most) noexcept {
    if (bytes.size() > slow_path_bytes || !may_pass(what, now_ms, most)) {
        return false;
    }
    auto& queue = queue_of(what.task);
    slow_packet* const record = queue.acquire();
    if (record == nullptr) {
        return false;
    }
    record->what = what;
    record->length = static_cast<std::uint16_t>(bytes.size());
    std::copy(bytes.begin(), bytes.end(), record->data.begin());
    queue.push(record);
    return true;
}

bool slow_queues::send(protocol kind, std::uint16_t by, bool of_session,
                       std::span<const byte> bytes) noexcept {
    auto& queue = own_queue(of_session);
    own_packet* const record = bytes.size() <= slow_path_bytes ? queue.acquire() : nullptr;
    if (record == nullptr) {
        return false;
    }
    record->kind = kind;
    record->by = by;
    record->of_session = of_session;
    record->length = static_cast<std::uint16_t>(bytes.size());
    std::copy(bytes.begin(), bytes.end(), record->data.begin());
    queue.push(record);
    return true;
}

}  // namespace rhumb::io
