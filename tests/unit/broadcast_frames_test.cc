// Frames of the broadcast overlay: what is written is read again, and nothing else is.
#include <gtest/gtest.h>

#include "tests/unit/broadcast_rig.hh"

namespace rhumb::overlay::broadcast::test {
namespace {

frame read(const bytes& raw) {
    frame f;
    EXPECT_EQ(read_frame(raw, f), drop_reason::none);
    return f;
}

drop_reason refused(const bytes& raw) {
    frame f;
    return read_frame(raw, f);
}

// One frame of each type, as long as they come.
std::vector<bytes> samples() {
    std::vector<bytes> made;
    const auto add = [&](auto&& write) { write(made.emplace_back()); };
    const std::vector<contact> list{who(7), {key(8), {}}, who(9)};
    add([](bytes& to) { write_join(to, 77, where(1)); });
    add([](bytes& to) { write_forward_join(to, who(2), 6); });
    add([](bytes& to) { write_neighbour(to, true, 77, where(3)); });
    add([](bytes& to) { write_neighbour_reply(to, true, 77); });
    add([](bytes& to) { write_disconnect(to); });
    add([&](bytes& to) { write_shuffle(to, 5, who(4), list); });
    add([&](bytes& to) { write_shuffle_reply(to, list); });
    bytes body;
    append_body(body, {key(5), 77}, signature_bytes{1, 2, 3}, bytes{'h', 'i'});
    add([&](bytes& to) { write_gossip(to, {true, true, 300, 0xdeadbeef}, body); });
    bytes entries;
    append_announcement(entries, {{key(5), 78}, 2});
    append_announcement(entries, {{key(6), 79}, 65535});
    add([&](bytes& to) { write_ihave(to, entries); });
    add([](bytes& to) { write_graft(to, true, {{key(5), 80}, 4}); });
    add([](bytes& to) { write_prune(to); });
    add([](bytes& to) { write_ack(to, 0x01020304); });
    return made;
}

TEST(broadcast_frames, have_a_sample_of_each_type) {
    const std::vector<bytes> all = samples();
    ASSERT_EQ(all.size(), frame_types - 1);
    for (std::size_t n = 0; n < all.size(); ++n) {
        EXPECT_EQ(all[n][0], wire_version);
        EXPECT_EQ(all[n][1], n + 1);
        EXPECT_EQ(static_cast<std::size_t>(read(all[n]).type), n + 1);
    }
}

TEST(broadcast_frames, of_membership_come_back) {
    const std::vector<bytes> all = samples();
    EXPECT_EQ(read(all[0]).who.where, where(1));
    const frame forward = read(all[1]);
    EXPECT_EQ(forward.ttl, 6);
    EXPECT_EQ(forward.who.key, key(2));
    EXPECT_EQ(forward.who.where, where(2));
    EXPECT_TRUE(read(all[2]).flag);
    EXPECT_EQ(read(all[2]).who.where, where(3));
    EXPECT_TRUE(read(all[3]).flag);
    for (const std::size_t n : {0U, 2U, 3U}) {
        EXPECT_EQ(read(all[n]).tag, 77U);
    }
    for (const std::size_t n : {5U, 6U}) {
        const frame f = read(all[n]);
        EXPECT_EQ(f.count, 3U);
        contact_reader list(f);
        contact each;
        for (const std::uint32_t wanted : {7U, 8U, 9U}) {
            ASSERT_TRUE(list.next(each));
            EXPECT_EQ(each.key, key(wanted));
            EXPECT_EQ(each.where, wanted == 8 ? address() : where(wanted));
        }
        EXPECT_FALSE(list.next(each));
    }
    EXPECT_EQ(read(all[5]).who.key, key(4));
    bytes again;
    write_shuffle_again(again, all[5], 2);
    EXPECT_EQ(read(again).ttl, 2);
    again[2] = 5;
    EXPECT_EQ(again, all[5]);
}

TEST(broadcast_frames, of_messages_come_back) {
    const std::vector<bytes> all = samples();
    const frame gossip = read(all[7]);
    EXPECT_TRUE(gossip.flag);
    EXPECT_TRUE(gossip.again);
    EXPECT_EQ(gossip.hops, 300);
    EXPECT_EQ(gossip.tag, 0xdeadbeefU);
    EXPECT_EQ(gossip.id, (message_id{key(5), 77}));
    EXPECT_EQ(bytes(gossip.payload.begin(), gossip.payload.end()), (bytes{'h', 'i'}));
    EXPECT_EQ(gossip.signature.size(), signature_size);
    EXPECT_EQ(gossip.signature[2], 3);
    EXPECT_EQ(gossip.body.size(), body_head + 2);
    const frame ihave = read(all[8]);
    ASSERT_EQ(ihave.count, 2U);
    EXPECT_EQ(announcement_of(ihave, 0).id, (message_id{key(5), 78}));
    EXPECT_EQ(announcement_of(ihave, 1).id, (message_id{key(6), 79}));
    EXPECT_EQ(announcement_of(ihave, 1).hops, 65535);
    const frame graft = read(all[9]);
    EXPECT_TRUE(graft.flag);
    EXPECT_EQ(graft.id, (message_id{key(5), 80}));
    EXPECT_EQ(graft.hops, 4);
    EXPECT_EQ(read(all[11]).tag, 0x01020304U);
}

TEST(broadcast_frames, are_big_endian) {
    bytes ack;
    write_ack(ack, 0x01020304);
    EXPECT_EQ(ack, (bytes{1, 12, 1, 2, 3, 4}));
    bytes graft;
    write_graft(graft, false, {{peer_key{}, 0x0102030405060708}, 0x0a0b});
    bytes wanted{1, 10, 0, 0x0a, 0x0b};
    wanted.resize(5 + key_size);
    wanted.insert(wanted.end(), {1, 2, 3, 4, 5, 6, 7, 8});
    EXPECT_EQ(graft, wanted);
}

TEST(broadcast_frames, that_are_cut_short_or_too_long_are_refused) {
    for (bytes raw : samples()) {
        const frame_type type = read(raw).type;
        // A payload may have any length.
        const std::size_t needed =
            type == frame_type::gossip ? gossip_head + body_head : raw.size();
        for (std::size_t length = 0; length < needed; ++length) {
            EXPECT_EQ(refused(bytes(raw.begin(), raw.begin() + static_cast<int>(length))),
                      drop_reason::malformed)
                << raw[1] << " " << length;
        }
        raw.push_back(0);
        EXPECT_EQ(refused(raw),
                  type == frame_type::gossip ? drop_reason::none : drop_reason::malformed);
    }
}

TEST(broadcast_frames, with_values_out_of_range_are_refused) {
    EXPECT_EQ(refused({2, 11}), drop_reason::version);
    EXPECT_EQ(refused({0, 11}), drop_reason::version);
    EXPECT_EQ(refused({1, 0}), drop_reason::type);
    EXPECT_EQ(refused({1, 13}), drop_reason::type);
    EXPECT_EQ(refused({1, 4, 2, 0, 0, 0, 0}), drop_reason::malformed);  // a flag
    EXPECT_EQ(refused({1, 1, 0, 0, 0, 0, 64}),
              drop_reason::malformed);                         // an address of 64 bytes, not here
    EXPECT_EQ(refused({1, 9, 0, 0}), drop_reason::malformed);  // IHAVE of nothing
    bytes long_address{1, 1, 0, 0, 0, 0, 64};
    long_address.resize(7 + 64);
    EXPECT_EQ(refused(long_address), drop_reason::malformed);
    bytes gossip = samples()[7];
    gossip[2] = 4;
    EXPECT_EQ(refused(gossip), drop_reason::malformed);
    bytes last = samples()[7];
    std::fill_n(last.begin() + gossip_head + key_size, 8, byte{0xff});
    EXPECT_EQ(refused(last), drop_reason::malformed);
    bytes entries;
    for (std::size_t n = 0; n <= most_announcements; ++n) {
        append_announcement(entries, {{key(1), n}, 1});
    }
    bytes ihave;
    write_ihave(ihave, entries);
    EXPECT_EQ(refused(ihave), drop_reason::malformed);
    bytes shuffle;
    write_shuffle_reply(shuffle, std::vector<contact>(most_contacts + 1, who(1)));
    EXPECT_EQ(refused(shuffle), drop_reason::malformed);
}

TEST(broadcast_frames, sign_all_that_a_message_says) {
    const bytes network{1, 2};
    const message_id id{key(1), 7};
    const bytes text{'t'};
    const bytes all = signed_bytes(network, id, text);
    EXPECT_EQ(all.size(), 17 + 8 + 2 + key_size + 8 + 1);
    EXPECT_EQ(all, signed_bytes(network, id, text));
    EXPECT_NE(all, signed_bytes(bytes{1, 3}, id, text));
    EXPECT_NE(all, signed_bytes(network, {key(2), 7}, text));
    EXPECT_NE(all, signed_bytes(network, {key(1), 8}, text));
    EXPECT_NE(all, signed_bytes(network, id, bytes{'u'}));
    // Nothing moves from one field into the next.
    EXPECT_NE(signed_bytes({}, id, text), signed_bytes(bytes{0}, id, {}));
}

}  // namespace
}  // namespace rhumb::overlay::broadcast::test
