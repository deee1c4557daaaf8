// The thread of the slow path: between the workers' queues and the SCION border router's slow
// service. A thread of its own, because a reload of large tables takes the control thread longer
// than a BFD session waits. Threads: control, but for the thread itself.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <thread>
#include <utility>
#include <vector>

#include "controlplane/api/neighbour_keeper.hh"
#include "controlplane/scion/service.hh"
#include "dataplane/io/slow_queues.hh"
#include "rhumb/table/liveness.hh"

namespace rhumb::api {

class slow_thread {
public:
    // One queue pair a worker, and the flags of links: they outlive it, and it may run only while
    // the workers do.
    slow_thread(std::vector<io::slow_queues*> workers, liveness& live);
    slow_thread(const slow_thread&) = delete;
    slow_thread& operator=(const slow_thread&) = delete;
    ~slow_thread() { stop(); }

    // The configuration from now on; publish its tables afterwards. Links that are to have a BFD
    // session and have none yet are down from now on.
    void use(std::shared_ptr<const scion::setup> setup);
    // The same of neighbours.
    [[nodiscard]] result<void> use(neighbours::settings settings,
                                   const std::vector<neighbours::ip_address>& wanted);
    void start();
    void stop();

    // What became known of neighbours since the last call.
    [[nodiscard]] std::vector<neighbour_news> take_news();
    [[nodiscard]] std::vector<std::pair<std::uint16_t, neighbours::row>> neighbour_rows();

    // Of a link's BFD session; nullopt: it has none.
    [[nodiscard]] std::optional<bfd::status> session_of(std::size_t link);

private:
    void run();
    // One round over the queues; whether there was anything.
    [[nodiscard]] bool round();
    void handle(const io::slow_packet& packet, const scion::slow_service::moment& now);
    void send(const std::vector<scion::slow_service::own_packet>& packets, bool of_session);
    // The first worker sends for the router. Where its queue is full, a packet is lost, as on a
    // wire.
    [[nodiscard]] io::slow_queues& sender() { return *workers_.front(); }

    const std::vector<io::slow_queues*> workers_;
    liveness& live_;
    std::mt19937 random_{std::random_device{}()};
    std::mutex turn_;  // over the service
    scion::slow_service service_;
    neighbour_keeper neighbours_;
    std::atomic<bool> ending_{false};
    std::thread thread_;
};

}  // namespace rhumb::api
