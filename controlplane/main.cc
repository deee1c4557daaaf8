// rhumbd: parse, check, open, serve.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <boost/program_options.hpp>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

#include "controlplane/api/overlay_check.hh"
#include "controlplane/api/router.hh"
#include "controlplane/api/serve.hh"
#include "rhumb/isa.hh"

namespace {

namespace po = boost::program_options;

constexpr int exit_failed = 1;
constexpr int exit_usage = 2;

constexpr const char* usage =
    "usage: rhumbd --config FILE [--check | --overlay-id]\n"
    "              [--until-idle MS] [--trace COUNT] [--summary] [-- EAL arguments]\n"
    "\n"
    "Forwards packets along the paths that they carry: SR-MPLS, SCION and IP, on DPDK ports.\n";

constexpr const char* epilogue =
    "\n"
    "What follows -- goes to DPDK, after rhumbd's own choices.\n"
    "SIGHUP reads the file again and swaps the tables under traffic; SIGTERM and SIGINT end with\n"
    "queues drained. rhumbctl talks to a running rhumbd.\n"
    "RHUMB_ISA=portable in the environment: no code for vector extensions of the processor.\n"
    "Exit status: 0 done, 1 the configuration or a device is bad, 2 wrong usage.\n";

struct arguments {
    std::string config;
    bool check = false;
    bool overlay_id = false;
    rhumb::api::serve_options serve;
    std::vector<std::string> eal;
};

// 0: go on; otherwise the exit status + 1.
int parse(int argc, char** argv, arguments& into) {
    po::options_description options("options");
    std::int64_t until_idle = 0;  // signed: -1 would otherwise be taken, as a very long time
    const auto idle_time = [](std::int64_t milliseconds) {
        if (milliseconds < 0) {
            throw po::error("--until-idle takes milliseconds");
        }
    };
    const auto trace_count = [](std::uint32_t count) {
        if (count > rhumb::io::most_traces) {
            throw po::error(fmt::format("--trace takes at most {}", rhumb::io::most_traces));
        }
    };
    options.add_options()("config,c", po::value(&into.config)->value_name("FILE"),
                          "configuration (TOML)")("check", po::bool_switch(&into.check),
                                                  "check the configuration and exit")(
        "overlay-id", po::bool_switch(&into.overlay_id),
        "tell the node's id in the overlay, and its addresses, and exit; makes the key")(
        "until-idle", po::value(&until_idle)->value_name("MS")->notifier(idle_time),
        "stop when no packet has come for this many milliseconds")(
        "trace", po::value(&into.serve.trace)->value_name("COUNT")->notifier(trace_count),
        "tell at the end what happened to the first packets, step by step")(
        "summary", po::bool_switch(&into.serve.summary), "tell at the end what was counted")(
        "help,h", "this text")("version", "version");

    std::vector<std::string> own;
    int n = 1;
    for (; n < argc && std::string(argv[n]) != "--"; ++n) {
        own.emplace_back(argv[n]);
    }
    for (++n; n < argc; ++n) {
        into.eal.emplace_back(argv[n]);
    }
    try {
        po::variables_map given;
        po::store(po::command_line_parser(own).options(options).positional({}).run(), given);
        po::notify(given);
        if (given.contains("help")) {
            std::cout << usage << '\n' << options << epilogue;
            return 1;
        }
        if (given.contains("version")) {
            std::cout << "rhumbd " RHUMB_VERSION "\n";
            return 1;
        }
    } catch (const po::error& wrong) {
        fmt::print(stderr, "rhumbd: {}\n\n{}", wrong.what(), usage);
        return exit_usage + 1;
    }
    if (into.config.empty()) {
        fmt::print(stderr, "rhumbd: --config FILE is missing\n\n{}", usage);
        return exit_usage + 1;
    }
    into.serve.until_idle = std::chrono::milliseconds(until_idle);
    return 0;
}

int fail(const rhumb::error& why) {
    fmt::print(stderr, "rhumbd: {}\n", why.text());
    return exit_failed;
}

int check(const std::string& config) {
    const auto checked = rhumb::api::router::check(config);
    if (!checked) {
        return fail(checked.why());
    }
    const auto& [file, labels, prefixes, notes] = checked.value();
    const auto overlay = rhumb::api::check_overlay(file);
    if (!overlay) {
        return fail(overlay.why());
    }
    for (const rhumb::error& warning : overlay.value().warnings) {
        fmt::print(stderr, "rhumbd: warning: {}\n", warning.text());
    }
    for (const rhumb::publish::note& one : notes) {
        fmt::print(stderr, "rhumbd: warning: not as the map has it: {}\n", one.text);
    }
    fmt::print("{}: good: {} ports, {} next hops, {} labels, {} prefixes\n", config,
               file.ports.size(), file.nexthops.size(), labels, prefixes);
    for (const std::string& note : overlay.value().notes) {
        fmt::print("overlay: {}\n", note);
    }
    return 0;
}

int tell_overlay_id(const std::string& config) {
    const auto lines = rhumb::api::prepare_overlay(config);
    if (!lines) {
        return fail(lines.why());
    }
    fmt::print("{}\n", fmt::join(lines.value(), "\n"));
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    arguments given;
    if (const int status = parse(argc, argv, given); status != 0) {
        return status - 1;
    }
    if (const char* const asked = std::getenv("RHUMB_ISA");
        asked != nullptr && !rhumb::isa_named(asked)) {
        fmt::print(stderr, "rhumbd: RHUMB_ISA is \"{}\": it must be one of {}\n", asked,
                   fmt::join(rhumb::isa_names, ", "));
        return exit_usage;
    }
    if (given.check) {
        return check(given.config);
    }
    if (given.overlay_id) {
        return tell_overlay_id(given.config);
    }
    auto opened = rhumb::api::router::open(given.config, given.eal);
    if (!opened) {
        return fail(opened.why());
    }
    const auto served = rhumb::api::serve(*opened.value(), given.serve);
    return served ? 0 : fail(served.why());
}
