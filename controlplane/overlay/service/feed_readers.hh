// Clients that read a feed: from the store in pages, to its end, and beyond it where they follow.
// Who does not take what it was sent waits, and nobody else does. Threads: control.
#pragma once

#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <list>
#include <memory>

#include "controlplane/overlay/service/archive.hh"
#include "controlplane/overlay/service/client.hh"

namespace rhumb::overlay {

class feed_readers {
public:
    feed_readers(boost::asio::io_context& io, archive& kept) : io_(io), archive_(kept) {}

    // What overlay.read asks for: docs/overlay.md.
    void read(const nlohmann::json& params, const request_client& from);
    // A message has been stored.
    void heard(const key32& feed, std::int64_t sequence);
    // Says to all who read that this is it.
    void stop();

private:
    struct reader {
        key32 feed{};
        std::int64_t next = 1;
        std::int64_t left = 0;  // messages
        std::int64_t read = 0;
        bool follows = false;
        bool is_reading = false;  // a page is under way: what is heard now, comes with one
        request_client to;
    };
    struct page;

    void read_page(const std::shared_ptr<reader>& who);
    void hand_over(const std::shared_ptr<reader>& who, const result<page>& got);
    void read_on(const std::shared_ptr<reader>& who);
    void finish(const std::shared_ptr<reader>& who);

    boost::asio::io_context& io_;
    archive& archive_;
    std::list<std::shared_ptr<reader>> readers_;
};

}  // namespace rhumb::overlay
