#include "tests/support/rig.hh"

#include <algorithm>
#include <array>
#include <cstring>
#include <type_traits>
#include <utility>

#include "controlplane/config/load.hh"
#include "dataplane/pipeline/pipeline.hh"
#include "rhumb/table/stage_context.hh"

namespace rhumb::test {

namespace {

// The memory of one burst: poison, with a frame in its place now and then.
//
//   | gap | headroom | frame | gap | headroom | frame | ... | gap |
class buffers {
public:
    buffers(std::span<const packet_bytes> frames, const placement& how) : how_(how) {
        std::size_t total = how.gap;
        for (const packet_bytes& frame : frames) {
            total += how.headroom + frame.size() + how.gap;
        }
        if (how.gap != 0) {
            arena_ = std::make_unique<byte[]>(total);
            std::memset(arena_.get(), how.poison, total);
        }
        std::size_t next = how.gap;  // in the arena
        for (const packet_bytes& frame : frames) {
            const std::size_t size = how.headroom + frame.size();
            byte* start = nullptr;
            if (how.gap != 0) {
                start = arena_.get() + next;
                next += size + how.gap;
            } else {
                start = own_.emplace_back(std::make_unique<byte[]>(size)).get();
                std::fill_n(start, how.headroom, how.poison);
            }
            starts_.push_back(start);
            sizes_.push_back(size);
            std::copy(frame.begin(), frame.end(), start + how.headroom);
        }
    }

    // Where frame `n` has its headroom, and how many bytes it has with it.
    [[nodiscard]] byte* start(std::size_t n) const { return starts_[n]; }
    [[nodiscard]] std::size_t size(std::size_t n) const { return sizes_[n]; }

    // Whether the poison next to frame `n` is as it was.
    [[nodiscard]] bool gaps_are_whole(std::size_t n) const {
        const auto poisoned = [this](const byte* from) {
            return std::all_of(from, from + how_.gap, [this](byte b) { return b == how_.poison; });
        };
        return how_.gap == 0 || (poisoned(start(n) - how_.gap) && poisoned(start(n) + size(n)));
    }

private:
    const placement& how_;
    std::unique_ptr<byte[]> arena_;
    std::vector<std::unique_ptr<byte[]>> own_;
    std::vector<byte*> starts_;
    std::vector<std::size_t> sizes_;
};

std::string broken_rule(const burst& b, std::size_t n, const buffers& memory,
                        const packet_bytes& frame, std::size_t headroom) {
    const byte* const start = memory.start(n);
    const byte* const end = start + memory.size(n);
    if (!memory.gaps_are_whole(n)) {
        return "bytes outside the buffer were written";
    }
    if (b.fate[n] == verdict::again) {
        return "the pipeline left the packet without a verdict";
    }
    if (b.fate[n] == verdict::punt &&
        !std::equal(frame.begin(), frame.end(), start + headroom, end)) {
        return "the frame was punted, but not as it came in";
    }
    if (b.fate[n] == verdict::forward &&
        (b.front[n] < start || b.end[n] < b.front[n] || b.end[n] > end || b.room[n] != start)) {
        return "front, end and room do not lie in the buffer";
    }
    return {};
}

}  // namespace

result<std::unique_ptr<rig>> rig::from_text(std::string_view toml, const std::string& name) {
    auto file = config::parse(toml, name, ".");
    if (!file) {
        return file.why();
    }
    return make(std::move(*file));
}

result<std::unique_ptr<rig>> rig::make(config::file file, border_part border) {
    publish::port_map ports;
    for (const config::port& port : file.ports) {
        const auto id = static_cast<std::uint8_t>(ports.size());
        const ethernet::mac_address own{0x02, 0, 0, 0, 0x01, static_cast<byte>(id + 1)};
        ports.emplace(port.name, publish::port_facts{id, port.mac.value_or(own)});
    }
    auto tables = publish::forwarding::build(file, ports, nullptr);
    if (!tables) {
        return tables.why();
    }
    if (border.table != nullptr) {
        tables.value()->set_scion(border.table, border.owner);
    }
    return std::unique_ptr<rig>(new rig(std::move(*tables), file, ports, std::move(border)));
}

rig::rig(std::unique_ptr<publish::forwarding> forwarding, const config::file& file,
         const publish::port_map& ports, border_part border)
    : border_(std::move(border)),
      forwarding_(std::move(forwarding)),
      tables_(forwarding_->snapshot(retired_)),
      port_names_(file.ports.size()) {
    for (const auto& [name, facts] : ports) {
        port_names_[facts.id] = name;
    }
    all_up();
}

std::optional<std::uint8_t> rig::port_number(std::string_view name) const {
    const auto found = std::find(port_names_.begin(), port_names_.end(), name);
    return found == port_names_.end()
               ? std::nullopt
               : std::optional(static_cast<std::uint8_t>(found - port_names_.begin()));
}

void rig::all_up() {
    for (std::size_t port = 0; port < port_names_.size(); ++port) {
        live_->set_port(port, true);
    }
    for (nexthop_id hop = 0; hop < max_nexthops; ++hop) {
        live_->set_nexthop(hop, true);
    }
    for (std::size_t link = 0; link < scion::max_links; ++link) {
        live_->set_link(link, true);
    }
}

bool rig::set(const state_change& change) {
    if (change.is_port) {
        const auto port = port_number(change.name);
        if (port) {
            live_->set_port(*port, change.up);
        }
        return port.has_value();
    }
    const auto hop = forwarding_->nexthop_number(change.name);
    if (hop) {
        live_->set_nexthop(*hop, change.up);
    }
    return hop.has_value();
}

// As a worker sends for the slow path: from the stage of its protocol on.
void rig::send_answer(const slow_request& what, std::span<const byte> packet, outcome& to) {
    const auto answer = border_.answer ? border_.answer(what, packet) : std::nullopt;
    if (!answer) {
        return;
    }
    const placement how;
    const std::array<packet_bytes, 1> frames{*answer};
    const buffers memory(frames, how);
    burst& b = *burst_;
    b.count = 1;
    b.in_port = own_port;
    b.put(0, memory.start(0) + how.headroom, answer->size(), how.headroom);
    run_own(b, (*answer)[0] >> 4 == 4 ? protocol::ipv4 : protocol::ipv6,
            {tables_, *live_, *counters_, border_.now_ms});
    if (b.fate[0] == verdict::forward) {
        to.port = port_names_[b.out_port[0]];
        to.bytes.assign(b.front[0], b.end[0]);
    }
}

template <class Trace>
std::vector<outcome> rig::run(std::uint8_t in_port, std::span<const packet_bytes> frames,
                              const placement& how, Trace& trace) {
    std::vector<outcome> outcomes;
    tables_.many_labels = how.fetch_ahead;
    tables_.many_prefixes = how.fetch_ahead;
    for (std::size_t first = 0; first < frames.size(); first += how.burst) {
        const auto part = frames.subspan(first, std::min(how.burst, frames.size() - first));
        const buffers memory(part, how);
        burst& b = *burst_;
        std::memset(static_cast<void*>(&b), how.poison,
                    sizeof b);  // a burst is not cleared between
        b.count = static_cast<std::uint16_t>(part.size());
        b.in_port = in_port;
        for (std::size_t n = 0; n < part.size(); ++n) {
            b.put(n, memory.start(n) + how.headroom, part[n].size(), how.headroom);
        }
        if constexpr (std::is_same_v<Trace, trace_log>) {
            trace.clear();
        }
        run_pipeline(b, {tables_, *live_, *counters_, border_.now_ms}, trace);
        std::vector<std::pair<slow_request, packet_bytes>> asked(part.size());
        for (std::size_t n = 0; n < part.size(); ++n) {
            outcome& o = outcomes.emplace_back();
            o.broken = broken_rule(b, n, memory, part[n], how.headroom);
            o.fate = b.fate[n];
            if (o.fate == verdict::forward) {
                o.port = port_names_[b.out_port[n]];
                if (o.broken.empty()) {
                    o.bytes.assign(b.front[n], b.end[n]);
                }
            } else {
                o.reason = b.reason[n];
            }
            if (o.fate == verdict::slow) {
                asked[n] = {b.slow[n], packet_bytes(b.front[n], b.end[n])};
            }
        }
        for (std::size_t n = 0; n < part.size(); ++n) {
            if (!asked[n].second.empty()) {  // the burst is free for other packets now
                send_answer(asked[n].first, asked[n].second,
                            outcomes[outcomes.size() - part.size() + n]);
            }
        }
    }
    return outcomes;
}

template std::vector<outcome> rig::run(std::uint8_t, std::span<const packet_bytes>,
                                       const placement&, no_trace&);
template std::vector<outcome> rig::run(std::uint8_t, std::span<const packet_bytes>,
                                       const placement&, trace_log&);

}  // namespace rhumb::test
