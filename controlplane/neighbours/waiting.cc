#include "controlplane/neighbours/waiting.hh"

#include <algorithm>
#include <utility>

namespace rhumb::neighbours {

bool waiting_room::add(neighbour_id to, std::span<const byte> bytes, time_point now) {
    if (per_neighbour_ == 0 || total_ == 0) {
        ++dropped_.overflow;
        return false;
    }
    if (count(to) >= per_neighbour_) {
        packets_.erase(std::find_if(packets_.begin(), packets_.end(),
                                    [to](const one& waiting) { return waiting.to == to; }));
        ++dropped_.overflow;
    } else if (packets_.size() >= total_) {
        packets_.pop_front();
        ++dropped_.overflow;
    }
    packets_.push_back({to, now + time_, packet(bytes.begin(), bytes.end())});
    return true;
}

std::vector<packet> waiting_room::take(neighbour_id to) {
    std::vector<packet> taken;
    for (auto at = packets_.begin(); at != packets_.end();) {
        if (at->to == to) {
            taken.push_back(std::move(at->bytes));
            at = packets_.erase(at);
        } else {
            ++at;
        }
    }
    return taken;
}

void waiting_room::discard(neighbour_id to) {
    dropped_.discarded += packets_.remove_if([to](const one& waiting) { return waiting.to == to; });
}

void waiting_room::expire(time_point now) {
    while (!packets_.empty() && packets_.front().until <= now) {
        packets_.pop_front();
        ++dropped_.expired;
    }
}

std::size_t waiting_room::count(neighbour_id to) const noexcept {
    return static_cast<std::size_t>(std::count_if(
        packets_.begin(), packets_.end(), [to](const one& waiting) { return waiting.to == to; }));
}

std::optional<time_point> waiting_room::next_deadline() const {
    return packets_.empty() ? std::nullopt : std::optional(packets_.front().until);
}

}  // namespace rhumb::neighbours
