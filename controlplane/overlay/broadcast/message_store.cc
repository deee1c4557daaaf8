#include "controlplane/overlay/broadcast/message_store.hh"

#include <algorithm>

namespace rhumb::overlay::broadcast {

const message_store::entry* message_store::find(std::uint64_t name) const noexcept {
    const std::uint32_t number = names_.find(name);
    return number == name_table::none ? nullptr : &entries_[number & (entries_.size() - 1)];
}

std::span<const byte> message_store::body(const entry& of) const noexcept {
    if (of.length == 0) {
        return {};
    }
    return std::span<const byte>(bytes_).subspan(
        static_cast<std::size_t>(of.offset % bytes_.size()), of.length);
}

// The oldest. Its body has gone before it, or goes with it.
void message_store::drop_name() {
    if (first_body_ == first_) {
        drop_body();
    }
    names_.remove(at(first_).name);
    ++first_;
}

// The oldest.
void message_store::drop_body() {
    at(first_body_).length = 0;
    ++first_body_;
    tail_ = first_body_ == end_ ? head_ : at(first_body_).offset;
}

void message_store::grow_entries() {
    std::vector<entry> before(entries_.empty() ? 8 : entries_.size() * 2);
    std::swap(before, entries_);
    for (std::uint64_t n = first_; n != end_; ++n) {
        at(n) = before[n & (before.size() - 1)];
    }
}

// Where a body would begin that is stored next.
std::uint64_t message_store::place_for(std::size_t length) const noexcept {
    const std::uint64_t left = bytes_.size() - head_ % bytes_.size();
    return left < length ? head_ + left : head_;
}

void message_store::grow_bytes(std::size_t wanted) {
    std::vector<byte> before(std::min(std::max(wanted, bytes_.size() * 2), options_.payload_bytes));
    std::swap(before, bytes_);
    const std::uint64_t old_size = before.size();
    tail_ = head_ = 0;
    // Where bodies lie closer together than before, they still fit.
    for (std::uint64_t n = first_body_; n != end_; ++n) {
        entry& e = at(n);
        const byte* from = before.data() + (old_size == 0 ? 0 : e.offset % old_size);
        e.offset = place_for(e.length);
        head_ = e.offset + e.length;
        std::copy(from, from + e.length,
                  bytes_.begin() + static_cast<std::ptrdiff_t>(e.offset % bytes_.size()));
    }
}

void message_store::add(std::uint64_t name, std::uint16_t hops, std::span<const byte> body,
                        time_point now) {
    expire(now);
    while (size() >= options_.ids) {
        drop_name();
    }
    if (size() == entries_.size()) {
        grow_entries();
    }
    const std::size_t length = std::min(body.size(), options_.payload_bytes);
    while (bytes_.size() < options_.payload_bytes &&
           (bytes_.empty() || place_for(length) + length - tail_ > bytes_.size())) {
        grow_bytes(2 * length);
    }
    while (first_body_ != end_ && place_for(length) + length - tail_ > bytes_.size()) {
        drop_body();
    }
    if (first_body_ == end_) {  // nothing is in the way, so begin where there is most room
        head_ = tail_ = 0;
    }
    entry& made = at(end_);
    made = {name, place_for(length), now, static_cast<std::uint32_t>(length), hops};
    std::copy(body.begin(), body.begin() + static_cast<std::ptrdiff_t>(length),
              bytes_.begin() + static_cast<std::ptrdiff_t>(made.offset % bytes_.size()));
    head_ = made.offset + length;
    if (first_body_ == end_) {
        tail_ = made.offset;
    }
    names_.add(name, static_cast<std::uint32_t>(end_));
    ++end_;
}

void message_store::expire(time_point now) {
    while (first_body_ != end_ && now - at(first_body_).arrived > options_.payload_age) {
        drop_body();
    }
    while (first_ != end_ && now - at(first_).arrived > options_.id_age) {
        drop_name();
    }
}

}  // namespace rhumb::overlay::broadcast
