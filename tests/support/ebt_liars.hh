// Peers that do not keep to EBT, for simulated networks. They learn the feeds and heads that are
// mentioned to them. Threads: one.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "tests/support/ebt_network.hh"

namespace rhumb::overlay::ebt {

enum class lie : std::uint8_t {
    high_claims,  // has a thousand million of everything, and sends nothing
    withheld,     // says truly what others have, and sends nothing
    forks,        // sends messages that are not the author's
    flood,        // unknown feeds, messages that nobody wants, notes without end
};

class liar : public sim_node {
public:
    liar(std::string name, lie kind) : sim_node(std::move(name)), kind_(kind) {}

    void connected(const std::string& peer, bool is_client) override {
        if (!is_client) {
            say(peer, {});
        }
        open_[peer] = !is_client;
    }
    void disconnected(const std::string& peer) override {
        out_.erase(peer);
        open_.erase(peer);
    }
    void take(const std::string& peer, const sim_frame& frame) override {
        if (!std::exchange(open_[peer], true)) {
            say(peer, {});
        }
        for (const auto& [feed, value] : frame.notes) {
            const note_meaning said = decode_note(value);
            known_[feed] = std::max<std::int64_t>(known_[feed], said.sequence);
            answer(peer, feed, said);
        }
    }
    std::optional<sim_frame> give(const std::string& peer) override {
        auto& queue = out_[peer];
        if (queue.empty()) {
            return {};
        }
        sim_frame first = std::move(queue.front());
        queue.pop_front();
        return first;
    }
    bool work(test::dice& /*die*/) override { return false; }
    void tick(std::int64_t /*now*/) override {
        for (const std::string& peer : peers) {
            if (!open_[peer] || out_[peer].size() > 100) {
                continue;
            }
            for (const auto& [feed, head] : known_) {
                if (kind_ != lie::flood && kind_ != lie::forks) {
                    claim(peer, feed);
                }
            }
            for (int n = 0; kind_ == lie::flood && n < 20; ++n) {
                flood(peer);
            }
        }
    }

private:
    void say(const std::string& peer, sim_notes notes) {
        out_[peer].push_back({.message = {}, .notes = std::move(notes)});
    }
    void claim(const std::string& peer, const std::string& feed) {
        const std::int64_t head =
            kind_ == lie::withheld ? std::max<std::int64_t>(known_[feed], 0) : max_sequence;
        say(peer, {{feed, encode_note(head, false)}});
    }
    void answer(const std::string& peer, const std::string& feed, note_meaning said) {
        if (kind_ == lie::high_claims || kind_ == lie::withheld) {
            claim(peer, feed);
        } else if (kind_ == lie::forks && said.wants_messages) {
            say(peer, {{feed, encode_note(said.sequence + 3, false)}});
            for (std::int64_t n = 1; n <= 3; ++n) {
                out_[peer].push_back(
                    {.message = sim_message{feed, said.sequence + n, {.is_genuine = false}},
                     .notes = {}});
            }
        }
    }
    void flood(const std::string& peer) {
        ++flooded_;
        say(peer, {{"nobody" + std::to_string(flooded_), static_cast<std::int64_t>(flooded_ % 7)}});
        for (const auto& [feed, head] : known_) {
            out_[peer].push_back({.message = sim_message{feed, 1, {}}, .notes = {}});
            out_[peer].push_back({.message = sim_message{feed, max_sequence, {}}, .notes = {}});
            break;
        }
    }

    lie kind_;
    std::map<std::string, std::int64_t> known_;
    std::map<std::string, std::deque<sim_frame>> out_;
    std::map<std::string, bool> open_;
    std::uint64_t flooded_ = 0;
};

}  // namespace rhumb::overlay::ebt
