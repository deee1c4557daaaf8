// The secret handshake (SHS1, Scuttlebutt Protocol Guide;
// dominictarr.github.io/secret-handshake-paper): both sides prove that they know the network's key
// and who they are, and agree on keys for the box stream (box_stream.hh). The client must know whom
// he calls.
//
//     1  client -> server    64 bytes   code of a_pk under N | a_pk
//     2  server -> client    64         code of b_pk under N | b_pk
//     3  client -> server   112         boxed: H = signature of A over N | B_pk | h, then A_pk
//     4  server -> client    80         boxed: signature of B over N | H | h
//
// a and b are Curve25519 pairs of this handshake alone; h is the hash of their product. No text
// tells the other side why it is refused: the connection is closed. No sockets and no clock here:
// whoever drives it also limits its time. Threads: one at a time.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "controlplane/overlay/wire/identity.hh"
#include "controlplane/overlay/wire/wiped.hh"
#include "rhumb/bytes.hh"

namespace rhumb::overlay {

using network_key = key32;  // caps.shs: not secret, but who does not know it is not let in

// Of the main network of Secure Scuttlebutt.
inline constexpr network_key main_network{
    0xd4, 0xa1, 0xcb, 0x88, 0xa6, 0x6f, 0x02, 0xf8, 0xdb, 0x63, 0x5c, 0xe2, 0x64, 0x41, 0xcc, 0x5d,
    0xac, 0x1b, 0x08, 0x42, 0x0c, 0xea, 0xac, 0x23, 0x08, 0x39, 0xb7, 0x55, 0x84, 0x5a, 0x9f, 0xfb};

// What the box stream needs. Keys and nonces are those of libsodium's secretbox.
struct stream_keys {
    std::array<byte, 32> send_key{};
    std::array<byte, 24> send_nonce{};
    std::array<byte, 32> receive_key{};
    std::array<byte, 24> receive_nonce{};
};

// A Curve25519 pair for one handshake.
struct ephemeral_pair {
    key32 secret_half{};
    key32 public_half{};
    [[nodiscard]] static wiped<ephemeral_pair> fresh() noexcept;
};

enum class handshake_state : std::uint8_t {
    running,
    wants_answer,  // server: client() is known; call accept() or refuse()
    done,
    failed
};

class handshake {
public:
    // `own` must outlive it. For tests only: pairs that are not fresh.
    [[nodiscard]] static handshake client(
        const network_key& network, const identity& own, const key32& server,
        const wiped<ephemeral_pair>& pair = ephemeral_pair::fresh());
    [[nodiscard]] static handshake server(
        const network_key& network, const identity& own,
        const wiped<ephemeral_pair>& pair = ephemeral_pair::fresh());

    // Takes what it needs from the front of `bytes`, and nothing that belongs to the box stream.
    handshake_state feed(std::span<const byte>& bytes);
    // Server, in state wants_answer: message 4, or the end.
    handshake_state accept();
    handshake_state refuse();

    // What is to be sent: at the beginning, and after each call above. Good until the next.
    [[nodiscard]] std::span<const byte> output() const noexcept;
    void sent() noexcept { output_size_ = 0; }

    [[nodiscard]] handshake_state state() const noexcept { return state_; }
    // Who is at the other end: known, and proven, from state wants_answer or done on.
    [[nodiscard]] const key32& remote() const noexcept { return remote_; }
    // Precondition: done.
    [[nodiscard]] wiped<stream_keys> keys() const noexcept;
    // Precondition: failed.
    [[nodiscard]] std::string_view why() const noexcept { return why_; }
    // What it means if the other end hangs up now. It says nothing itself: who is not let in
    // learns nothing.
    [[nodiscard]] std::string_view meaning_of_hang_up() const noexcept;

private:
    static constexpr std::size_t hello_bytes = 64;
    static constexpr std::size_t proof_bytes = 112;  // message 3
    static constexpr std::size_t answer_bytes = 80;  // message 4
    static constexpr std::size_t signed_bytes = 96;  // H
    enum class step : std::uint8_t { hello, proof, answer, none };

    // All of it goes with the handshake.
    struct secrets {
        ephemeral_pair pair;
        key32 ab{};         // product of the ephemeral keys
        key32 ab_hash{};    // h
        key32 by_server{};  // of the client's ephemeral and the server's long-term key
        key32 box{};        // key of message 3, then of message 4
        key32 session{};
        std::array<byte, signed_bytes> proof{};  // H
    };

    handshake(const network_key& network, const identity& own, const wiped<ephemeral_pair>& pair,
              bool is_client);

    void put_hello();
    void take(std::span<const byte> message);
    void take_hello(std::span<const byte, hello_bytes> hello);
    void take_proof(std::span<const byte, proof_bytes> message);
    void take_answer(std::span<const byte, answer_bytes> message);
    [[nodiscard]] bool agree_first(const key32& other);
    void put_proof();
    [[nodiscard]] bool agree_last();
    void fail(const char* why) noexcept;
    [[nodiscard]] std::size_t wanted() const noexcept;

    network_key network_;
    const identity* own_;
    bool is_client_;
    handshake_state state_ = handshake_state::running;
    step step_ = step::hello;
    key32 remote_{};
    key32 other_pair_{};  // the other side's ephemeral public key
    std::array<byte, hello_bytes / 2> own_code_{};
    std::array<byte, hello_bytes / 2> other_code_{};
    wiped<secrets> secrets_;
    std::array<byte, proof_bytes> input_{};
    std::size_t input_size_ = 0;
    std::array<byte, proof_bytes> output_{};
    std::size_t output_size_ = 0;
    std::string_view why_;
};

}  // namespace rhumb::overlay
