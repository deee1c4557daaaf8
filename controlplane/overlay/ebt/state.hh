// What can be seen of a machine: its state under the reference's names, and its progress.
// Threads: any; these are values.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace rhumb::overlay::ebt {

// What is reached when current == total. It is counted over all peers; a claim beyond
// options.claimed_lead does not count.
struct progress_view {
    std::int64_t start = 0;
    std::int64_t current = 0;
    std::int64_t total = 0;
};

struct replication_view {
    bool tx = false;
    bool rx = false;
    std::optional<std::int64_t> sent;  // none: not heard yet; -1: the peer does not replicate it
    std::int64_t requested = 0;
    bool is_source = false;  // not in the reference: rx is on, and it is this peer that counts

    friend bool operator==(const replication_view&, const replication_view&) = default;
};

using message_name = std::pair<std::string, std::int64_t>;  // author, sequence

struct peer_view {
    bool is_client = false;
    bool is_blocked = false;
    std::optional<std::map<std::string, std::int64_t>> clock;  // none: not loaded
    std::optional<std::int64_t> active;
    std::vector<message_name> messages;
    std::vector<std::string> retrieve;
    std::optional<std::map<std::string, std::int64_t>> notes;
    std::optional<std::map<std::string, replication_view>>
        replicating;  // none: client, heard nothing
    std::uint64_t entries_received = 0;
};

struct state_view {
    std::string id;
    std::map<std::string, std::int64_t> clock;
    std::map<std::string, bool> follows;
    std::map<std::string, std::set<std::string>> blocks;
    std::map<std::string, peer_view> peers;
    std::vector<std::pair<std::string, message_name>> receive;  // from whom, what
};

}  // namespace rhumb::overlay::ebt
