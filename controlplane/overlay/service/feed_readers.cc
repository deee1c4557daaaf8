#include "controlplane/overlay/service/feed_readers.hh"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "controlplane/overlay/ebt/note.hh"
#include "controlplane/overlay/service/request_params.hh"

namespace rhumb::overlay {
namespace {

constexpr std::int64_t page_messages = 200;
constexpr std::size_t page_bytes = std::size_t{1} << 20;
constexpr std::chrono::milliseconds reader_pause{10};

}  // namespace

struct feed_readers::page {
    std::vector<std::pair<std::string, std::string>> messages;  // id, text
    bool is_last = true;
};

void feed_readers::read(const nlohmann::json& params, const request_client& from) {
    const auto feed = key_param(params, "feed");
    const auto first = number_or(params, "from", 1, 1, ebt::max_sequence);
    const auto limit = number_or(params, "limit", INT64_MAX, 1, INT64_MAX);
    if (!feed || !first || !limit) {
        from.answer(!feed ? feed.why() : !first ? first.why() : limit.why());
        return;
    }
    auto who = std::make_shared<reader>();
    who->feed = feed.value();
    who->next = first.value();
    who->left = limit.value();
    who->follows = flag_param(params, "follow");
    who->to = from;
    readers_.push_back(who);
    read_page(who);
}

void feed_readers::read_page(const std::shared_ptr<reader>& who) {
    who->is_reading = true;
    archive_.run(
        [feed = who->feed, next = who->next,
         most = std::min(who->left, page_messages)](store& kept) -> result<page> {
            page made;
            std::size_t bytes = 0;
            auto done = kept.read(feed, next, [&](const stored_message& m) {
                made.messages.emplace_back(message_id_text(m.id), m.raw);
                bytes += m.raw.size();
                made.is_last =
                    static_cast<std::int64_t>(made.messages.size()) < most && bytes < page_bytes;
                return made.is_last;
            });
            return done ? result<page>(std::move(made)) : done.why();
        },
        [this, who](const result<page>& got) { hand_over(who, got); });
}

void feed_readers::hand_over(const std::shared_ptr<reader>& who, const result<page>& got) {
    who->is_reading = false;
    if (std::ranges::find(readers_, who) == readers_.end()) {
        return;  // it has ended meanwhile
    }
    if (!got) {
        readers_.remove(who);
        who->to.answer(got.why());
        return;
    }
    for (const auto& [id, text] : got.value().messages) {
        // As its author wrote it.
        if (!who->to.event(fmt::format(R"({{"key":"{}","value":{}}})", id, text))) {
            readers_.remove(who);
            return;
        }
        ++who->next;
        ++who->read;
        --who->left;
    }
    if (who->left == 0 || (got.value().is_last && !who->follows)) {
        finish(who);
    } else if (!got.value().is_last) {
        read_on(who);
    }
}

// The next page, once the client has taken what it was sent.
void feed_readers::read_on(const std::shared_ptr<reader>& who) {
    if (!who->to.has_room || who->to.has_room()) {
        return read_page(who);
    }
    who->is_reading = true;
    auto timer = std::make_shared<boost::asio::steady_timer>(io_, reader_pause);
    timer->async_wait([this, who, timer](boost::system::error_code) { read_on(who); });
}

void feed_readers::heard(const key32& feed, std::int64_t sequence) {
    const auto copy = readers_;  // a reader that ends takes itself off the list
    for (const auto& who : copy) {
        if (who->feed == feed && who->follows && !who->is_reading && sequence >= who->next) {
            read_page(who);
        }
    }
}

void feed_readers::stop() {
    const auto copy = readers_;
    for (const auto& one : copy) {
        finish(one);
    }
}

void feed_readers::finish(const std::shared_ptr<reader>& who) {
    readers_.remove(who);
    who->to.answer(nlohmann::json{{"read", who->read}});
}

}  // namespace rhumb::overlay
