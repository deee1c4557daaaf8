#include "controlplane/api/serve.hh"

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <csignal>
#include <iostream>
#include <optional>
#include <string>

#include "controlplane/api/overlay_thread.hh"
#include "controlplane/api/report.hh"
#include "controlplane/api/scion_pages.hh"
#include "controlplane/api/server.hh"
#include "controlplane/api/telemetry.hh"
#include "controlplane/control/line_server.hh"
#include "controlplane/control/systemd.hh"
#include "dataplane/io/log.hh"

namespace rhumb::api {

namespace asio = boost::asio;
using boost::system::error_code;
using control::notify_systemd;
using namespace std::chrono_literals;
using clock = std::chrono::steady_clock;

namespace {

constexpr std::chrono::milliseconds housekeeping_interval{5};
constexpr std::chrono::milliseconds drain_patience{200};

class loop {
public:
    loop(router& running, const serve_options& options)
        : running_(running),
          options_(options),
          signals_(io_, SIGINT, SIGTERM, SIGHUP),
          timer_(io_),
          server_(io_, running, options.trace != 0,
                  [this] { end("asked to over the control socket"); }),
          telemetry_(io_, running) {}

    result<void> run() {
        const std::string& wanted = running_.runtime().socket;
        if (auto done = server_.listen(
                wanted.empty() ? control::default_socket(running_.tables().node().name) : wanted);
            !done) {
            return done;
        }
        if (auto done = listen_for_http(); !done) {
            return done;
        }
        if (auto done = start_overlay(); !done) {
            return done;
        }
        if (options_.trace != 0) {
            running_.engine().taps().traces_left.store(
                io::tap_requests::traces_of(0, options_.trace));
            running_.engine().taps().active.store(true);
        }
        if (auto done = running_.run(); !done) {
            return done;
        }
        io::log(io::log_level::notice, "forwarding",
                {{"node", running_.tables().node().name},
                 {"ports", std::to_string(running_.engine().ports().size())},
                 {"workers", std::to_string(running_.engine().workers().size())},
                 {"labels", std::to_string(running_.tables().label_count())},
                 {"prefixes", std::to_string(running_.tables().prefixes().size())},
                 {"pages", running_.engine().pages()},
                 {"socket", server_.path()}});
        notify_systemd("READY=1\nSTATUS=forwarding");
        wait_for_signal();
        last_change_ = clock::now();
        keep_house();
        io_.run();
        notify_systemd("STOPPING=1");
        running_.stop(drain_patience);
        // Not before: it may have to wait for a name that is being looked up.
        overlay_.reset();
        if (options_.trace != 0) {
            print_traces(running_, std::cout);
        }
        if (options_.summary) {
            print_summary(running_, std::cout);
        }
        return {};
    }

private:
    void wait_for_signal() {
        signals_.async_wait([this](error_code failed, int signal) {
            if (failed) {
                return;
            }
            if (signal != SIGHUP) {
                return end(signal == SIGTERM ? "SIGTERM" : "SIGINT");
            }
            notify_systemd("RELOADING=1");
            const auto done = running_.reload();
            if (done) {
                io::log(io::log_level::notice, "reloaded",
                        {{"generation", std::to_string(running_.tables().generation())}});
            } else {
                io::log(io::log_level::error, "reload refused, the running tables stay",
                        {{"why", done.why().text()}});
            }
            notify_systemd("READY=1");
            wait_for_signal();
        });
    }

    result<void> listen_for_http() {
        if (running_.scion() == nullptr || running_.scion()->section.http.empty()) {
            return {};
        }
        pages_.emplace(io_, scion_pages(running_), http_limits{}, [](std::string_view why) {
            io::log(io::log_level::warning, "HTTP clients wait", {{"why", std::string(why)}});
        });
        return pages_->listen(running_.scion()->section.http);
    }

    result<void> start_overlay() {
        if (!running_.overlay()) {
            return {};
        }
        const auto chosen = overlay::settings_of(*running_.overlay(), running_.config_file());
        if (!chosen) {
            return chosen.why();
        }
        auto started =
            overlay_thread::start(io_, chosen.value(), [this](const overlay::link_state_event& e) {
                e.said ? running_.hear(*e.said) : running_.hear_down(e.node, e.down, e.version);
            });
        if (!started) {
            return started.why();
        }
        overlay_ = std::move(started).value();
        server_.use(overlay_.get());
        return {};
    }

    void keep_house() {
        running_.housekeeping();
        advertise();
        if (is_idle()) {
            return end("idle");
        }
        timer_.expires_after(housekeeping_interval);
        timer_.async_wait([this](error_code failed) {
            // The timer is that of the end, once there is one.
            if (!failed && !ending_) {
                keep_house();
            }
        });
    }

    // What the map says of this node, where feeds are to say so.
    void advertise() {
        const topology::advertisement* const own = running_.own_part();
        if (own == nullptr) {
            advertised_ = nullptr;  // another map may come to lie in its place
        } else if (overlay_ != nullptr &&
                   (own != advertised_ || own->version != advertised_version_)) {
            advertised_ = own;
            advertised_version_ = own->version;
            overlay_->advertise(*own);
        }
    }

    bool is_idle() {
        if (options_.until_idle == 0ms) {
            return false;
        }
        const std::uint64_t frames = running_.engine().frames_received();
        if (frames != last_frames_) {
            last_frames_ = frames;
            last_change_ = clock::now();
        }
        return clock::now() - last_change_ >= options_.until_idle;
    }

    // Lets what is queued for clients out, then ends the loop.
    void end(const std::string& why) {
        if (!ending_) {
            ending_ = true;
            io::log(io::log_level::notice, "stopping", {{"why", why}});
            timer_.expires_after(10ms);
            timer_.async_wait([this](error_code) {
                server_.close();
                server_.use(nullptr);
                pages_.reset();
                if (overlay_ != nullptr) {
                    overlay_->begin_stop();  // its packets may be ours to forward
                }
                signals_.cancel();
                io_.stop();
            });
        }
    }

    router& running_;
    const serve_options options_;
    asio::io_context io_{1};
    asio::signal_set signals_;
    asio::steady_timer timer_;
    std::unique_ptr<overlay_thread> overlay_;
    server server_;
    telemetry telemetry_;
    std::optional<http_listener> pages_;
    const topology::advertisement* advertised_ = nullptr;  // only to be compared
    std::uint64_t advertised_version_ = 0;
    std::uint64_t last_frames_ = 0;
    clock::time_point last_change_;
    bool ending_ = false;
};

}  // namespace

result<void> serve(router& running, const serve_options& options) {
    auto done = loop(running, options).run();
    // Ports and captures are closed next, which another signal must not cut short.
    for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
        static_cast<void>(std::signal(signal, SIG_IGN));
    }
    return done;
}

}  // namespace rhumb::api
