#include "controlplane/api/server.hh"

#include <algorithm>

#include "controlplane/api/connection.hh"
#include "controlplane/api/explain.hh"
#include "dataplane/io/log.hh"

namespace rhumb::api {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

constexpr std::chrono::milliseconds tap_interval{2};
// Records of a worker at a time: it may make them as fast as they are told, and others wait.
constexpr int most_a_turn = 64;

}  // namespace

server::server(asio::io_context& io, router& running, bool own_trace,
               std::function<void()> shut_down)
    : running_(running),
      own_trace_(own_trace),
      shut_down_(std::move(shut_down)),
      tap_timer_(io),
      lines_(
          io,
          [this](control::line_client::socket socket) {
              return std::make_shared<connection>(std::move(socket), *this);
          },
          [this](std::string_view what, const std::string& why) {
              io::log(io::log_level::warning, what, {{"why", why}, {"socket", lines_.path()}});
          }) {}

void server::close() {
    tap_timer_.cancel();
    lines_.close();
}

void server::forget(connection* gone) {
    watches_.remove_if([&](const watch& w) { return w.client == gone; });
    update_requests();
}

std::vector<std::string> server::port_names() const {
    std::vector<std::string> names;
    for (const auto& port : running_.engine().ports()) {
        names.push_back(port->name());
    }
    return names;
}

// What a watch that has ended left behind does not take the place of what the next one is for.
void server::forget_records(bool traces) {
    if (std::any_of(watches_.begin(), watches_.end(),
                    [&](const watch& w) { return w.is_trace == traces; })) {
        return;
    }
    const auto drain = [](auto& queue) {
        while (auto* const record = queue.pop()) {
            queue.give_back(record);
        }
    };
    for (const auto& w : running_.engine().workers()) {
        if (traces) {
            drain(w->tap().traces);
        } else {
            drain(w->tap().captures);
        }
    }
}

std::uint64_t server::missed(bool traces) const {
    std::uint64_t sum = 0;
    for (const auto& w : running_.engine().workers()) {
        sum += traces ? w->tap().traces.missed() : w->tap().captures.missed();
    }
    return sum;
}

std::optional<error> server::start_trace(connection& client, const json& id,
                                         const trace_request& wanted) {
    if (own_trace_) {
        return error{"this router runs with --trace, and tells at its end", {}};
    }
    if (std::any_of(watches_.begin(), watches_.end(), [](const watch& w) { return w.is_trace; })) {
        return error{"another client's trace is running; try again when it has ended", {}};
    }
    forget_records(true);
    io::tap_requests& taps = running_.engine().taps();
    std::int32_t port = -1;
    if (!wanted.port.empty()) {
        const auto number = running_.engine().port_number(wanted.port);
        if (!number) {
            return error{"there is no port \"" + wanted.port + "\"", {}};
        }
        port = *number;
    }
    taps.trace_port.store(port);
    taps.trace_label.store(wanted.label ? static_cast<std::int32_t>(*wanted.label) : -1);
    const std::uint32_t round = ++taps.round;
    // Before the workers begin, which may miss some at once.
    watches_.push_back({&client, id, true, round, 0, wanted.count, 0, missed(true)});
    taps.traces_left.store(io::tap_requests::traces_of(round, wanted.count));
    update_requests();
    return std::nullopt;
}

std::optional<error> server::start_capture(connection& client, const json& id,
                                           const capture_request& wanted) {
    const auto port = running_.engine().port_number(wanted.port);
    if (!port) {
        return error{"there is no port \"" + wanted.port + "\"", {}};
    }
    forget_records(false);
    const std::uint32_t round = ++running_.engine().taps().round;
    watches_.push_back({&client, id, false, round, *port, wanted.count, 0, missed(false)});
    update_requests();
    return std::nullopt;
}

// Tells the workers what is wanted, and keeps the timer running while anything is.
void server::update_requests() {
    io::tap_requests& taps = running_.engine().taps();
    std::uint64_t ports = 0;
    bool tracing = false;
    for (const watch& w : watches_) {
        tracing = tracing || w.is_trace;
        ports |= w.is_trace ? 0 : std::uint64_t{1} << w.port;
    }
    if (!tracing && !own_trace_) {
        taps.traces_left.store(0);
    }
    taps.capture_ports.store(ports);
    taps.active.store(own_trace_ || !watches_.empty());
    if (!watches_.empty() && !tap_timer_runs_) {
        tap_timer_runs_ = true;
        wait_for_taps(tap_interval);
    }
}

void server::wait_for_taps(std::chrono::milliseconds time) {
    tap_timer_.expires_after(time);
    tap_timer_.async_wait([this](error_code failed) {
        if (failed) {
            return;
        }
        collect_traces();
        collect_captures();
        tap_timer_runs_ = !watches_.empty();
        if (tap_timer_runs_) {
            wait_for_taps(has_records() ? std::chrono::milliseconds(0) : tap_interval);
        }
    });
}

bool server::has_records() const {
    const auto& all = running_.engine().workers();
    return std::any_of(all.begin(), all.end(), [&](const auto& w) {
        return w->tap().captures.has_filled() || (!own_trace_ && w->tap().traces.has_filled());
    });
}

void server::collect_traces() {
    if (own_trace_) {
        return;
    }
    const std::vector<std::string> names = port_names();
    for (const auto& w : running_.engine().workers()) {
        auto& queue = w->tap().traces;
        for (int n = 0; n < most_a_turn; ++n) {
            io::trace_record* const record = queue.pop();
            if (record == nullptr) {
                break;
            }
            const auto it =
                std::find_if(watches_.begin(), watches_.end(), [&](const watch& candidate) {
                    return candidate.is_trace && candidate.round == record->round;
                });
            if (it != watches_.end()) {
                ++it->done;
                it->client->send(event_line(it->id, trace_json(*record, running_.tables(), names)));
            }
            queue.give_back(record);
        }
    }
    const auto it =
        std::find_if(watches_.begin(), watches_.end(), [](const watch& w) { return w.is_trace; });
    if (it != watches_.end() && it->done + missed(true) - it->missed_before >= it->wanted) {
        finish(it);
    }
}

void server::collect_captures() {
    const std::vector<std::string> names = port_names();
    for (const auto& w : running_.engine().workers()) {
        auto& queue = w->tap().captures;
        for (int n = 0; n < most_a_turn; ++n) {
            io::capture_record* const record = queue.pop();
            if (record == nullptr) {
                break;
            }
            const std::string event = capture_json(*record, names).dump();
            // send() may close a client, which takes its watches off the list.
            std::vector<std::pair<connection*, std::string>> messages;
            for (watch& one : watches_) {
                if (!one.is_trace && one.round <= record->round && one.port == record->port &&
                    (one.wanted == 0 || one.done < one.wanted)) {
                    ++one.done;
                    messages.emplace_back(one.client, control::event_line_of(one.id, event));
                }
            }
            queue.give_back(record);
            for (auto& [client, line] : messages) {
                client->send(std::move(line));
            }
        }
    }
    for (auto it = watches_.begin(); it != watches_.end();) {
        const auto next = std::next(it);
        if (!it->is_trace && it->wanted != 0 && it->done >= it->wanted) {
            finish(it);
        }
        it = next;
    }
}

void server::finish(std::list<watch>::iterator ended) {
    const watch done = *ended;
    watches_.erase(ended);
    update_requests();
    const std::uint64_t lost = missed(done.is_trace) - done.missed_before;
    done.client->send(result_line(
        done.id, {{done.is_trace ? "traced" : "captured", done.done}, {"missed", lost}}));
    done.client->answered();
}

}  // namespace rhumb::api
