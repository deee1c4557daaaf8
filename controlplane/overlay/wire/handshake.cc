#include "controlplane/overlay/wire/handshake.hh"

#include <sodium.h>

#include <algorithm>
#include <initializer_list>

namespace rhumb::overlay {
namespace {

// Each key is used for one box.
constexpr std::array<byte, crypto_secretbox_NONCEBYTES> zero_nonce{};

key32 hash_of(std::initializer_list<std::span<const byte>> parts) noexcept {
    crypto_hash_sha256_state state;
    crypto_hash_sha256_init(&state);
    for (const std::span<const byte> part : parts) {
        crypto_hash_sha256_update(&state, part.data(), part.size());
    }
    key32 out{};
    crypto_hash_sha256_final(&state, out.data());
    sodium_memzero(&state, sizeof state);
    return out;
}

// False where the point is one of those few that give everybody the same product.
bool multiply(key32& into, const key32& secret_half, const key32& public_half) noexcept {
    return crypto_scalarmult(into.data(), secret_half.data(), public_half.data()) == 0;
}

// What is signed, one part after another.
template <std::size_t Size>
std::array<byte, Size> joined(std::initializer_list<std::span<const byte>> parts) noexcept {
    std::array<byte, Size> out{};
    auto at = out.begin();
    for (const std::span<const byte> part : parts) {
        at = std::copy(part.begin(), part.end(), at);
    }
    return out;
}

}  // namespace

wiped<ephemeral_pair> ephemeral_pair::fresh() noexcept {
    wiped<ephemeral_pair> made;
    // Without random numbers libsodium ends the process.
    crypto_box_keypair(made->public_half.data(), made->secret_half.data());
    return made;
}

handshake handshake::client(const network_key& network, const identity& own, const key32& server,
                            const wiped<ephemeral_pair>& pair) {
    handshake made(network, own, pair, true);
    made.remote_ = server;
    made.put_hello();
    return made;
}

handshake handshake::server(const network_key& network, const identity& own,
                            const wiped<ephemeral_pair>& pair) {
    return {network, own, pair, false};
}

handshake::handshake(const network_key& network, const identity& own,
                     const wiped<ephemeral_pair>& pair, bool is_client)
    : network_(network), own_(&own), is_client_(is_client) {
    secrets_->pair = *pair;
    const key32& half = pair->public_half;
    crypto_auth(own_code_.data(), half.data(), half.size(), network_.data());
}

std::span<const byte> handshake::output() const noexcept {
    return std::span(output_).first(output_size_);
}

std::size_t handshake::wanted() const noexcept {
    switch (step_) {
        case step::hello: return hello_bytes;
        case step::proof: return proof_bytes;
        case step::answer: return answer_bytes;
        case step::none: break;
    }
    return 0;
}

handshake_state handshake::feed(std::span<const byte>& bytes) {
    while (state_ == handshake_state::running && !bytes.empty()) {
        const std::size_t taken = std::min(wanted() - input_size_, bytes.size());
        std::copy_n(bytes.begin(), taken,
                    input_.begin() + static_cast<std::ptrdiff_t>(input_size_));
        input_size_ += taken;
        bytes = bytes.subspan(taken);
        if (input_size_ == wanted()) {
            take(std::span(input_).first(input_size_));
            input_size_ = 0;
        }
    }
    return state_;
}

void handshake::take(std::span<const byte> message) {
    switch (step_) {
        case step::hello: take_hello(message.first<hello_bytes>()); break;
        case step::proof: take_proof(message.first<proof_bytes>()); break;
        case step::answer: take_answer(message.first<answer_bytes>()); break;
        case step::none: break;
    }
}

std::string_view handshake::meaning_of_hang_up() const noexcept {
    if (!is_client_ || step_ == step::none) {
        return "it hung up during the handshake";
    }
    return step_ == step::hello
               ? "it hung up on our hello: is it of another network?"
               : "it hung up on our proof: its key is another, or it does not let us in";
}

void handshake::fail(const char* why) noexcept {
    state_ = handshake_state::failed;
    step_ = step::none;
    why_ = why;
    output_size_ = 0;
    crypto::secret_memory::wipe(&*secrets_, sizeof(secrets));
}

void handshake::put_hello() {
    const auto after = std::copy(own_code_.begin(), own_code_.end(), output_.begin());
    std::copy(secrets_->pair.public_half.begin(), secrets_->pair.public_half.end(), after);
    output_size_ = hello_bytes;
}

void handshake::take_hello(std::span<const byte, hello_bytes> hello) {
    const auto code = hello.first<hello_bytes / 2>();
    const auto half = hello.last<hello_bytes / 2>();
    if (crypto_auth_verify(code.data(), half.data(), half.size(), network_.data()) != 0) {
        fail("the other side is of another network: its key differs");
        return;
    }
    std::copy(code.begin(), code.end(), other_code_.begin());
    std::copy(half.begin(), half.end(), other_pair_.begin());
    if (!agree_first(other_pair_)) {
        fail("a key that no honest peer makes");
        return;
    }
    if (is_client_) {
        put_proof();
    } else {
        put_hello();
        step_ = step::proof;
    }
}

// The products that need nobody's long-term key but the server's, and the key of message 3.
bool handshake::agree_first(const key32& other) {
    secrets& keys = *secrets_;
    if (!multiply(keys.ab, keys.pair.secret_half, other)) {
        return false;
    }
    keys.ab_hash = hash_of({keys.ab});
    bool agreed = false;
    if (is_client_) {
        key32 server_curve{};
        agreed = crypto_sign_ed25519_pk_to_curve25519(server_curve.data(), remote_.data()) == 0 &&
                 multiply(keys.by_server, keys.pair.secret_half, server_curve);
    } else {
        wiped<key32> own_curve;
        own_->curve_secret(*own_curve);
        agreed = multiply(keys.by_server, *own_curve, other);
    }
    keys.box = hash_of({network_, keys.ab, keys.by_server});
    return agreed;
}

void handshake::put_proof() {
    secrets& keys = *secrets_;
    const key32& own = own_->id();
    const signature64 signature = own_->sign(joined<96>({network_, remote_, keys.ab_hash}));
    keys.proof = joined<signed_bytes>({signature, own});
    crypto_secretbox_easy(output_.data(), keys.proof.data(), keys.proof.size(), zero_nonce.data(),
                          keys.box.data());
    if (!agree_last()) {
        fail("a key that no honest peer makes");
        return;
    }
    output_size_ = proof_bytes;
    step_ = step::answer;
}

void handshake::take_proof(std::span<const byte, proof_bytes> message) {
    secrets& keys = *secrets_;
    if (crypto_secretbox_open_easy(keys.proof.data(), message.data(), message.size(),
                                   zero_nonce.data(), keys.box.data()) != 0) {
        fail("the client takes this for another server");
        return;
    }
    signature64 signature{};
    std::copy_n(keys.proof.begin(), signature.size(), signature.begin());
    std::copy_n(keys.proof.begin() + signature.size(), remote_.size(), remote_.begin());
    if (!verify_signature(remote_, joined<96>({network_, own_->id(), keys.ab_hash}), signature)) {
        fail("the client does not have the key that it names");
        return;
    }
    if (!agree_last()) {
        fail("a key that no honest peer makes");
        return;
    }
    step_ = step::none;
    state_ = handshake_state::wants_answer;
}

// The product with the client's long-term key: the key of message 4, and of what follows.
bool handshake::agree_last() {
    secrets& keys = *secrets_;
    wiped<key32> by_client;
    bool agreed = false;
    if (is_client_) {
        wiped<key32> own_curve;
        own_->curve_secret(*own_curve);
        agreed = multiply(*by_client, *own_curve, other_pair_);
    } else {
        key32 client_curve{};
        agreed = crypto_sign_ed25519_pk_to_curve25519(client_curve.data(), remote_.data()) == 0 &&
                 multiply(*by_client, keys.pair.secret_half, client_curve);
    }
    keys.box = hash_of({network_, keys.ab, keys.by_server, *by_client});
    keys.session = hash_of({keys.box});
    return agreed;
}

handshake_state handshake::accept() {
    if (state_ == handshake_state::wants_answer) {
        secrets& keys = *secrets_;
        const signature64 signature = own_->sign(joined<160>({network_, keys.proof, keys.ab_hash}));
        crypto_secretbox_easy(output_.data(), signature.data(), signature.size(), zero_nonce.data(),
                              keys.box.data());
        output_size_ = answer_bytes;
        state_ = handshake_state::done;
    }
    return state_;
}

handshake_state handshake::refuse() {
    if (state_ == handshake_state::wants_answer) {
        fail("this client is not let in");
    }
    return state_;
}

void handshake::take_answer(std::span<const byte, answer_bytes> message) {
    secrets& keys = *secrets_;
    signature64 signature{};
    if (crypto_secretbox_open_easy(signature.data(), message.data(), message.size(),
                                   zero_nonce.data(), keys.box.data()) != 0 ||
        !verify_signature(remote_, joined<160>({network_, keys.proof, keys.ab_hash}), signature)) {
        fail("the server does not have the key that was dialled");
        return;
    }
    step_ = step::none;
    state_ = handshake_state::done;
}

wiped<stream_keys> handshake::keys() const noexcept {
    wiped<stream_keys> out;
    const key32& session = secrets_->session;
    out->send_key = hash_of({session, remote_});
    out->receive_key = hash_of({session, own_->id()});
    // Each side counts from the code that the receiver has sent.
    std::copy_n(other_code_.begin(), out->send_nonce.size(), out->send_nonce.begin());
    std::copy_n(own_code_.begin(), out->receive_nonce.size(), out->receive_nonce.begin());
    return out;
}

}  // namespace rhumb::overlay
