#include "controlplane/api/slow_thread.hh"

#include <algorithm>
#include <chrono>

#include "dataplane/io/log.hh"

namespace rhumb::api {

namespace {

using namespace std::chrono_literals;

constexpr std::chrono::microseconds idle_pause = 500us;
constexpr int most_of_a_kind = 64;  // packets a round and worker

scion::slow_service::moment moment_now() {
    return {std::chrono::steady_clock::now(),
            static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(
                                           std::chrono::system_clock::now().time_since_epoch())
                                           .count())};
}

}  // namespace

slow_thread::slow_thread(rhumb::engine& engine)
    : engine_(engine),
      service_([this] { return static_cast<std::uint32_t>(random_()); },
               [this](std::uint16_t link, bool up) {
                   if (engine_.live().link_up(link) != up) {
                       engine_.live().set_link(link, up);
                       io::log(io::log_level::notice, up ? "SCION link up" : "SCION link down",
                               {{"link", service_.current().links[link].name}});
                   }
               }) {}

void slow_thread::use(std::shared_ptr<const scion::setup> setup) {
    const std::lock_guard lock(turn_);
    service_.use(std::move(setup), moment_now());
}

result<void> slow_thread::use(neighbours::settings settings,
                              const std::vector<neighbours::ip_address>& wanted) {
    const std::lock_guard lock(turn_);
    return neighbours_.use(std::move(settings), wanted, std::chrono::steady_clock::now());
}

std::vector<neighbour_news> slow_thread::take_news() {
    const std::lock_guard lock(turn_);
    return neighbours_.take_news();
}

std::vector<std::pair<std::uint16_t, neighbours::row>> slow_thread::neighbour_rows() {
    const std::lock_guard lock(turn_);
    return neighbours_.rows(std::chrono::steady_clock::now());
}

std::optional<bfd::status> slow_thread::session_of(std::size_t link) {
    const std::lock_guard lock(turn_);
    return service_.session_of(link);
}

void slow_thread::start() {
    ending_ = false;
    thread_ = std::thread([this] { run(); });
}

void slow_thread::stop() {
    ending_ = true;
    if (thread_.joinable()) {
        thread_.join();
    }
}

void slow_thread::run() {
    while (!ending_) {
        if (!round()) {
            std::this_thread::sleep_for(idle_pause);
        }
    }
}

bool slow_thread::round() {
    const std::lock_guard lock(turn_);
    const auto now = moment_now();
    bool busy = false;
    const auto take = [&](io::record_queue<io::slow_packet>& queue) {
        for (int n = 0; n < most_of_a_kind; ++n) {
            io::slow_packet* const packet = queue.pop();
            if (packet == nullptr) {
                return;
            }
            busy = true;
            handle(*packet, now);
            queue.give_back(packet);
        }
    };
    for (const auto& worker : engine_.workers()) {
        take(worker->slow_path().sessions());
    }
    service_.tick(now);
    for (const auto& worker : engine_.workers()) {
        take(worker->slow_path().neighbours());
        take(worker->slow_path().others());
    }
    neighbours_.tick(now.steady);
    for (const std::vector<byte>& packet : service_.take_packets()) {
        send(packet[0] >> 4 == 4 ? protocol::ipv4 : protocol::ipv6, 0, packet);
    }
    for (const neighbour_keeper::frame_to_send& frame : neighbours_.take_frames()) {
        send(protocol::unknown, static_cast<std::uint8_t>(frame.port), frame.bytes);
    }
    return busy;
}

void slow_thread::handle(const io::slow_packet& packet, const scion::slow_service::moment& now) {
    switch (packet.what.task) {
        case slow_task::neighbour:
            return neighbours_.frame_received(packet.what.link, packet.bytes(), now.steady);
        case slow_task::resolve: return neighbours_.resolve(packet.bytes(), now.steady);
        default: service_.handle(packet.what, packet.bytes(), now);
    }
}

// The first worker sends for the router. Where its queue is full, the packet is lost, as on a wire.
void slow_thread::send(protocol kind, std::uint8_t port, const std::vector<byte>& bytes) {
    auto& queue = engine_.workers().front()->slow_path().own();
    io::own_packet* const record = bytes.size() <= io::slow_path_bytes ? queue.acquire() : nullptr;
    if (record != nullptr) {
        record->kind = kind;
        record->port = port;
        record->length = static_cast<std::uint16_t>(bytes.size());
        std::copy(bytes.begin(), bytes.end(), record->data.begin());
        queue.push(record);
    }
}

}  // namespace rhumb::api
