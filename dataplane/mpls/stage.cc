#include "dataplane/mpls/stage.hh"

#include <algorithm>
#include <array>
#include <cstddef>

#include "rhumb/bytes.hh"
#include "rhumb/packet/flow_hash.hh"
#include "rhumb/packet/impose.hh"
#include "rhumb/wire/ipv4.hh"
#include "rhumb/wire/ipv6.hh"
#include "rhumb/wire/mpls.hh"

namespace rhumb::mpls {

namespace {

// IPv4, IPv6 or unknown, by the first nibble of what follows the last label.
protocol payload_kind(const byte* payload, std::size_t length) noexcept {
    const unsigned version = length != 0 ? *payload >> 4 : 0U;
    return version == 4 ? protocol::ipv4 : version == 6 ? protocol::ipv6 : protocol::unknown;
}

// One packet's way through the label table.
template <class Trace>
class walk {
public:
    walk(burst& b, std::size_t i, const stage_context& context, lanes& uncovered,
         Trace& trace) noexcept
        : b_(b),
          i_(i),
          context_(context),
          uncovered_(uncovered),
          trace_(trace),
          stack_(b.front[i]),
          length_(b.length(i)),
          ttl_(b.ttl[i]),
          ttl_taken_(b.ttl[i] != 0) {}

    [[gnu::noinline]] void run() noexcept {
        for (std::uint32_t lookups = 0; lookups < context_.tables.max_label_lookups; ++lookups) {
            if (length_ - at_ < lse_bytes) {
                return b_.drop(i_, drop_reason::label_stack_truncated);
            }
            const lse top = load_be32(stack_ + at_);
            const label_entry entry = context_.tables.labels[label_of(top)];
            trace_.note(i_, step::label_lookup, top, static_cast<std::uint32_t>(entry.op()));
            if (entry.op() != label_op::none) [[likely]] {  // no counter for just any label
                context_.counters.labels[label_of(top)].add(length_ - at_);
            }
            if (act(top, entry) == progress::done) {
                return;
            }
        }
        b_.drop(i_, drop_reason::too_many_label_lookups);
    }

private:
    enum class progress : bool { done, next_label };

    progress act(lse top, label_entry entry) noexcept {
        switch (entry.op()) {
            case label_op::continue_:
                if (take_ttl(top)) {
                    swap(top, entry);
                }
                return progress::done;
            case label_op::next:
                return take_ttl(top) ? pop_and_look(top, entry, protocol::unknown) : progress::done;
            case label_op::explicit_null_ipv4:
                return take_ttl(top) ? pop_and_look(top, entry, protocol::ipv4) : progress::done;
            case label_op::explicit_null_ipv6:
                return take_ttl(top) ? pop_and_look(top, entry, protocol::ipv6) : progress::done;
            case label_op::pop:
                if (take_ttl(top) && uncover(top, entry)) {
                    forward(entry.via());
                }
                return progress::done;
            case label_op::push:
                if (take_ttl(top) && uncover(top, entry)) {
                    push_list(top, entry);
                }
                return progress::done;
            case label_op::entropy_indicator: return pop_entropy(top, entry);
            case label_op::router_alert:
                b_.punt(i_, drop_reason::router_alert);
                return progress::done;
            case label_op::implicit_null: b_.drop(i_, drop_reason::implicit_null_on_wire); break;
            case label_op::reserved: b_.drop(i_, drop_reason::reserved_label); break;
            case label_op::none: b_.drop(i_, drop_reason::unknown_label); break;
        }
        return progress::done;
    }

    // RFC 3443 section 5: one off for the whole node. A label uncovered by a uniform pop gets the
    // smaller of its own TTL and what is left of the outer one.
    bool take_ttl(lse top) noexcept {
        const unsigned own = ttl_of(top);
        const unsigned left = ttl_taken_ ? std::min(ttl_, own) : own - (own != 0 ? 1 : 0);
        if (left == 0) [[unlikely]] {
            b_.punt(i_, drop_reason::mpls_ttl_expired);
            return false;
        }
        trace_.note(i_, step::ttl_taken, own, left);
        ttl_ = left;
        ttl_taken_ = true;
        return true;
    }

    void swap(lse top, label_entry entry) noexcept {
        const path chosen = choose(entry.via());
        lse swapped = byte_swap(entry.swapped(byte_swap(with_ttl(top, ttl_))));
        if (chosen.out != path::no_label) {
            if (chosen.out == implicit_null) {  // this next hop is the segment's end
                if (uncover(top, entry)) {
                    send_to(chosen.nexthop);
                }
                return;
            }
            swapped = with_label(swapped, chosen.out);
        }
        b_.pull(i_, at_);
        store_be32(b_.front[i_], swapped);
        trace_.note(i_, step::label_swapped, top, swapped);
        send_to(chosen.nexthop);
    }

    // NEXT: the segment ends here; what it covered is looked up, by this stage or by IP's.
    progress pop_and_look(lse top, label_entry entry, protocol payload) noexcept {
        trace_.note(i_, step::label_popped, label_of(top));
        at_ += lse_bytes;
        ttl_taken_ = !entry.pipe();  // pipe: what is uncovered pays with a TTL of its own
        return is_bottom(top) ? hand_over(payload) : progress::next_label;
    }

    // RFC 6790 section 4.2: whoever uncovers the indicator removes it and its label, together.
    progress pop_entropy(lse top, label_entry entry) noexcept {
        if (is_bottom(top)) {
            b_.drop(i_, drop_reason::entropy_label_malformed);
            return progress::done;
        }
        if (length_ - at_ < 2 * lse_bytes) {
            b_.drop(i_, drop_reason::label_stack_truncated);
            return progress::done;
        }
        // The pair is no hop of its own: its TTL (a copy of the label's above it) counts only where
        // that label is gone already, as after a penultimate hop's pop.
        if (at_ == 0) {
            if (!take_ttl(top)) {
                return progress::done;
            }
            ttl_taken_ = !entry.pipe();
        }
        const lse entropy = load_be32(stack_ + at_ + lse_bytes);
        trace_.note(i_, step::entropy_popped, label_of(entropy));
        at_ += 2 * lse_bytes;
        return is_bottom(entropy) ? hand_over(protocol::unknown) : progress::next_label;
    }

    progress hand_over(protocol payload) noexcept {
        if (payload == protocol::unknown) {
            payload = payload_kind(stack_ + at_, length_ - at_);
        }
        if (payload == protocol::unknown) {
            b_.drop(i_, drop_reason::payload_unknown);
            return progress::done;
        }
        b_.pull(i_, at_);
        b_.kind[i_] = payload;
        b_.ttl[i_] = ttl_taken_ ? static_cast<std::uint8_t>(ttl_) : std::uint8_t{0};
        uncovered_.add(payload, i_);
        trace_.note(i_, step::to_protocol, static_cast<std::uint32_t>(payload));
        return progress::done;  // the verdict stays `again`
    }

    // Pops without a lookup: what is uncovered goes out as it is, but for its TTL.
    bool uncover(lse top, label_entry entry) noexcept {
        trace_.note(i_, step::label_popped, label_of(top));
        at_ += lse_bytes;
        const std::size_t left = length_ - at_;
        protocol kind = protocol::mpls;
        if (is_bottom(top)) {
            kind = payload_kind(stack_ + at_, left);
            if (kind == protocol::unknown) {
                b_.drop(i_, drop_reason::payload_unknown);
                return false;
            }
        }
        b_.pull(i_, at_);
        b_.kind[i_] = kind;
        return uncover_ttl(kind, left, entry.pipe());
    }

    bool uncover_ttl(protocol kind, std::size_t left, bool pipe) noexcept {
        byte* const header = b_.front[i_];
        const unsigned limit = pipe ? 255 : ttl_;
        unsigned own = 0;
        switch (kind) {
            case protocol::ipv4:
                if (left < ipv4::min_header_bytes) {
                    b_.drop(i_, drop_reason::ipv4_truncated);
                    return false;
                }
                own = ipv4::ttl(header);
                if (limit < own) {
                    ipv4::lower_ttl(header, own - limit);
                }
                break;
            case protocol::ipv6:
                if (left < ipv6::header_bytes) {
                    b_.drop(i_, drop_reason::ipv6_truncated);
                    return false;
                }
                own = ipv6::hop_limit(header);
                ipv6::set_hop_limit(header, std::min(limit, own));
                break;
            default:
                if (left < lse_bytes) {
                    b_.drop(i_, drop_reason::label_stack_truncated);
                    return false;
                }
                own = ttl_of(load_be32(header));
                store_be32(header, with_ttl(load_be32(header), std::min(limit, own)));
        }
        if (own == 0) {  // a TTL of 0 is not sent on, whoever wrote it
            b_.drop(i_, kind == protocol::ipv4   ? drop_reason::ipv4_ttl_expired
                        : kind == protocol::ipv6 ? drop_reason::ipv6_hop_limit_expired
                                                 : drop_reason::mpls_ttl_expired);
            return false;
        }
        trace_.note(i_, step::payload_ttl, own, std::min(limit, own));
        return true;
    }

    // The flow is hashed before the list goes on: the new labels say nothing about it.
    void push_list(lse top, label_entry entry) noexcept {
        const bool by_path = entry.pushes_by_path();
        const path chosen = choose(by_path ? entry.via() : context_.tables.lists[entry.list()].via);
        const std::uint32_t number = by_path ? chosen.out : entry.list();
        if (number == path::no_label) {  // straight on to where the path's only segment ends
            return send_to(chosen.nexthop);
        }
        const segment_list& list = context_.tables.lists[number];
        const unsigned ttl = entry.pipe() ? 255 : ttl_;
        if (!impose_labels(b_, i_, list.labels, list.count, entry.tc(tc_of(top)), ttl)) {
            return;
        }
        trace_.note(i_, step::labels_pushed, list.count, load_be32(b_.front[i_]));
        send_to(chosen.nexthop);
    }

    path choose(via_ref via) noexcept {
        return choose_path(context_, via, i_, trace_, [this] {
            return flow_hash_mpls(context_.tables.hash_seed, stack_, length_);
        });
    }
    void forward(via_ref via) noexcept { send_to(choose(via).nexthop); }
    void send_to(nexthop_id hop) noexcept {
        b_.nexthop[i_] = hop;
        b_.fate[i_] = verdict::forward;
    }

    burst& b_;
    const std::size_t i_;
    const stage_context& context_;
    lanes& uncovered_;
    Trace& trace_;
    const byte* const stack_;   // the stack as it came
    const std::size_t length_;  // bytes from stack_ on
    std::size_t at_ = 0;        // the label in hand
    unsigned ttl_;
    bool ttl_taken_;
};

// The usual cases in one go: one label swapped for another towards one path, and a segment that
// ends on an IP packet. False, and nothing done, where it is another case.
bool do_at_once(burst& b, std::size_t i, const label_table::view labels, counter* const counters,
                lanes& uncovered) noexcept {
    byte* const front = b.front[i];
    const auto length = static_cast<std::size_t>(b.end[i] - front);
    if (length < lse_bytes) [[unlikely]] {
        return false;
    }
    const std::uint32_t top = load_wire32(front);
    const label value = label_of(byte_swap(top));
    const label_entry entry = labels[value];
    const byte ttl = front[ttl_offset];
    if (ttl <= 1 || b.ttl[i] != 0) [[unlikely]] {
        return false;
    }
    if (entry.is_plain_swap()) [[likely]] {
        constexpr std::uint32_t one_hop = byte_swap(std::uint32_t{1});
        counters[value].add(length);
        store_wire32(front, entry.swapped(top - one_hop));
        b.nexthop[i] = entry.via().id();
        b.fate[i] = verdict::forward;
        return true;
    }
    if (entry.op() != label_op::next || !is_bottom(byte_swap(top))) {
        return false;
    }
    const protocol kind = payload_kind(front + lse_bytes, length - lse_bytes);
    if (kind == protocol::unknown) [[unlikely]] {
        return false;
    }
    counters[value].add(length);
    b.front[i] = front + lse_bytes;
    b.kind[i] = kind;
    b.ttl[i] = entry.pipe() ? byte{0} : static_cast<byte>(ttl - 1);
    uncovered.add(kind, i);
    return true;
}

// Has the top labels' entries and counters on their way into the cache. Inlined by force: of a call
// that does nothing but prefetch, g++ 12 thinks that it has no effect and leaves it out.
[[gnu::always_inline]] inline void fetch_ahead(const burst& b, lane packets,
                                               const label_table::view labels,
                                               const counter* const counters) noexcept {
    for (const std::size_t i : packets) {
        if (b.length(i) >= lse_bytes) [[likely]] {
            const label top = label_of(load_be32(b.front[i]));
            __builtin_prefetch(&labels[top]);
            __builtin_prefetch(&counters[top], 1);
        }
    }
}

}  // namespace

template <class Trace>
void stage::process(burst& b, lane packets, const stage_context& context, lanes& uncovered,
                    Trace& trace) noexcept {
    const label_table::view labels = context.tables.labels;
    counter* const counters = context.counters.labels.data();
    if (context.tables.many_labels) {
        fetch_ahead(b, packets, labels, counters);
    }
    for (const std::size_t i : packets) {
        // Traced, every packet takes the way that tells all.
        if (Trace::on || !do_at_once(b, i, labels, counters, uncovered)) {
            walk(b, i, context, uncovered, trace).run();
        }
    }
}

template void stage::process(burst&, lane, const stage_context&, lanes&, no_trace&) noexcept;
template void stage::process(burst&, lane, const stage_context&, lanes&, trace_log&) noexcept;

}  // namespace rhumb::mpls
