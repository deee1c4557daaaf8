#include "tools/rhumb-scion/lab.hh"

#include <fmt/format.h>

#include <chrono>
#include <iostream>
#include <sstream>

#include "tools/rhumbctl/options.hh"

namespace rhumb::scion::tool {

namespace {

std::uint64_t wall_clock() {
    using namespace std::chrono;
    return static_cast<std::uint64_t>(
        duration_cast<seconds>(system_clock::now().time_since_epoch()).count());
}

// Minus signs would be taken, as very large numbers.
auto optional_number(std::optional<std::uint64_t>& to, const char* name) {
    return [&to, name](const std::string& text) {
        const auto number = parse_digits(text, 10, ~std::uint64_t{0} >> 1);
        if (!number) {
            throw po::error(fmt::format("--{} takes a number, not {}", name, text));
        }
        to = number;
    };
}

}  // namespace

bool command_line::parse(const words& line, std::size_t word_count) {
    options.add_options()("help,h", "this text");
    po::options_description all;
    all.add(options).add_options()("words", po::value(&words_));
    map_ = ctl::read_line(all, line);
    if (map_.contains("help")) {
        std::cout << usage_ << '\n' << options;
        return false;
    }
    if (words_.size() != word_count) {
        throw failure(exit_status::usage,
                      fmt::format("{} words are given, and {} wanted: {}", words_.size(),
                                  word_count, usage_.substr(0, usage_.find('\n'))));
    }
    return true;
}

void lab_options::add_to(po::options_description& options, bool with_segments) {
    const auto text = [] { return po::value<std::string>(); };
    options.add_options()("seed", text()->value_name("N")->notifier(optional_number(seed, "seed")),
                          "keys and segment ids that the file leaves open follow from this number; "
                          "without it they are random");
    options.add_options()("keys", po::value(&keys)->value_name("FOLDER"),
                          "take the keys that make left there");
    if (with_segments) {
        options.add_options()(
            "time", text()->value_name("SECONDS")->notifier(optional_number(time, "time")),
            "since 1970: what the clock is to say (default: the real one)");
        options.add_options()("longest", po::value(&most_ases)->value_name("N"),
                              "ASes in a segment (10)");
    }
    options.add_options()("json", po::bool_switch(&as_json), "for machines");
}

std::size_t lab::as_of(const std::string& text) const {
    const auto ia = parse_isd_as(text);
    const auto found = ia ? of.find(*ia) : std::nullopt;
    if (!found) {
        std::string known;
        for (const paths::network_as& as : of.ases) {
            known += ' ' + scion::to_string(as.ia);
        }
        throw failure(exit_status::usage,
                      fmt::format("{} is no AS of the network; it has{}", text, known));
    }
    return *found;
}

std::vector<paths::path> lab::paths_between(std::size_t from, std::size_t to) const {
    const auto found = segments.look_up(of.ases[from].ia, of.ases[to].ia);
    return paths::combine(of.ases[from].ia, of.ases[to].ia, found.ups, found.cores, found.downs);
}

paths::path_interface lab::interface_of(const std::string& text) const {
    const std::size_t hash = text.find('#');
    const std::size_t as = as_of(text.substr(0, hash));
    const auto id = hash == std::string::npos
                        ? std::nullopt
                        : parse_digits(std::string_view(text).substr(hash + 1), 10, 0xffff);
    if (!id || !of.side(as, static_cast<std::uint16_t>(*id))) {
        throw failure(exit_status::usage, fmt::format("{} is no interface of the network, as in {}",
                                                      text, paths::to_string(of.ases[as].ia, 1)));
    }
    return {of.ases[as].ia, static_cast<std::uint16_t>(*id)};
}

std::unique_ptr<lab> make_lab(const std::string& file, const lab_options& how) {
    auto made = std::make_unique<lab>();
    made->of = value_or_failure(paths::load_network(file));
    made->keys = value_or_failure(paths::make_keys(made->of, how.seed, how.keys));
    const std::uint64_t now = how.time.value_or(wall_clock());
    if (now > 0xffffffff) {
        throw failure(exit_status::usage, "--time is beyond what a segment's timestamp can say");
    }
    made->now_ms = now * 1000;
    paths::beacon_options beacons;
    beacons.timestamp = static_cast<std::uint32_t>(now);
    beacons.most_ases = how.most_ases;
    beacons.seed = how.seed;
    made->segments = value_or_failure(paths::make_segments(made->of, made->keys, beacons));
    return made;
}

std::string chain_of(const std::vector<paths::path_interface>& interfaces) {
    std::string text;
    for (std::size_t n = 0; n + 1 < interfaces.size(); n += 2) {
        text += n == 0 ? scion::to_string(interfaces[n].ia) : std::string();
        text += fmt::format("#{} > {}#{}", interfaces[n].id, interfaces[n + 1].id,
                            scion::to_string(interfaces[n + 1].ia));
    }
    return text;
}

std::string kinds_of(const paths::path& p) {
    std::string text;
    for (std::size_t n = 0; n < p.parts.size(); ++n) {
        text += n == 0 ? "" : p.parts[n].peering ? " ~ " : " + ";
        text += paths::to_string(p.parts[n].kind);
    }
    return text;
}

}  // namespace rhumb::scion::tool
