// The stream of ebt.replicate on a connection: opened by who has dialled, and without it the
// connection is of no use to him.
#include <utility>

#include "controlplane/overlay/service/connection.hh"

namespace rhumb::overlay {

using boost::system::error_code;

namespace {

constexpr std::chrono::milliseconds announce_delay{60};     // of notes that can wait for others
constexpr std::size_t notes_bytes = std::size_t{64} << 10;  // of one frame that we send
constexpr std::size_t most_notes_a_turn = std::size_t{32} << 10;  // bytes
// Of what is no message, too: a message costs as much as so many bytes of notes, about 64 of them.
constexpr std::size_t note_bytes_a_message = 4096;
constexpr std::size_t largest_notes = std::size_t{4} << 20;

// The arguments of ebt.replicate: what is asked for, or why that is none of ours.
struct replicate_call {
    int version = 0;
    std::string error;
};
replicate_call read_arguments(const incoming_call& call) {
    if (!call.arguments || call.arguments->size() == 0) {
        return {0, "expected ebt.replicate({version: 3})"};
    }
    const json_value options = (*call.arguments)[0];
    if (const auto format = options.find_text("format"); format && *format != "classic") {
        return {0, "Unknown format: " + std::string(*format)};
    }
    const auto version = options.find("version");
    if (!version || !version->is(json_kind::number) || version->number() != 3) {
        return {0, "expected ebt.replicate({version: 3})"};
    }
    return {3, {}};
}

}  // namespace

void connection::call_replication() {
    const stream_id id = link_.calls().open(call_type::duplex, "ebt.replicate",
                                            R"([{"version":3,"format":"classic"}])", largest_notes);
    open_replication(id, 3);
}

void connection::answer_replicate(const incoming_call& call) {
    const replicate_call asked = read_arguments(call);
    if (!asked.error.empty()) {
        link_.calls().fail(call.id, asked.error);
        return;
    }
    link_.calls().allow(call.id, largest_notes);
    open_replication(call.id, asked.version);
}

void connection::open_replication(stream_id id, int version) {
    // A newer stream ends the older one. Of another connection the replicator does so, by end().
    if (replication_) {
        link_.calls().fail(ebt_, "reconnected to peer");
        stop_replication();
    }
    ebt_ = id;
    const bool is_caller = id > 0;
    const auto opened = feeds_.open(peer_, version, is_caller, *this);
    if (!opened) {
        ebt_ = 0;
        link_.calls().fail(id, opened.why().message);
        return;
    }
    if (ebt_ == id) {  // it may have been ended at once
        replication_ = opened.value();
    }
}

void connection::stop_replication() {
    backlog_.clear();
    if (const auto stream = std::exchange(replication_, std::nullopt)) {
        ebt_ = 0;
        feeds_.close(*stream);
    }
}

void connection::take_replication(body_type type, std::string_view body) {
    if (type != body_type::json) {
        link_.calls().fail(ebt_, "frames of ebt.replicate must be JSON");
        return stream_ended();
    }
    // Notes cost, too, and many in one frame more.
    const bool is_message = begins_message(body);
    budget_.spend(budget::messages, 1 + (is_message ? 0 : body.size() / note_bytes_a_message));
    if (is_busy_) {
        backlog_.emplace_back(body);
    } else {
        take_frame(body);
    }
}

void connection::take_frame(std::string_view json) {
    if (json.size() > most_notes_a_turn && !begins_message(json)) {
        is_busy_ = true;
        feeds_.notes(*replication_, json,
                     [self = shared_from_this(), of = *replication_](const result<void>& how) {
                         self->is_busy_ = false;
                         if (self->replication_ == of) {
                             self->frame_taken(how);
                         }
                         self->take_backlog();
                     });
        return;
    }
    const std::size_t before = feeds_.waiting_for_verifiers();
    const auto taken = feeds_.frame(*replication_, json);
    const std::size_t after = feeds_.waiting_for_verifiers();
    budget_.spend(budget::verifies, after > before ? after - before : 0);
    frame_taken(taken);
}

void connection::frame_taken(const result<void>& how) {
    if (!how && replication_) {
        link_.calls().fail(ebt_, how.why().message);
        stream_ended();
        write_soon();
    }
}

void connection::take_backlog() {
    while (!backlog_.empty() && !is_busy_ && replication_) {
        const std::string first = std::move(backlog_.front());
        backlog_.pop_front();
        take_frame(first);
    }
}

// Only the client opens the stream: without it, the connection is of no use to him, and he dials
// anew.
void connection::stream_ended() {
    stop_replication();
    if (is_client_ && !is_closing_) {
        close("the stream of feeds has ended");
    }
}

// What the replicator sends.

void connection::send_message(const message_text& text) {
    link_.calls().send(ebt_, body_type::json, *text);
    write_soon();
}

void connection::send_notes(std::span<const note_entry> notes) {
    do {
        notes_text_.clear();
        notes = notes.subspan(append_notes(notes_text_, notes, notes_bytes));
        link_.calls().send(ebt_, body_type::json, notes_text_);
    } while (!notes.empty());
    write_soon();
}

void connection::end(ebt::end_reason why) {
    backlog_.clear();
    replication_.reset();
    const stream_id id = std::exchange(ebt_, 0);
    if (why == ebt::end_reason::reconnected) {
        link_.calls().fail(id, "reconnected to peer");
    } else {
        link_.calls().end(id);
    }
    write_soon();
}

void connection::flush_later() {
    if (std::exchange(flush_is_due_, true)) {
        return;
    }
    flush_timer_.expires_after(announce_delay);
    flush_timer_.async_wait([self = shared_from_this()](error_code cancelled) {
        self->flush_is_due_ = false;
        if (!cancelled && self->replication_) {
            self->feeds_.flush(*self->replication_);
        }
    });
}

}  // namespace rhumb::overlay
