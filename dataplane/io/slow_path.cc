#include "dataplane/io/slow_path.hh"

#include <algorithm>
#include <cstring>

#include "dataplane/pipeline/pipeline.hh"

namespace rhumb::io {

bool slow_path::passes(window& w, std::uint64_t now_ms, std::uint32_t rate) noexcept {
    constexpr std::uint64_t window_ms = 10;
    if (w.number != now_ms / window_ms) {
        w = {now_ms / window_ms, 0};
    }
    const std::uint32_t most = std::max<std::uint32_t>(rate / (1000 / window_ms), 1);
    return w.used < most && ++w.used != 0;
}

void slow_path::take(const burst& b, const stage_context& context) noexcept {
    const scion::table& own = *context.tables.scion;
    for (std::size_t i = 0; i < b.count; ++i) {
        if (b.fate[i] != verdict::slow) {
            continue;
        }
        const slow_request& what = b.slow[i];
        const std::size_t length = b.length(i);
        const bool is_session = what.task == slow_task::bfd;
        // A limit for sessions as well, that no link's flood may get past.
        const bool passes_link =
            passes((*by_link_)[what.link], context.now_ms, own.slow_path_link_rate);
        slow_packet* record = nullptr;
        if (passes_link && length <= slow_path_bytes &&
            (is_session || passes(all_, context.now_ms, own.slow_path_rate))) {
            record = (is_session ? sessions_ : others_).acquire();
        }
        if (record == nullptr) {
            constexpr auto busy = static_cast<std::size_t>(drop_reason::scion_slow_path_busy);
            count_up(context.counters.ports[b.in_port].drops[busy], 1);
            count_up(context.counters.scion_links[what.link].of(length).busy_slow_path, 1);
            continue;
        }
        record->what = what;
        record->length = static_cast<std::uint16_t>(length);
        std::memcpy(record->data.data(), b.front[i], length);
        (is_session ? sessions_ : others_).push(record);
    }
}

bool slow_path::send(const stage_context& context) noexcept {
    constexpr int most = 32;  // a round
    int sent = 0;
    for (; sent < most; ++sent) {
        own_packet* const packet = own_.pop();
        if (packet == nullptr) {
            break;
        }
        send_one(*packet, context);
        own_.give_back(packet);
    }
    return sent != 0;
}

void slow_path::send_one(const own_packet& packet, const stage_context& context) noexcept {
    rte_mbuf* const m = rte_pktmbuf_alloc(buffers_);
    if (m == nullptr || rte_pktmbuf_tailroom(m) < packet.length) {
        constexpr auto full = static_cast<std::size_t>(drop_reason::tx_queue_full);
        count_up(context.counters.ports[own_port].drops[full], 1);
        rte_pktmbuf_free(m);
        return;
    }
    burst& b = *burst_;
    b.count = 1;
    b.in_port = own_port;
    b.handle[0] = m;
    auto* const first = rte_pktmbuf_mtod(m, byte*);
    std::memcpy(first, packet.data.data(), packet.length);
    b.put(0, first, packet.length, m->data_off);
    if (packet.kind != protocol::unknown) {
        run_own(b, packet.kind, context);
    } else {
        b.start();
        b.fate[0] = verdict::forward;
        b.out_port[0] = packet.port;
    }
    out_.send(b);
}

}  // namespace rhumb::io
