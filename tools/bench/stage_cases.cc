#include "tools/bench/stage_cases.hh"

#include <algorithm>
#include <memory>
#include <random>

#include "rhumb/checksum.hh"
#include "rhumb/table/path.hh"
#include "rhumb/wire/ipv4.hh"
#include "rhumb/wire/ipv6.hh"
#include "rhumb/wire/mpls.hh"

namespace rhumb::bench {

namespace {

constexpr unsigned used_nexthops = 8;  // by random labels and prefixes

using config::operation;
using maker = std::function<frame(std::size_t)>;

// A random number for the n-th frame: the n-th output of SplitMix64 (Steele et al. 2014).
std::uint32_t roll(std::size_t n) {
    std::uint64_t z = (std::uint64_t{n} + 1) * 0x9e3779b97f4a7c15;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return static_cast<std::uint32_t>(z ^ z >> 31);
}

// Rules.

std::uint32_t via(config::rules& rules, unsigned first, unsigned count = 1) {
    config::path_list list;
    for (unsigned n = 0; n < count; ++n) {
        list.push_back({"n" + std::to_string((first + n) % nexthop_count), 1, {}});
    }
    return rules.intern(list);
}

config::label_rule& add_label(config::rules& rules, mpls::label label, operation op) {
    config::label_rule made;
    made.label = label;
    made.op = op;
    rules.labels.push_back(made);
    return rules.labels.back();
}

void add_swap(config::rules& rules, mpls::label label, std::uint32_t paths) {
    config::label_rule& rule = add_label(rules, label, operation::continue_);
    rule.out = label;
    rule.paths = paths;
}

config::segments segments(std::size_t count) {
    config::segments list;
    for (std::size_t n = 0; n < count; ++n) {
        list.push_back(static_cast<mpls::label>(16000 + n));
    }
    return list;
}

config::prefix_rule& add_prefix(config::rules& rules, const ip_prefix& match, unsigned hop) {
    config::prefix_rule made;
    made.match = match;
    made.paths = via(rules, hop);
    rules.prefixes.push_back(made);
    return rules.prefixes.back();
}

ip_prefix ipv4_prefix(std::uint32_t address, std::uint8_t length) {
    ip_prefix prefix{family::ipv4, length, {}};
    store_be32(prefix.address.data(), address);
    return prefix;
}

// Frames.

frame ethernet_frame(std::uint16_t type, std::size_t bytes = frame_bytes) {
    frame made(bytes);
    ethernet::write_header(made.data(), our_mac, {2, 0, 0, 0, 9, 9}, 0, type);
    return made;
}

// A UDP packet from `at` to the frame's end.
void put_ipv4(frame& into, std::size_t at, std::uint32_t destination, std::uint16_t source_port) {
    byte* const ip = into.data() + at;
    ip[0] = 0x45;
    store_be16(ip + 2, static_cast<std::uint16_t>(into.size() - at));
    ip[8] = 64;
    ip[9] = 17;
    store_be32(ip + 12, 0x0a000001);
    store_be32(ip + 16, destination);
    store_be16(ip + 10, checksum_of(ip, ipv4::min_header_bytes));
    if (at + 24 <= into.size()) {
        store_be16(ip + 20, source_port);
    }
}

frame ipv4_frame(std::uint32_t destination) {
    frame made = ethernet_frame(ethernet::type_ipv4);
    put_ipv4(made, ethernet::header_bytes, destination, 1000);
    return made;
}

frame ipv6_frame(std::uint64_t network) {
    frame made = ethernet_frame(ethernet::type_ipv6);
    byte* const ip = made.data() + ethernet::header_bytes;
    ip[0] = 0x60;
    store_be16(ip + 4, frame_bytes - ethernet::header_bytes - ipv6::header_bytes);
    ip[6] = 17;
    ip[7] = 64;
    store_be64(ip + 8, 0x20010db800000000);
    ip[23] = 1;
    store_be64(ip + 24, network);
    ip[39] = 1;
    return made;
}

frame labelled_frame(const std::vector<mpls::label>& labels, std::uint32_t destination = 0x0a020001,
                     std::uint16_t source_port = 1000) {
    std::size_t at = ethernet::header_bytes;
    frame made = ethernet_frame(ethernet::type_mpls,
                                std::max(frame_bytes, at + labels.size() * mpls::lse_bytes + 28));
    for (std::size_t n = 0; n < labels.size(); ++n, at += mpls::lse_bytes) {
        store_be32(made.data() + at, mpls::make(labels[n], 0, n + 1 == labels.size(), 64));
    }
    put_ipv4(made, at, destination, source_port);
    return made;
}

// Cases.

// `count` labels out of all, in random order, each swapped to itself.
maker random_swaps(config::rules& rules, std::size_t count) {
    auto all = std::make_shared<std::vector<mpls::label>>();
    for (mpls::label label = 24000; label < mpls::label_count; ++label) {
        all->push_back(label);
    }
    std::mt19937 dice(2);
    std::shuffle(all->begin(), all->end(), dice);
    all->resize(count);
    std::vector<std::uint32_t> paths;
    for (unsigned hop = 0; hop < used_nexthops; ++hop) {
        paths.push_back(via(rules, hop));
    }
    for (const mpls::label label : *all) {
        add_swap(rules, label, paths[label % used_nexthops]);
    }
    return [all](std::size_t n) { return labelled_frame({(*all)[roll(n) % all->size()]}); };
}

maker push_on_ipv4(config::rules& rules, std::size_t count) {
    add_prefix(rules, ipv4_prefix(0x0a020000, 16), 0).list = rules.intern(segments(count));
    return [](std::size_t) { return ipv4_frame(0x0a020001); };
}

// `count` random /24s, each with its packet.
maker random_ipv4(config::rules& rules, std::size_t count) {
    auto networks = std::make_shared<std::vector<std::uint32_t>>();
    std::mt19937 dice(3);
    for (std::size_t n = 0; n < count; ++n) {
        // 11.0.0.0 to 126.255.255.0, all different.
        networks->push_back(0x0b000000 + static_cast<std::uint32_t>(n * 7919 % 7602176) * 256);
        add_prefix(rules, ipv4_prefix(networks->back(), 24), dice() % used_nexthops);
    }
    return [networks](std::size_t n) {
        return ipv4_frame((*networks)[roll(n) % networks->size()] + 1);
    };
}

maker one_ipv6(config::rules& rules) {
    ip_prefix prefix{family::ipv6, 48, {}};
    store_be64(prefix.address.data(), 0x20010db800020000);
    add_prefix(rules, prefix, 0);
    return [](std::size_t) { return ipv6_frame(0x20010db800020001); };
}

// Flows over `count` equal paths.
maker swap_over(config::rules& rules, unsigned count) {
    add_swap(rules, 24001, via(rules, 0, count));
    return [](std::size_t n) {
        return labelled_frame({24001}, 0x0a020001, static_cast<std::uint16_t>(n));
    };
}

// `count` segments that all end here, then an IPv4 packet.
maker next_after_next(config::rules& rules, std::size_t count) {
    std::vector<mpls::label> stack;
    for (std::size_t n = 0; n < count; ++n) {
        stack.push_back(static_cast<mpls::label>(24001 + n));
        add_label(rules, stack.back(), operation::next);
    }
    add_prefix(rules, ipv4_prefix(0x0a020000, 16), 0);
    return [stack](std::size_t) { return labelled_frame(stack); };
}

// Labels to swap, to pop and unknown ones; IPv4, IPv6; other ethertypes; frames for others.
maker mixed(config::rules& rules) {
    add_swap(rules, 24001, via(rules, 1));
    add_label(rules, 24002, operation::next);
    add_prefix(rules, ipv4_prefix(0x0a020000, 16), 2);
    (void)one_ipv6(rules);
    return [](std::size_t n) {
        switch (roll(n) % 8) {
            case 0:
            case 1: return labelled_frame({24001});
            case 2: return labelled_frame({24002});
            case 3:
            case 4: return ipv4_frame(0x0a020001);
            case 5: return ipv6_frame(0x20010db800020001);
            case 6: return labelled_frame({24003});
            default: return ethernet_frame(static_cast<std::uint16_t>(roll(n)));
        }
    };
}

}  // namespace

std::vector<stage_case> stage_cases() {
    std::vector<stage_case> cases;
    const auto add = [&](std::string name, std::function<maker(config::rules&)> make) {
        cases.push_back({std::move(name), std::move(make)});
    };
    for (const std::size_t count :
         {std::size_t{1}, std::size_t{10000}, std::size_t{100000}, std::size_t{1000000}}) {
        add("swap, " + std::to_string(count) + (count == 1 ? " label" : " random labels"),
            [count](config::rules& rules) { return random_swaps(rules, count); });
    }
    add("swap the top of two", [](config::rules& rules) -> maker {
        add_swap(rules, 24001, via(rules, 0));
        return [](std::size_t) { return labelled_frame({24001, 24002}); };
    });
    add("pop to IPv4 (PHP)", [](config::rules& rules) -> maker {
        add_label(rules, 24001, operation::pop).paths = via(rules, 0);
        return [](std::size_t) { return labelled_frame({24001}); };
    });
    add("next, then swap", [](config::rules& rules) -> maker {
        add_label(rules, 24001, operation::next);
        add_swap(rules, 24002, via(rules, 0));
        return [](std::size_t) { return labelled_frame({24001, 24002}); };
    });
    add("next, then IPv4 lookup", [](config::rules& rules) -> maker {
        add_label(rules, 24001, operation::next);
        add_prefix(rules, ipv4_prefix(0x0a020000, 16), 0);
        return [](std::size_t) { return labelled_frame({24001}); };
    });
    for (const std::size_t count : {1UL, 3UL, 10UL}) {
        add("push " + std::to_string(count) + " on IPv4",
            [count](config::rules& rules) { return push_on_ipv4(rules, count); });
    }
    add("binding SID of 3", [](config::rules& rules) -> maker {
        config::label_rule& rule = add_label(rules, 24001, operation::push);
        rule.paths = via(rules, 0);
        rule.list = rules.intern(segments(3));
        return [](std::size_t) { return labelled_frame({24001}); };
    });
    add("IPv4, 1 prefix", [](config::rules& rules) { return random_ipv4(rules, 1); });
    add("IPv4, 100000 prefixes", [](config::rules& rules) { return random_ipv4(rules, 100000); });
    add("IPv6, 1 prefix", one_ipv6);
    add("swap over 8 paths", [](config::rules& rules) { return swap_over(rules, 8); });
    add("mixed", mixed);
    cases.back().all_forwarded = false;
    for (stage_case& one : scion_cases()) {
        cases.push_back(std::move(one));
    }
    return cases;
}

std::vector<stage_case> scaling_cases() {
    std::vector<stage_case> cases;
    for (std::size_t count = 1; count <= 1000000; count *= 10) {
        cases.push_back({"labels " + std::to_string(count),
                         [count](config::rules& rules) { return random_swaps(rules, count); }});
    }
    for (unsigned count = 1; count <= nexthop_count; count *= 2) {
        cases.push_back({"paths " + std::to_string(count),
                         [count](config::rules& rules) { return swap_over(rules, count); }});
    }
    for (std::size_t count = 1; count <= max_segments; ++count) {
        cases.push_back({"push " + std::to_string(count),
                         [count](config::rules& rules) { return push_on_ipv4(rules, count); }});
    }
    for (std::size_t count = 1; count <= 8; ++count) {
        cases.push_back({"next " + std::to_string(count),
                         [count](config::rules& rules) { return next_after_next(rules, count); }});
    }
    return cases;
}

}  // namespace rhumb::bench
