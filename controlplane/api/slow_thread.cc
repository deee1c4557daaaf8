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
            service_.handle(packet->what, packet->bytes(), now);
            queue.give_back(packet);
        }
    };
    for (const auto& worker : engine_.workers()) {
        take(worker->slow_path().sessions());
    }
    service_.tick(now);
    for (const auto& worker : engine_.workers()) {
        take(worker->slow_path().others());
    }
    for (const std::vector<byte>& packet : service_.take_packets()) {
        send(packet);
    }
    return busy;
}

// The first worker sends for the router. Where its queue is full, the packet is lost, as on a wire.
void slow_thread::send(const std::vector<byte>& packet) {
    auto& queue = engine_.workers().front()->slow_path().own();
    io::own_packet* const record = packet.size() <= io::slow_path_bytes ? queue.acquire() : nullptr;
    if (record != nullptr) {
        record->kind = packet[0] >> 4 == 4 ? protocol::ipv4 : protocol::ipv6;
        record->length = static_cast<std::uint16_t>(packet.size());
        std::copy(packet.begin(), packet.end(), record->data.begin());
        queue.push(record);
    }
}

}  // namespace rhumb::api
