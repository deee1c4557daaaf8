// What forwarding tables hold, as text: two that say the same are equal, however they came about.
// Threads: any, as long as nobody changes the tables.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "controlplane/labels/fec.hh"
#include "controlplane/publish/forwarding.hh"

namespace rhumb::test {

// All labels and prefixes. Paths of a group come in any order: those that stay keep their places.
[[nodiscard]] inline std::string contents(const publish::forwarding& tables) {
    std::string text;
    const auto add = [&](const std::vector<publish::path_text>& paths) {
        std::vector<std::string> each;
        for (const publish::path_text& path : paths) {
            each.push_back(" " + path.nexthop + "*" + std::to_string(path.weight) + ">" +
                           std::to_string(path.out.value_or(0)));
            for (const mpls::label label : path.segments) {
                each.back() += "/" + std::to_string(label);
            }
        }
        std::sort(each.begin(), each.end());
        for (const std::string& one : each) {
            text += one;
        }
    };
    for (auto label = tables.next_label(0); label; label = tables.next_label(*label + 1)) {
        const publish::label_view rule = tables.label(*label);
        text += "\n" + std::to_string(*label) + " " +
                std::to_string(static_cast<int>(rule.entry.op())) + " " +
                std::to_string(rule.entry.op() == label_op::continue_ ? rule.entry.out() : 0);
        add(rule.paths);
    }
    for (const auto& [prefix, id] : tables.prefixes()) {
        text += "\n" + labels::to_text(prefix);
        add(tables.prefix(prefix).paths);
    }
    return text;
}

}  // namespace rhumb::test
