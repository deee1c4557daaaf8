#include "controlplane/overlay/broadcast/unverified.hh"

#include <algorithm>
#include <utility>

namespace rhumb::overlay::broadcast {

bool unverified::waits(std::uint64_t name) const noexcept {
    return std::any_of(waiting_.begin(), waiting_.end(),
                       [&](const message& m) { return m.name == name; });
}

void unverified::show(message& m, const turn& t) {
    m.shown = true;
    action& made = t.out.add(action_kind::verify, m.id.origin, [&](std::vector<byte>& bytes) {
        bytes.insert(bytes.end(), m.body.begin() + key_size + 8, m.body.end());
    });
    made.sequence = m.id.sequence;
    made.ticket = m.ticket;
    made.hops = m.hops;
}

void unverified::erase(std::size_t number) {
    bytes_ -= waiting_[number].body.size();
    waiting_.erase(waiting_.begin() + static_cast<std::ptrdiff_t>(number));
}

unverified::outcome unverified::add(const peer_key& from, std::uint64_t name, const frame& gossip,
                                    const turn& t) {
    bool first = true;
    std::size_t of_peer = 0;
    for (const message& m : waiting_) {
        if (m.name == name) {
            first = false;
            if (std::equal(m.body.begin(), m.body.end(), gossip.body.begin(), gossip.body.end())) {
                return outcome::duplicate;
            }
        }
        of_peer += m.from == from ? 1U : 0U;
    }
    if (waiting_.size() >= options_.unverified || of_peer >= options_.unverified_per_peer ||
        bytes_ + gossip.body.size() > options_.unverified_bytes) {
        return outcome::full;
    }
    bytes_ += gossip.body.size();
    waiting_.push_back({next_ticket_++,
                        name,
                        gossip.id,
                        gossip.hops,
                        from,
                        false,
                        {gossip.body.begin(), gossip.body.end()}});
    if (first) {
        show(waiting_.back(), t);
    }
    return outcome::waits;
}

std::optional<unverified::message> unverified::answered(std::uint64_t ticket, drop_reason why,
                                                        const turn& t) {
    const auto found = std::find_if(waiting_.begin(), waiting_.end(), [&](const message& m) {
        return m.ticket == ticket && m.shown;
    });
    if (found == waiting_.end()) {
        return std::nullopt;
    }
    message answer = std::move(*found);
    bytes_ -= answer.body.size();
    waiting_.erase(found);
    if (why == drop_reason::none) {
        for (std::size_t n = waiting_.size(); n-- > 0;) {
            if (waiting_[n].name == answer.name) {
                erase(n);
            }
        }
        return answer;
    }
    t.counts.drop(why);
    if (why == drop_reason::bad_signature) {
        t.out.add(action_kind::misbehaved, answer.from, [](std::vector<byte>&) {}).why = why;
    }
    const auto other = std::find_if(waiting_.begin(), waiting_.end(),
                                    [&](const message& m) { return m.name == answer.name; });
    if (other != waiting_.end()) {
        show(*other, t);
    }
    return std::nullopt;
}

}  // namespace rhumb::overlay::broadcast
