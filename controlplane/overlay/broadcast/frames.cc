#include "controlplane/overlay/broadcast/frames.hh"

#include <algorithm>
#include <array>

namespace rhumb::overlay::broadcast {
namespace {

// Takes fields off the front of bytes. After one that was not there, everything else is not there
// either.
class reader {
public:
    explicit reader(std::span<const byte> bytes) noexcept : left_(bytes) {}

    [[nodiscard]] bool good() const noexcept { return good_; }
    [[nodiscard]] std::size_t left() const noexcept { return left_.size(); }
    // All was there, and nothing else.
    [[nodiscard]] bool done() const noexcept { return good_ && left_.empty(); }

    std::span<const byte> take(std::size_t count) noexcept {
        if (count > left_.size()) {
            good_ = false;
            left_ = {};
            return {};
        }
        const std::span<const byte> taken = left_.first(count);
        left_ = left_.subspan(count);
        return taken;
    }
    template <class T>
    T number() noexcept {
        const std::span<const byte> from = take(sizeof(T));
        return from.empty() ? T{0} : load_be<T>(from.data());
    }
    // 0 or 1.
    bool flag() noexcept {
        const byte value = number<byte>();
        good_ = good_ && value <= 1;
        return value == 1;
    }
    void key(peer_key& into) noexcept {
        const std::span<const byte> from = take(key_size);
        std::copy(from.begin(), from.end(), into.begin());
    }
    void where(address& into) noexcept {
        const std::optional<address> found = address::of(take(number<byte>()));
        good_ = good_ && found;
        into = found.value_or(address());
    }
    void who(contact& into) noexcept {
        key(into.key);
        where(into.where);
    }
    void id(message_id& into) noexcept {
        key(into.origin);
        into.sequence = number<std::uint64_t>();
    }

private:
    std::span<const byte> left_;
    bool good_ = true;
};

void read_contacts(reader& from, frame& into) {
    contact each;
    reader list = from;
    const std::size_t before = from.left();
    for (std::size_t n = 0; n < into.count && from.good(); ++n) {
        from.who(each);
    }
    into.list = list.take(before - from.left());
}

drop_reason read_gossip(reader& from, frame& into) {
    const byte flags = from.number<byte>();
    into.flag = (flags & 1) != 0;
    into.again = (flags & 2) != 0;
    into.hops = from.number<std::uint16_t>();
    into.tag = from.number<std::uint32_t>();
    reader body = from;
    into.body = body.take(body.left());
    from.id(into.id);
    into.signature = from.take(signature_size);
    into.payload = from.take(from.left());
    // The greatest number has none after it.
    return flags <= 3 && into.id.sequence != UINT64_MAX ? drop_reason::none
                                                        : drop_reason::malformed;
}

drop_reason read_ihave(reader& from, frame& into) {
    into.count = from.number<std::uint16_t>();
    into.list = from.take(into.count * announcement_size);
    return into.count != 0 && into.count <= most_announcements ? drop_reason::none
                                                               : drop_reason::malformed;
}

void read_membership(reader& from, frame& into) {
    switch (into.type) {
        case frame_type::join:
            into.tag = from.number<std::uint32_t>();
            from.where(into.who.where);
            break;
        case frame_type::forward_join:
            into.ttl = from.number<byte>();
            from.who(into.who);
            break;
        case frame_type::neighbour:
            into.flag = from.flag();
            into.tag = from.number<std::uint32_t>();
            from.where(into.who.where);
            break;
        case frame_type::neighbour_reply:
            into.flag = from.flag();
            into.tag = from.number<std::uint32_t>();
            break;
        case frame_type::shuffle:
            into.ttl = from.number<byte>();
            into.count = from.number<byte>();
            from.who(into.who);
            read_contacts(from, into);
            break;
        case frame_type::shuffle_reply:
            into.count = from.number<byte>();
            read_contacts(from, into);
            break;
        default: break;
    }
}

void head(std::vector<byte>& to, frame_type type) {
    to.push_back(wire_version);
    to.push_back(static_cast<byte>(type));
}

void append(std::vector<byte>& to, std::span<const byte> bytes) {
    to.insert(to.end(), bytes.begin(), bytes.end());
}

template <class T>
void append_number(std::vector<byte>& to, T number) {
    std::array<byte, sizeof(T)> bytes;
    store_be(bytes.data(), number);
    append(to, bytes);
}

void append_address(std::vector<byte>& to, const address& where) {
    to.push_back(static_cast<byte>(where.view().size()));
    append(to, where.view());
}

void append_contact(std::vector<byte>& to, const contact& who) {
    append(to, who.key);
    append_address(to, who.where);
}

void append_id(std::vector<byte>& to, const message_id& id) {
    append(to, id.origin);
    append_number(to, id.sequence);
}

}  // namespace

drop_reason read_frame(std::span<const byte> bytes, frame& into) {
    reader from(bytes);
    const byte version = from.number<byte>();
    const byte type = from.number<byte>();
    if (!from.good()) {
        return drop_reason::malformed;
    }
    if (version != wire_version) {
        return drop_reason::version;
    }
    if (type == 0 || type >= frame_types) {
        return drop_reason::type;
    }
    into = {};
    into.type = static_cast<frame_type>(type);
    drop_reason why = drop_reason::none;
    switch (into.type) {
        case frame_type::gossip: why = read_gossip(from, into); break;
        case frame_type::ihave: why = read_ihave(from, into); break;
        case frame_type::graft:
            into.flag = from.flag();
            into.hops = from.number<std::uint16_t>();
            from.id(into.id);
            break;
        case frame_type::ack: into.tag = from.number<std::uint32_t>(); break;
        default: read_membership(from, into); break;
    }
    if (!from.done() || (into.type != frame_type::ihave && into.count > most_contacts)) {
        return drop_reason::malformed;
    }
    return why;
}

bool contact_reader::next(contact& into) noexcept {
    if (left_.empty()) {
        return false;
    }
    reader from(left_);
    from.who(into);
    left_ = left_.last(from.left());
    return from.good();
}

announcement announcement_of(const frame& f, std::size_t number) noexcept {
    reader from(f.list.subspan(number * announcement_size, announcement_size));
    announcement made;
    from.id(made.id);
    made.hops = from.number<std::uint16_t>();
    return made;
}

void write_join(std::vector<byte>& to, std::uint32_t tag, const address& own) {
    head(to, frame_type::join);
    append_number(to, tag);
    append_address(to, own);
}

void write_forward_join(std::vector<byte>& to, const contact& joining, std::uint8_t ttl) {
    head(to, frame_type::forward_join);
    to.push_back(ttl);
    append_contact(to, joining);
}

void write_neighbour(std::vector<byte>& to, bool high, std::uint32_t tag, const address& own) {
    head(to, frame_type::neighbour);
    to.push_back(high ? 1 : 0);
    append_number(to, tag);
    append_address(to, own);
}

void write_neighbour_reply(std::vector<byte>& to, bool accepted, std::uint32_t tag) {
    head(to, frame_type::neighbour_reply);
    to.push_back(accepted ? 1 : 0);
    append_number(to, tag);
}

void write_disconnect(std::vector<byte>& to) { head(to, frame_type::disconnect); }

void write_shuffle(std::vector<byte>& to, std::uint8_t ttl, const contact& origin,
                   std::span<const contact> list) {
    head(to, frame_type::shuffle);
    to.push_back(ttl);
    to.push_back(static_cast<byte>(list.size()));
    append_contact(to, origin);
    for (const contact& each : list) {
        append_contact(to, each);
    }
}

void write_shuffle_reply(std::vector<byte>& to, std::span<const contact> list) {
    head(to, frame_type::shuffle_reply);
    to.push_back(static_cast<byte>(list.size()));
    for (const contact& each : list) {
        append_contact(to, each);
    }
}

void write_shuffle_again(std::vector<byte>& to, std::span<const byte> bytes, std::uint8_t ttl) {
    const std::size_t at = to.size();
    append(to, bytes);
    to[at + 2] = ttl;
}

void write_gossip(std::vector<byte>& to, const gossip_fields& fields, std::span<const byte> body) {
    head(to, frame_type::gossip);
    to.push_back(static_cast<byte>((fields.acknowledge ? 1 : 0) | (fields.again ? 2 : 0)));
    append_number(to, fields.hops);
    append_number(to, fields.tag);
    append(to, body);
}

void write_ihave(std::vector<byte>& to, std::span<const byte> entries) {
    head(to, frame_type::ihave);
    append_number(to, static_cast<std::uint16_t>(entries.size() / announcement_size));
    append(to, entries);
}

void append_announcement(std::vector<byte>& to, const announcement& entry) {
    append_id(to, entry.id);
    append_number(to, entry.hops);
}

void write_graft(std::vector<byte>& to, bool send_message, const announcement& about) {
    head(to, frame_type::graft);
    to.push_back(send_message ? 1 : 0);
    append_number(to, about.hops);
    append_id(to, about.id);
}

void write_prune(std::vector<byte>& to) { head(to, frame_type::prune); }

void write_ack(std::vector<byte>& to, std::uint32_t tag) {
    head(to, frame_type::ack);
    append_number(to, tag);
}

void append_body(std::vector<byte>& to, const message_id& id, std::span<const byte> signature,
                 std::span<const byte> payload) {
    append_id(to, id);
    append(to, signature);
    append(to, payload);
}

message_id id_of(std::span<const byte> body) noexcept {
    message_id made;
    reader(body).id(made);
    return made;
}

std::vector<byte> signed_bytes(std::span<const byte> network, const message_id& id,
                               std::span<const byte> payload) {
    constexpr std::array<byte, 17> name{'r', 'h', 'u', 'm', 'b', '-', 'b', 'r', 'o',
                                        'a', 'd', 'c', 'a', 's', 't', '-', '1'};
    std::vector<byte> made(name.size() + 8 + network.size() + key_size + 8 + payload.size());
    byte* to = std::copy(name.begin(), name.end(), made.data());
    store_be64(to, network.size());
    to = std::copy(network.begin(), network.end(), to + 8);
    to = std::copy(id.origin.begin(), id.origin.end(), to);
    store_be64(to, id.sequence);
    std::copy(payload.begin(), payload.end(), to + 8);
    return made;
}

}  // namespace rhumb::overlay::broadcast
