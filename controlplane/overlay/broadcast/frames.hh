// Frames of the broadcast overlay: one is one binary message of a muxrpc duplex stream (or one
// datagram). Big endian. Each begins with the version and a type:
//
//     version 1 | type 1 | ...
//
//     JOIN             tag 4 | address
//     FORWARDJOIN      ttl 1 | contact
//     NEIGHBOR         priority 1 (1: high) | tag 4 | address
//     NEIGHBOR reply   accepted 1 | tag 4, that of the JOIN or NEIGHBOR
//     DISCONNECT       -
//     SHUFFLE          ttl 1 | count 1 | contact of the origin | count contacts
//     SHUFFLE reply    count 1 | count contacts
//     GOSSIP           flags 1 (1: acknowledge, 2: sent before) | hops 2 | tag 4 | body
//     IHAVE            count 2 | count entries: origin 32, sequence 8, hops 2
//     GRAFT            flags 1 (1: send the message) | hops 2 | origin 32 | sequence 8
//     PRUNE            -
//     ACK              tag 4
//
//     address   length 1 (at most 63) | text
//     contact   key 32 | address
//     body      origin 32 | sequence 8 | signature 64 | payload, to the end
//
// `hops`: those that the copy has made when it arrives. What is signed: signed_bytes. Reading
// checks every length and range; what it leaves is as long as it says.
// Threads: any.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "controlplane/overlay/broadcast/counters.hh"
#include "controlplane/overlay/broadcast/identity.hh"

namespace rhumb::overlay::broadcast {

inline constexpr byte wire_version = 1;
inline constexpr std::size_t most_contacts = 32;         // of one frame
inline constexpr std::size_t most_announcements = 1024;  // of one IHAVE
inline constexpr std::size_t announcement_size = key_size + 8 + 2;
inline constexpr std::size_t body_head = key_size + 8 + signature_size;
inline constexpr std::size_t gossip_head = 2 + 1 + 2 + 4;

struct announcement {
    message_id id;
    std::uint16_t hops = 0;
};

// A frame as read. Spans look into the bytes that were read; what a type does not have is empty.
struct frame {
    frame_type type = frame_type::prune;
    bool flag = false;   // high priority, accepted, acknowledge, send the message
    bool again = false;  // GOSSIP: sent before
    std::uint8_t ttl = 0;
    std::uint16_t hops = 0;
    std::uint32_t tag = 0;
    std::size_t count = 0;            // of contacts or announcements in `list`
    message_id id;                    // GOSSIP, GRAFT
    contact who;                      // JOIN, NEIGHBOR: only its address
    std::span<const byte> list;       // contacts, announcements
    std::span<const byte> body;       // GOSSIP, all of it
    std::span<const byte> signature;  // part of the body
    std::span<const byte> payload;    // part of the body
};

// none, or what is wrong.
[[nodiscard]] drop_reason read_frame(std::span<const byte> bytes, frame& into);

// Contacts of a frame that was read, one after the other.
class contact_reader {
public:
    explicit contact_reader(const frame& of) noexcept : left_(of.list) {}
    // False: there are no more.
    bool next(contact& into) noexcept;

private:
    std::span<const byte> left_;
};

// Precondition: number < f.count, of an IHAVE.
[[nodiscard]] announcement announcement_of(const frame& f, std::size_t number) noexcept;

// Each appends one frame.
void write_join(std::vector<byte>& to, std::uint32_t tag, const address& own);
void write_forward_join(std::vector<byte>& to, const contact& joining, std::uint8_t ttl);
void write_neighbour(std::vector<byte>& to, bool high, std::uint32_t tag, const address& own);
void write_neighbour_reply(std::vector<byte>& to, bool accepted, std::uint32_t tag);
void write_disconnect(std::vector<byte>& to);
// At most most_contacts.
void write_shuffle(std::vector<byte>& to, std::uint8_t ttl, const contact& origin,
                   std::span<const contact> list);
void write_shuffle_reply(std::vector<byte>& to, std::span<const contact> list);
// The same SHUFFLE, with another time to live.
void write_shuffle_again(std::vector<byte>& to, std::span<const byte> bytes, std::uint8_t ttl);

struct gossip_fields {
    bool acknowledge = false;
    bool again = false;
    std::uint16_t hops = 0;
    std::uint32_t tag = 0;
};
void write_gossip(std::vector<byte>& to, const gossip_fields& fields, std::span<const byte> body);
// Entries are written by append_announcement.
void write_ihave(std::vector<byte>& to, std::span<const byte> entries);
void append_announcement(std::vector<byte>& to, const announcement& entry);
void write_graft(std::vector<byte>& to, bool send_message, const announcement& about);
void write_prune(std::vector<byte>& to);
void write_ack(std::vector<byte>& to, std::uint32_t tag);

// The body of a GOSSIP.
void append_body(std::vector<byte>& to, const message_id& id, std::span<const byte> signature,
                 std::span<const byte> payload);
// Whose it is. Precondition: a body, of body_head bytes or more.
[[nodiscard]] message_id id_of(std::span<const byte> body) noexcept;
// What the origin signs: a name of this protocol, `network` (so that a message of one network is
// not valid in another), origin, sequence, payload.
[[nodiscard]] std::vector<byte> signed_bytes(std::span<const byte> network, const message_id& id,
                                             std::span<const byte> payload);

}  // namespace rhumb::overlay::broadcast
