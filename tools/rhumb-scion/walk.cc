// rhumb-scion walk: a packet through every router on its way, each of them Rhumb's own.
#include <fmt/format.h>

#include <iostream>
#include <nlohmann/json.hpp>

#include "controlplane/scion_paths/hex.hh"
#include "controlplane/scion_paths/packet_writer.hh"
#include "controlplane/scion_paths/walk_words.hh"
#include "controlplane/scion_paths/walker.hh"
#include "rhumb/wire/scion.hh"
#include "tools/rhumb-scion/packet_options.hh"
#include "tools/rhumbctl/table.hh"

namespace rhumb::scion::tool {

namespace {

using nlohmann::json;

struct walk_options {
    std::uint64_t number = 1;
    bool all = false;
    bool quiet = false;
    bool reply = false;
    std::vector<std::string> down;
};

// One walk, told.
class told_walk {
public:
    told_walk(const lab& in, const paths::walker& routers, paths::walk what)
        : in_(in), routers_(routers), walk_(std::move(what)) {}

    void print(std::ostream& to) const {
        unsigned number = 0;
        for (const paths::walk_step& step : walk_.steps) {
            to << fmt::format("\n{}  {}\n", ++number, paths::router_name(in_.of, step));
            for (const paths::word_line& line : paths::in_words(routers_, in_.keys, step)) {
                to << fmt::format("   {:<10} {}\n", line.what, line.text);
            }
        }
    }

    // "arrived at 10.8.1.100:31000 in 2-ff00:0:211, by 4 routers"
    [[nodiscard]] std::string outcome() const {
        if (walk_.steps.empty()) {  // the answer of the sender's own router
            return fmt::format("arrived at {}, by no other router",
                               paths::endpoint_text(walk_.host));
        }
        const paths::walk_step& last = walk_.steps.back();
        if (walk_.arrived) {
            return fmt::format("arrived at {} in {}, by {} routers",
                               paths::endpoint_text(walk_.host),
                               scion::to_string(in_.of.ases[last.as].ia), walk_.steps.size());
        }
        if (last.asked.task == slow_task::traceroute) {
            return fmt::format("answered by {}, a traceroute reply of interface {}",
                               paths::router_name(in_.of, last), last.asked.interface);
        }
        return fmt::format("refused by {}: {}", paths::router_name(in_.of, last),
                           text_of(last.reason).name);
    }

    [[nodiscard]] json as_json() const {
        json steps = json::array();
        for (const paths::walk_step& step : walk_.steps) {
            json said = json::array();
            for (const paths::word_line& line : paths::in_words(routers_, in_.keys, step)) {
                said.push_back({line.what, line.text});
            }
            json row{{"isd_as", scion::to_string(in_.of.ases[step.as].ia)},
                     {"router", in_.of.ases[step.as].routers[step.router].name},
                     {"forwarded", step.forwarded()},
                     {"before", paths::to_hex(step.before)},
                     {"after", paths::to_hex(step.after)},
                     {"words", said}};
            if (!step.forwarded()) {
                row["reason"] = text_of(step.reason).name;
            }
            steps.push_back(std::move(row));
        }
        return {{"arrived", walk_.arrived}, {"outcome", outcome()}, {"steps", steps}};
    }

    [[nodiscard]] const paths::walk& get() const { return walk_; }

private:
    const lab& in_;
    const paths::walker& routers_;
    paths::walk walk_;
};

// A packet's walk, what a router answered to it, and the way back of what the host answers.
class journey {
public:
    journey(const lab& in, paths::walker& routers, std::size_t from, std::size_t to,
            const paths::path& by, const packet_options& what, bool with_reply)
        : path_(by), made_(what.packet(in, from, to, by)) {
        const auto send = [&](std::size_t as, std::uint16_t interface,
                              const std::vector<byte>& scion) {
            const auto packet = routers.sent_by_host(as, interface, scion);
            return told_walk(in, routers, packet ? routers.carry(*packet) : paths::walk());
        };
        walks_.push_back({"the packet", send(from, by.interfaces.front().id, made_.scion)});
        const paths::walk& there = walks_.front().second.get();
        if (!there.arrived && !there.steps.empty() && !there.steps.back().answer.empty()) {
            walks_.push_back({"the router's answer",
                              told_walk(in, routers, routers.carry(there.steps.back().answer))});
        } else if (there.arrived && with_reply) {
            const auto answer = paths::answer_to(there.packet);
            if (!answer) {
                throw failure(exit_status::refused, answer.why().text());
            }
            walks_.push_back(
                {"the host's answer", send(to, by.interfaces.back().id, answer.value())});
        }
    }

    // Whether the packet, and the host's answer, arrived; a traceroute, that it was answered.
    [[nodiscard]] bool good() const {
        const paths::walk& first = walks_.front().second.get();
        const bool traced =
            !first.steps.empty() && first.steps.back().asked.task == slow_task::traceroute;
        return (first.arrived || traced) && walks_.back().second.get().arrived;
    }

    void print(std::size_t number, std::size_t count, bool with_answer) const {
        std::cout << fmt::format("path {} of {}: {}, {} hop fields, MTU {}\n  {}\n", number, count,
                                 kinds_of(path_), path_.hop_count(), path_.mtu,
                                 chain_of(path_.interfaces));
        std::cout << fmt::format("packet of {} bytes\n", made_.scion.size());
        for (const std::string& flip : made_.flipped) {
            std::cout << flip << '\n';
        }
        walks_.front().second.print(std::cout);
        std::cout << fmt::format("\n{}\n", walks_.front().second.outcome());
        if (walks_.size() > 1) {
            if (with_answer) {
                std::cout << "\n" << walks_.back().first << '\n';
                walks_.back().second.print(std::cout);
                std::cout << '\n';
            }
            std::cout << fmt::format("{}: {}\n", walks_.back().first,
                                     walks_.back().second.outcome());
        }
    }
    [[nodiscard]] std::string outcome() const {
        return walks_.front().second.outcome() +
               (walks_.size() > 1
                    ? fmt::format("; {}: {}", walks_.back().first, walks_.back().second.outcome())
                    : "");
    }
    [[nodiscard]] json as_json(std::size_t number) const {
        json row = walks_.front().second.as_json();
        row["path"] = number;
        row["interfaces"] = chain_of(path_.interfaces);
        row["flipped"] = made_.flipped;
        if (walks_.size() > 1) {
            row["answer"] = walks_.back().second.as_json();
            row["answer"]["from"] = walks_.back().first;
        }
        return row;
    }

private:
    const paths::path& path_;
    packet_options::made made_;
    std::vector<std::pair<std::string, told_walk>> walks_;
};

bool run(const lab& in, const words& names, const walk_options& how, const packet_options& what,
         bool as_json) {
    const std::size_t from = in.as_of(names[1]);
    const std::size_t to = in.as_of(names[2]);
    const auto found = in.paths_between(from, to);
    const auto routers = value_or_failure(paths::walker::make(in.of, in.keys, in.now_ms));
    for (const std::string& interface : how.down) {
        const auto at = in.interface_of(interface);
        routers->set_link(in.of.find(at.ia).value_or(0), at.id, false);
    }
    (void)choose_path(found, how.number);
    bool good = true;
    json rows = json::array();
    std::vector<ctl::text_table::row> cells;
    for (std::size_t n = how.all ? 1 : how.number; n <= (how.all ? found.size() : how.number);
         ++n) {
        const journey made(in, *routers, from, to, found[n - 1], what, how.reply);
        good = good && made.good();
        if (as_json) {
            rows.push_back(made.as_json(n));
        } else if (how.all || how.quiet) {
            cells.push_back({std::to_string(n), chain_of(found[n - 1].interfaces), made.outcome()});
        } else {
            made.print(n, found.size(), how.reply);
        }
    }
    if (as_json) {
        std::cout << rows.dump(1, ' ', true) << '\n';
    } else if (!cells.empty()) {
        std::cout << ctl::text_table({{"PATH", true}, {"INTERFACES"}, {"OUTCOME"}}).render(cells);
    }
    return good;
}

}  // namespace

exit_status walk(const words& line) {
    command_line given(
        "usage: rhumb-scion walk [OPTION...] NETWORK.toml FROM TO\n"
        "\n"
        "Sends a packet from the host of AS FROM to the one of AS TO, with Rhumb's own SCION "
        "stage\n"
        "as every router, and tells what each did: by which link the packet came, the hop field,\n"
        "what was checked, the MAC, SegID, the pointer, where it went; and at the end that it\n"
        "arrived, or who refused it and why.\n");
    lab_options how;
    packet_options what;
    walk_options walking;
    // clang-format off
    given.options.add_options()
        ("path", po::value(&walking.number)->value_name("N"), "by this one of `paths` (1)")
        ("all", po::bool_switch(&walking.all), "by all of them, a line each")
        ("quiet,q", po::bool_switch(&walking.quiet), "the outcome alone")
        ("reply", po::bool_switch(&walking.reply), "and the way back of what the host answers")
        ("down", po::value(&walking.down)->value_name("AS#IF"),
         "this interface's link is down; more than once");
    // clang-format on
    what.add_to(given.options);
    how.add_to(given.options, true);
    if (!given.parse(line, 3)) {
        return exit_status::done;
    }
    const auto in = make_lab(given.given()[0], how);
    return run(*in, given.given(), walking, what, how.as_json) ? exit_status::done
                                                               : exit_status::refused;
}

}  // namespace rhumb::scion::tool
