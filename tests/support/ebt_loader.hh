// Puts an EBT machine into a state that is written as the reference shows its own, and shows a
// machine's state in that form. Threads: one.
#pragma once

#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "controlplane/overlay/ebt/machine.hh"
#include "tests/support/ebt_host.hh"

namespace rhumb::overlay::ebt {

using ordered_json = nlohmann::ordered_json;  // the order of peers is that of their coming

struct machine_loader {
    // The state as it was when the event of time `now` came.
    static std::unique_ptr<machine> load(host& of, const ordered_json& state, std::int64_t now);
    // One event of the reference.
    static void apply(machine& m, const std::string& event, const ordered_json& argument);
    // What the driver took out between two steps (notes, messages, reads, arrivals) is taken out
    // here, too. False if there is too little of it.
    static bool follow(machine& m, const ordered_json& state);
    static ordered_json show(const machine& m);
    static stream stream_of(const machine& m, const std::string& peer);

private:
    static void load_peer(machine& m, const std::string& id, const ordered_json& state);
    static void load_notes(machine& m, peer& p, const ordered_json& notes);
    static void find_sources(machine& m);
};

}  // namespace rhumb::overlay::ebt
