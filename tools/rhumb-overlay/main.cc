// rhumb-overlay: the overlay service alone: parse, open, serve until a signal.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/program_options.hpp>
#include <csignal>
#include <cstdio>
#include <iostream>
#include <string>

#include "controlplane/config/overlay_file.hh"
#include "controlplane/control/line_server.hh"
#include "controlplane/control/messages.hh"
#include "controlplane/control/systemd.hh"
#include "controlplane/overlay/service/own_key.hh"
#include "controlplane/overlay/service/service.hh"

namespace rhumb::overlay {
namespace {

namespace po = boost::program_options;

constexpr int exit_failed = 1;
constexpr int exit_usage = 2;
constexpr std::size_t most_unsent = std::size_t{4} << 20;

constexpr const char* usage =
    "usage: rhumb-overlay --config FILE [--check | --id]\n"
    "\n"
    "Replicates signed feeds with peers (Epidemic Broadcast Trees), without a data plane.\n"
    "rhumbctl overlay talks to it over its control socket.\n";
constexpr const char* epilogue =
    "\n"
    "The file has the section [overlay], and [node] name and [runtime] socket as for rhumbd\n"
    "(docs/overlay.md). SIGTERM and SIGINT end it; peers are told. What happens goes to standard\n"
    "error. Exit status: 0 done, 1 the configuration, a file or an address is bad, 2 wrong "
    "usage.\n";

struct arguments {
    std::string config;
    bool check = false;
    bool id = false;
};

// 0: go on; otherwise the exit status + 1.
int parse(int argc, char** argv, arguments& into) {
    po::options_description options("options");
    options.add_options()("config,c", po::value(&into.config)->value_name("FILE"),
                          "configuration (TOML)")("check", po::bool_switch(&into.check),
                                                  "check the configuration and exit")(
        "id", po::bool_switch(&into.id),
        "tell the node's id, and its addresses, and exit; makes the key")("help,h", "this text")(
        "version", "version");
    try {
        po::variables_map given;
        po::store(po::command_line_parser(argc, argv).options(options).positional({}).run(), given);
        po::notify(given);
        if (given.contains("help")) {
            std::cout << usage << '\n' << options << epilogue;
            return 1;
        }
        if (given.contains("version")) {
            std::cout << "rhumb-overlay " RHUMB_VERSION "\n";
            return 1;
        }
    } catch (const po::error& wrong) {
        fmt::print(stderr, "rhumb-overlay: {}\n\n{}", wrong.what(), usage);
        return exit_usage + 1;
    }
    if (into.config.empty()) {
        fmt::print(stderr, "rhumb-overlay: --config FILE is missing\n\n{}", usage);
        return exit_usage + 1;
    }
    return 0;
}

int fail(const error& why) {
    fmt::print(stderr, "rhumb-overlay: {}\n", why.text());
    return exit_failed;
}

void tell(std::string_view what, const std::string& about) {
    fmt::print(stderr, "rhumb-overlay: {}{}{}\n", what, about.empty() ? "" : " ", about);
}

// A client of the control socket: all it asks, the service answers.
class local_client final : public control::line_client {
public:
    local_client(socket connected, control::line_server& owner, service& asked,
                 std::function<void()> shut_down)
        : line_client(std::move(connected), owner),
          service_(asked),
          shut_down_(std::move(shut_down)) {}

private:
    std::optional<std::string> on_line(std::string_view line) override {
        const auto asked = control::parse_request(line);
        if (!asked) {
            return control::error_line(nullptr, asked.why());
        }
        const control::request& wanted = asked.value();
        if (wanted.method == "shutdown") {
            shut_down_();
            return control::result_line(wanted.id, control::json::object());
        }
        // The answer may come at once, while this line is still being taken.
        struct exchange {
            bool is_within = true;
            std::optional<std::string> line;
        };
        const auto state = std::make_shared<exchange>();
        const std::weak_ptr<line_client> self = weak_from_this();
        service_.request(wanted.method, wanted.params,
                         {[self, state, id = wanted.id](const result<control::json>& answer) {
                              std::string text = answer ? control::result_line(id, answer.value())
                                                        : control::error_line(id, answer.why());
                              if (state->is_within) {
                                  state->line = std::move(text);
                              } else if (const auto to = self.lock()) {
                                  to->send(std::move(text));
                                  to->answered();
                              }
                          },
                          [self, id = wanted.id](std::string_view event) {
                              const auto to = self.lock();
                              if (to && to->is_open()) {
                                  to->send(control::event_line_of(id, event));
                              }
                              return to && to->is_open();
                          },
                          [self] {
                              const auto to = self.lock();
                              return !to || to->unsent() < most_unsent;
                          }});
        state->is_within = false;
        return std::move(state->line);
    }

    service& service_;
    std::function<void()> shut_down_;
};

class program {
public:
    result<void> run(const config::overlay_file& file, const service_settings& chosen) {
        auto opened = service::open(io_, chosen, tell);
        if (!opened) {
            return opened.why();
        }
        service_ = std::move(opened).value();
        service_->on_link_state([](const link_state_event& event) {
            const std::string which = event.node + ", version " + std::to_string(event.version);
            event.said ? tell("link state of", which)
                       : tell("link " + event.down + " is said to be down, of", which);
        });
        control::line_server server(
            io_,
            [&](control::line_client::socket socket) {
                return std::make_shared<local_client>(std::move(socket), server, *service_,
                                                      [this] { stop(); });
            },
            tell);
        const std::string& socket = file.runtime.socket;
        if (auto done =
                server.listen(socket.empty() ? control::default_socket(file.node.name) : socket);
            !done) {
            return done;
        }
        tell_who(service_->peers().listening(), service_->id(), tell);
        tell("control socket is", server.path());
        control::notify_systemd("READY=1");
        signals_.async_wait([this](boost::system::error_code failed, int) {
            if (!failed) {
                stop();
            }
        });
        service_->run();
        control::notify_systemd("STOPPING=1");
        return {};
    }

private:
    void stop() {
        service_->stop([this] { io_.stop(); });
    }

    boost::asio::io_context io_{1};
    boost::asio::signal_set signals_{io_, SIGINT, SIGTERM};
    std::unique_ptr<service> service_;
};

int check(const std::string& config, const service_settings& chosen) {
    const auto key = look_at_own_key(chosen);
    if (!key) {
        return fail(key.why());
    }
    fmt::print("{}: good: {} addresses to listen on, {} peers, {} feeds\n", config,
               chosen.listen.size(), chosen.peers.size(), chosen.follow.size());
    for (const std::string& note : notes_of(key.value())) {
        fmt::print("{}\n", note);
    }
    return 0;
}

int tell_id(const service_settings& chosen) {
    const auto lines = prepare_own_key(chosen);
    if (!lines) {
        return fail(lines.why());
    }
    fmt::print("{}\n", fmt::join(lines.value(), "\n"));
    return 0;
}

int main_status(int argc, char** argv) {
    arguments given;
    if (const int status = parse(argc, argv, given); status != 0) {
        return status - 1;
    }
    const auto file = config::load_overlay(given.config);
    if (!file) {
        return fail(file.why());
    }
    const auto chosen = settings_of(file.value().overlay, given.config);
    if (!chosen) {
        return fail(chosen.why());
    }
    if (given.check) {
        return check(given.config, chosen.value());
    }
    if (given.id) {
        return tell_id(chosen.value());
    }
    std::signal(SIGPIPE, SIG_IGN);
    const auto done = program().run(file.value(), chosen.value());
    return done ? 0 : fail(done.why());
}

}  // namespace
}  // namespace rhumb::overlay

int main(int argc, char** argv) { return rhumb::overlay::main_status(argc, argv); }
