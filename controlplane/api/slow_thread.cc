#include "controlplane/api/slow_thread.hh"

#include <chrono>
#include <utility>

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

slow_thread::slow_thread(std::vector<io::slow_queues*> workers, liveness& live)
    : workers_(std::move(workers)),
      live_(live),
      service_([this] { return static_cast<std::uint32_t>(random_()); },
               [this](std::uint16_t link, bool up) {
                   if (live_.link_up(link) != up) {
                       live_.set_link(link, up);
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
    for (io::slow_queues* const worker : workers_) {
        take(worker->sessions());
    }
    service_.tick(now);
    send(service_.take_session_packets(), true);
    for (io::slow_queues* const worker : workers_) {
        take(worker->neighbours());
        take(worker->others());
    }
    neighbours_.tick(now.steady);
    send(service_.take_packets(), false);
    for (const neighbour_keeper::frame_to_send& frame : neighbours_.take_frames()) {
        sender().send(protocol::unknown, frame.port, false, frame.bytes);
    }
    return busy;
}

void slow_thread::handle(const io::slow_packet& packet, const scion::slow_service::moment& now) {
    switch (packet.what.task) {
        case slow_task::neighbour:
            return neighbours_.frame_received(packet.what.link, packet.bytes(), now.steady);
        case slow_task::resolve: return neighbours_.resolve(packet.bytes(), now.steady);
        // Its time is when it is heard: by that of the round, a session would end too early where
        // this thread was set aside meanwhile.
        case slow_task::bfd: return service_.handle(packet.what, packet.bytes(), moment_now());
        default: service_.handle(packet.what, packet.bytes(), now);
    }
}

void slow_thread::send(const std::vector<scion::slow_service::own_packet>& packets,
                       bool of_session) {
    for (const auto& [link, bytes] : packets) {
        const auto kind = bytes[0] >> 4 == 4 ? protocol::ipv4 : protocol::ipv6;
        sender().send(kind, link, of_session, bytes);
    }
}

}  // namespace rhumb::api
