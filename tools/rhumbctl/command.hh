// From words to what is to be done: a request, and what to make of its answer. Threads: any.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tools/rhumbctl/arguments.hh"

namespace rhumb::ctl {

struct command {
    enum class kind {
        show,
        call,   // one request, and `done` when it is answered
        apply,  // a call whose `toml` is the text of `file`
        trace,
        capture,  // into `file`
        completion,
        map,        // `tool` about the router's map
        save_map,   // into `file`
        publish,    // a call whose `json` is the text of `file`, or `params.json`
        read,       // messages of a feed, one by one
        listen,     // messages that are broadcast, one by one
        broadcast,  // a call that is answered by how far it went
        progress,   // how far the overlay is, as a bar
        report,     // of the network's controller
        plan,       // a call that is answered by moves of policies
    };
    kind what = kind::call;
    std::string method;
    nlohmann::json params = nlohmann::json::object();
    std::string file;  // - for standard input or output
    std::string done;
    // A line of rhumb-path. The map has no file: its name there is map_name.
    std::vector<std::string> tool{};
};

inline constexpr const char* map_name = "the router's map";

// Throws failure{usage}.
[[nodiscard]] command parse_command(const arguments& given);

}  // namespace rhumb::ctl
