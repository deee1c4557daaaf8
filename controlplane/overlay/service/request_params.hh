// Parameters of requests, and answers that several requests have. Threads: control.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>

#include "controlplane/control/messages.hh"
#include "controlplane/overlay/service/client.hh"
#include "controlplane/overlay/wire/ids.hh"
#include "rhumb/result.hh"

namespace rhumb::overlay {

[[nodiscard]] inline error bad_request(std::string message) { return {std::move(message), {}}; }

// A feed, or the peer whose feed it is.
[[nodiscard]] inline result<key32> key_param(const nlohmann::json& params, const char* name) {
    const auto it = params.find(name);
    if (it == params.end() || !it->is_string()) {
        return bad_request(std::string("params.") + name + " must be a feed's name, @KEY.ed25519");
    }
    const auto key = parse_feed_id(it->get_ref<const std::string&>());
    return key ? result<key32>(*key)
               : bad_request("\"" + it->get<std::string>() +
                             "\" is no feed: names are @KEY.ed25519, KEY being the base64 of 32 "
                             "bytes");
}

// A number, or `otherwise` where there is none.
[[nodiscard]] inline result<std::int64_t> number_or(const nlohmann::json& params,
                                                    std::string_view name, std::int64_t otherwise,
                                                    std::int64_t least, std::int64_t most) {
    const auto given = control::number_param(params, name, static_cast<std::uint64_t>(least),
                                             static_cast<std::uint64_t>(most));
    if (!given) {
        return given.why();
    }
    return given.value() ? static_cast<std::int64_t>(*given.value()) : otherwise;
}

[[nodiscard]] inline bool flag_param(const nlohmann::json& params, const char* name) {
    const auto it = params.find(name);
    return it != params.end() && it->is_boolean() && it->get<bool>();
}

// What a command answers: nothing, or why not.
inline void answer_done(const request_client& to, const result<void>& done) {
    to.answer(done ? result<nlohmann::json>(nlohmann::json::object()) : done.why());
}

}  // namespace rhumb::overlay
