#include "controlplane/overlay/ebt/strangers.hh"

namespace rhumb::overlay::ebt {

void stranger_list::mention(std::string_view id, std::int32_t sequence) {
    const auto known = known_.find(id);
    if (known != known_.end()) {
        known->second.claimed = sequence;
        return;
    }
    // Two peers that both forget must not answer each other's -1 for ever.
    if (known_.size() >= limit_ && (sequence == not_replicated || !make_room())) {
        return;
    }
    const auto added =
        known_.emplace(id, stranger{.claimed = sequence, .is_noted = true, .is_taken = false})
            .first;
    order_.push_back(&added->first);
    pending_.push_back(&added->first);
}

// Forgets the oldest, unless even that has not been answered yet: then the peer does not read.
bool stranger_list::make_room() {
    if (order_.empty()) {
        return false;
    }
    const auto oldest = known_.find(*order_.front());
    if (oldest->second.is_noted) {
        return false;
    }
    order_.pop_front();
    known_.erase(oldest);
    return true;
}

std::int32_t stranger_list::take(std::string_view id) {
    const auto known = known_.find(id);
    if (known == known_.end()) {
        return absent;
    }
    known->second.is_taken = true;
    return known->second.claimed;
}

const std::string* stranger_list::next_note() {
    while (!pending_.empty()) {
        const std::string* const id = pending_.front();
        pending_.pop_front();
        stranger& what = known_.find(*id)->second;
        what.is_noted = false;
        if (!what.is_taken) {
            return id;
        }
    }
    return nullptr;
}

void stranger_list::clear() {
    order_.clear();
    pending_.clear();
    known_.clear();
}

}  // namespace rhumb::overlay::ebt
