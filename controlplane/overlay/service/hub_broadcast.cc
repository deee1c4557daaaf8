// Connections for broadcast: whom its node wants for a neighbour, and may have.
#include <algorithm>

#include "controlplane/overlay/service/hub.hh"

namespace rhumb::overlay {

namespace {

// Dialled for broadcast alone at the same time: addresses that strangers have told us.
constexpr std::ptrdiff_t most_for_broadcast = 32;

}  // namespace

// Whom we would let in, if it were not for the room.
bool hub::is_known(const key32& peer) const {
    return settings_.admits_anyone || feeds_.follows(peer) ||
           std::ranges::any_of(
               targets_, [&](const target& t) { return t.is_configured && t.peer.key == peer; });
}

std::size_t hub::open_connections() const {
    return static_cast<std::size_t>(
        std::ranges::count_if(connections_, [](const auto& c) { return c->is_open(); }));
}

const hub::target* hub::target_of(const key32& peer) const {
    const auto known = std::ranges::find_if(
        targets_, [&](const target& t) { return !t.is_forgotten && t.peer.key == peer; });
    return known == targets_.end() ? nullptr : &*known;
}

bool hub::reach(const key32& peer, const std::optional<host_port>& at) {
    if (stopping_ || peer == own_.id() || feeds_.has_blocked(peer)) {
        return false;
    }
    if (const connection* const open = open_to(peer, nullptr)) {
        return !open->is_client();  // who has dialled opens the stream, at once or not at all
    }
    if (const target* const known = target_of(peer)) {
        return known->is_busy;
    }
    const auto dialled = std::ranges::count(targets_, true, &target::is_for_broadcast);
    if (!at || !is_known(peer) || dialled >= most_for_broadcast ||
        open_connections() + static_cast<std::size_t>(dialled) >= settings_.max_peers) {
        return false;
    }
    target& to = targets_.emplace_back(io_, peer_target{*at, peer}, false);
    to.is_for_broadcast = true;
    connect(to);
    return true;
}

bool hub::is_for_broadcast(const connection& which) const {
    const target* const known = target_of(which.peer());
    return known != nullptr && known->is_for_broadcast && which.is_client();
}

// The other side's connections are the other side's to close.
void hub::let_go(const key32& peer) {
    connection* const open = open_to(peer, nullptr);
    if (open != nullptr && is_for_broadcast(*open)) {
        open->close("broadcast needs it no more");
    }
}

bool hub::may_speak(const key32& origin) const {
    return origin != own_.id() && !feeds_.has_blocked(origin) && is_known(origin);
}

std::optional<host_port> hub::address_of(const key32& peer) const {
    const target* const known = target_of(peer);
    return known == nullptr ? std::nullopt : std::optional(known->peer.at);
}

}  // namespace rhumb::overlay
