// rhumbctl: parse, connect, ask, show.
#include <fmt/format.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>
#include <system_error>

#include "tools/rhumb-path/network.hh"
#include "tools/rhumbctl/arguments.hh"
#include "tools/rhumbctl/client.hh"
#include "tools/rhumbctl/command.hh"
#include "tools/rhumbctl/completion.hh"
#include "tools/rhumbctl/connection.hh"
#include "tools/rhumbctl/failure.hh"
#include "tools/rhumbctl/load_view.hh"
#include "tools/rhumbctl/overlay.hh"
#include "tools/rhumbctl/show.hh"
#include "tools/rhumbctl/text.hh"
#include "tools/rhumbctl/view.hh"
#include "tools/rhumbctl/watching.hh"

namespace rhumb::ctl {
namespace {

std::string socket_for(const arguments& given) {
    if (given.socket) {
        return *given.socket;
    }
    // NOLINTNEXTLINE(concurrency-mt-unsafe): one thread
    const char* from_environment = std::getenv("RHUMB_SOCKET");
    if (!given.node && from_environment != nullptr && *from_environment != '\0') {
        return from_environment;
    }
    return find_socket(given.node);
}

// All of a file, unless it is more than a request can hold.
std::string read_file(const std::string& path) {
    std::ifstream file;
    errno = 0;
    if (path != "-") {
        file.open(path, std::ios::binary);
    }
    std::istream& from = path == "-" ? std::cin : file;
    std::string text;
    std::string part(std::size_t{1} << 16, '\0');
    while (from && text.size() <= max_line_bytes) {
        from.read(part.data(), std::ssize(part));
        text.append(part, 0, static_cast<std::size_t>(from.gcount()));
    }
    if (text.size() <= max_line_bytes && (!from.eof() || from.bad())) {
        throw failure(exit_status::file, fmt::format("{}: cannot read: {}", path,
                                                     std::generic_category().message(errno)));
    }
    return text;
}

// Turns SIGINT and SIGTERM into a descriptor that gets readable.
int interrupt_descriptor() {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    sigprocmask(SIG_BLOCK, &signals, nullptr);
    return signalfd(-1, &signals, SFD_CLOEXEC);
}

void print_done(const command& what, const json& result, bool as_json) {
    if (as_json) {
        std::cout << result.dump(-1, ' ', true) << '\n';
        return;
    }
    const auto generation = result.is_object() ? result.find("generation") : result.end();
    std::cout << printable(what.done)
              << (generation != result.end() ? ", generation " + printable(generation->dump()) : "")
              << '\n';
}

std::string name_of(const std::string& file) { return file == "-" ? "standard input" : file; }

// A refusal of single changes names lines of text that nobody has seen; one of a file, its own.
void call(client& router, command what, bool as_json) {
    const bool is_file = what.what == command::kind::apply;
    if (is_file) {
        what.params[what.file.ends_with(".csv") ? "labels_csv" : "toml"] = read_file(what.file);
        what.done = name_of(what.file) + " is applied";
    }
    try {
        print_done(what, router.call(what.method, what.params), as_json);
    } catch (const refusal& no) {
        error why = no.why();
        if (is_file && why.where.line != 0) {
            why.where.file = name_of(what.file);
        } else if (what.method == "apply") {
            why.where = {};
        }
        throw refusal(why);
    }
}

void write_file(const std::string& path, const std::string& text) {
    if (path == "-") {
        std::cout << text;
        return;
    }
    errno = 0;
    std::ofstream file(path, std::ios::binary);
    file << text;
    file.close();
    if (!file) {
        throw failure(exit_status::file, fmt::format("{}: cannot write: {}", path,
                                                     std::generic_category().message(errno)));
    }
}

// A message to the node's own feed.
void publish(client& node, command what, bool as_json) {
    if (!what.file.empty()) {
        what.params["json"] = read_file(what.file);
    }
    const json made = node.call(what.method, what.params);
    if (as_json) {
        std::cout << made.dump(-1, ' ', true) << '\n';
    } else {
        std::cout << printable(
            fmt::format("{} is published, sequence {}\n", value_text(member(made, "id")),
                        value_text(member(made, "sequence"))),
            keep::lines);
    }
}

// A feed without messages is no error, and nothing that a script would want to read.
void read_feed(client& node, const command& what, const arguments& given) {
    const json done = follow_events(node, what, given.as_json ? json_text : message_text,
                                    interrupt_descriptor(), std::cout);
    if (member(done, "read") == 0 && !given.as_json && !given.follow) {
        fmt::print(stderr, "rhumbctl: no messages {}of {} are here\n",
                   given.from ? "from " + printable(*given.from) + " on " : "",
                   printable(given.words[2]));
    }
}

// What rhumb-path says of the router's map.
exit_status ask_map(client& router, const command& what) {
    const path_tool::network_source from_router = [&router](const std::string& name) {
        return path_tool::read(topology_file(router), name);
    };
    const path_tool::words line(what.tool.begin() + 1, what.tool.end());
    return what.tool.front() == "path" ? path_tool::path(line, from_router)
                                       : path_tool::svg(line, from_router);
}

void print_load(const json& found, std::string (*in_words)(const json&), bool as_json) {
    std::cout << (as_json ? found.dump(1, ' ', true) + '\n' : in_words(found));
}

exit_status run(client& router, const command& what, const arguments& given) {
    using kind = command::kind;
    switch (what.what) {
        case kind::show:
            if (given.watch) {
                watch(router, what, given.limit, given.as_json, *given.watch, std::cout);
            }
            show(router, what, given.limit, given.as_json, nullptr, std::cout);
            break;
        case kind::trace: trace(router, what, given.as_json, std::cout, std::cerr); break;
        case kind::capture:
            capture(router, what, interrupt_descriptor(), isatty(STDERR_FILENO) != 0, std::cerr);
            break;
        case kind::read: read_feed(router, what, given); break;
        case kind::listen:
            (void)follow_events(router, what, given.as_json ? json_text : broadcast_text,
                                interrupt_descriptor(), std::cout);
            break;
        case kind::broadcast:
            print_load(router.call(what.method, what.params), sent_text, given.as_json);
            break;
        case kind::progress:
            show_progress(router, what, given.watch, isatty(STDOUT_FILENO) != 0, std::cout);
            break;
        case kind::publish: publish(router, what, given.as_json); break;
        case kind::map: return ask_map(router, what);
        case kind::report: print_load(load_report(router, what), report_text, given.as_json); break;
        case kind::plan:
            print_load(router.call(what.method, what.params), plan_text, given.as_json);
            break;
        case kind::save_map: write_file(what.file, topology_file(router)); break;
        default: call(router, what, given.as_json);
    }
    return exit_status::done;
}

exit_status run(const arguments& given) {
    if (given.help) {
        std::cout << help_text(given.words);
        return exit_status::done;
    }
    if (given.version) {
        std::cout << "rhumbctl " RHUMB_VERSION "\n";
        return exit_status::done;
    }
    const command what = parse_command(given);
    if (what.what == command::kind::completion) {
        std::cout << completion_script;
        return exit_status::done;
    }
    if (what.what == command::kind::capture && what.file == "-" && isatty(STDOUT_FILENO) != 0) {
        throw failure(exit_status::usage, "a capture is no text for a terminal; give a file");
    }
    client router(connection::open(socket_for(given), given.timeout), given.timeout);
    return run(router, what, given);
}

int main_status(int argc, char** argv) {
    try {
        const exit_status status = run(parse_arguments({argv + 1, argv + argc}));
        std::cout.flush();
        if (!std::cout) {
            throw failure(exit_status::file, "cannot write to standard output");
        }
        return static_cast<int>(status);
    } catch (const failure& why) {
        std::cout.flush();
        fmt::print(stderr, "rhumbctl: {}\n{}", printable(why.what()),
                   why.status() == exit_status::usage ? "(rhumbctl --help tells more)\n" : "");
        return static_cast<int>(why.status());
    }
}

}  // namespace
}  // namespace rhumb::ctl

int main(int argc, char** argv) {
    std::ios::sync_with_stdio(false);
    return argc > 0 ? rhumb::ctl::main_status(argc, argv) : 2;
}
