// What can be asked of the service, as JSON: which method is which, and those that change
// something.
#include "controlplane/overlay/service/request_params.hh"
#include "controlplane/overlay/service/service.hh"

namespace rhumb::overlay {

using json = service::json;

void service::request(std::string_view method, const json& params, client from) {
    if (method == "show") {
        show(params, from);
    } else if (method == "overlay.follow") {
        follow(params, true, from);
    } else if (method == "overlay.unfollow") {
        follow(params, false, from);
    } else if (method == "overlay.block") {
        block(params, true, from);
    } else if (method == "overlay.unblock") {
        block(params, false, from);
    } else if (method == "overlay.publish") {
        publish(params, from);
    } else if (method == "overlay.read") {
        readers_.read(params, from);
    } else if (method == "overlay.connect") {
        connect(params, from);
    } else if (method == "overlay.new_feed") {
        new_feed(from);
    } else if (method == "overlay.disconnect") {
        disconnect(params, from);
    } else if (method == "overlay.broadcast") {
        broadcast(params, from);
    } else if (method == "overlay.listen") {
        listen(params, from);
    } else {
        from.answer(bad_request((method.starts_with("overlay.")
                                     ? "unknown method \"" + std::string(method) + '"'
                                     : "no method \"" + std::string(method) +
                                           "\": this is rhumb-overlay, which is no router") +
                                "; there are show, overlay.follow, .unfollow, .block, .unblock, "
                                ".publish, .read, .new_feed, .connect, .disconnect, .broadcast and "
                                ".listen"));
    }
}

void service::follow(const json& params, bool on, const client& from) {
    const auto feed = key_param(params, "feed");
    if (!feed) {
        from.answer(feed.why());
        return;
    }
    if (feed.value() == own_.id()) {
        from.answer(bad_request("this node's own feed is always replicated"));
        return;
    }
    if (!on && feeds_.is_configured(feed.value())) {
        from.answer(
            bad_request("the configuration names this feed (follow or nodes of [overlay]): "
                        "take it out there and restart"));
        return;
    }
    feeds_.follow(feed.value(), on, [from](const result<void>& done) { answer_done(from, done); });
}

// Without `by`, this node blocks: a connection of the peer is closed.
void service::block(const json& params, bool on, const client& from) {
    const auto target = key_param(params, "peer");
    const auto by = params.contains("by") ? key_param(params, "by") : result<key32>(own_.id());
    if (!target || !by) {
        from.answer(target ? by.why() : target.why());
        return;
    }
    if (target.value() == by.value()) {
        from.answer(bad_request("nobody can block himself"));
        return;
    }
    feeds_.block(
        by.value(), target.value(), on,
        [this, from, on, by = by.value(), target = target.value()](const result<void>& done) {
            if (done && on && by == own_.id()) {
                hub_.hang_up(target, "blocked");
            }
            answer_done(from, done);
        });
}

void service::publish(const json& params, const client& from) {
    // As text, members keep their order, and numbers and strings their form.
    const auto text = control::text_param(params, "json");
    if (!text || !text.value()) {
        from.answer(text ? bad_request("params.json, the content, is missing") : text.why());
        return;
    }
    feeds_.publish(*text.value(), [from](const result<classic_message>& made) {
        if (!made) {
            from.answer(made.why());
            return;
        }
        from.answer(
            json{{"id", message_id_text(made.value().id)}, {"sequence", made.value().sequence}});
    });
}

void service::new_feed(const client& from) {
    if (!feeds_.is_learning()) {
        if (!feeds_.is_behind()) {
            from.answer(bad_request("this node's feed is known: there is nothing to wait for"));
            return;
        }
        feeds_.ignore_claims();
        answer_done(from, {});
        return;
    }
    feeds_.end_learning([from](const result<void>& done) { answer_done(from, done); });
}

void service::connect(const json& params, const client& from) {
    const auto address = params.find("address");
    if (address == params.end() || !address->is_string()) {
        from.answer(bad_request("params.address must be net:HOST:PORT~shs:KEY"));
        return;
    }
    const auto peer = parse_address(address->get_ref<const std::string&>());
    if (!peer) {
        from.answer(peer.why());
        return;
    }
    archive_.run([kept = peer_address{peer.value().key, address_text(peer.value())}](
                     store& s) { return s.keep_peer(kept); },
                 [this, from, to = peer.value()](const result<void>& done) {
                     if (done) {
                         hub_.dial(to, true);
                     }
                     answer_done(from, done);
                 });
}

void service::disconnect(const json& params, const client& from) {
    const auto peer = key_param(params, "peer");
    if (!peer) {
        from.answer(peer.why());
        return;
    }
    archive_.run([key = peer.value()](store& s) { return s.keep_peer({key, ""}); },
                 [this, from, key = peer.value()](const result<void>& done) {
                     if (done) {
                         hub_.give_up(key);
                     }
                     answer_done(from, done);
                 });
}

}  // namespace rhumb::overlay
