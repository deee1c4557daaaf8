#include "controlplane/routing/merge.hh"

#include <utility>
#include <vector>

namespace rhumb::routing {

void add_to(config::file& file, const publish::computed_tables& computed) {
    file.nexthops.insert(file.nexthops.end(), computed.nexthops.begin(), computed.nexthops.end());
    config::rules& into = file.rules;
    const config::rules& from = computed.rules;
    std::vector<std::uint32_t> paths;
    std::vector<std::uint32_t> lists;
    paths.reserve(from.path_lists.size());
    lists.reserve(from.segment_lists.size());
    const auto moved = [](std::uint32_t number, const std::vector<std::uint32_t>& numbers) {
        return number == config::none ? config::none : numbers[number];
    };
    for (const config::segments& list : from.segment_lists) {
        lists.push_back(into.intern(config::segments(list)));
    }
    for (config::path_list list : from.path_lists) {
        for (config::path& path : list) {
            path.list = moved(path.list, lists);
        }
        paths.push_back(into.intern(std::move(list)));
    }
    into.labels.reserve(into.labels.size() + from.labels.size());
    for (config::label_rule rule : from.labels) {
        rule.paths = moved(rule.paths, paths);
        rule.list = moved(rule.list, lists);
        into.labels.push_back(rule);
    }
    into.prefixes.reserve(into.prefixes.size() + from.prefixes.size());
    for (config::prefix_rule rule : from.prefixes) {
        rule.paths = moved(rule.paths, paths);
        rule.list = moved(rule.list, lists);
        into.prefixes.push_back(rule);
    }
}

}  // namespace rhumb::routing
