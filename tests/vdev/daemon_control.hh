// A client of a daemon's control socket that reads whole tables.
#pragma once

#include <string>

#include "tests/vdev/daemon_fixture.hh"

namespace rhumb::test {

class rhumbd_control : public rhumbd {
protected:
    static nlohmann::json show(daemon& router, nlohmann::json params) {
        return router.ask("show", params);
    }
    static nlohmann::json rows(daemon& router, const nlohmann::json& params) {
        const nlohmann::json answer = show(router, params);
        EXPECT_TRUE(answer.contains("rows")) << answer;
        return answer.value("rows", nlohmann::json::array());
    }
    // All rows, a few at a time.
    static nlohmann::json all_rows(daemon& router, nlohmann::json params, std::size_t limit) {
        nlohmann::json list = nlohmann::json::array();
        params["limit"] = limit;
        for (int page = 0; page < 10000; ++page) {
            const nlohmann::json answer = show(router, params);
            EXPECT_TRUE(answer.contains("rows")) << answer;
            const nlohmann::json part = answer.value("rows", nlohmann::json::array());
            EXPECT_LE(part.size(), limit);
            list.insert(list.end(), part.begin(), part.end());
            if (!answer.contains("next")) {
                return list;
            }
            EXPECT_EQ(part.size(), limit) << "a page that is not the last is full";
            params["from"] = answer["next"];
        }
        ADD_FAILURE() << "paging does not end";
        return list;
    }
    static std::string running_config(daemon& router, std::size_t limit) {
        std::string text;
        nlohmann::json params{{"what", "config"}, {"limit", limit}};
        for (;;) {
            const nlohmann::json answer = show(router, params);
            EXPECT_TRUE(answer.contains("rows")) << answer;
            for (const auto& row : answer.value("rows", nlohmann::json::array())) {
                text += row["toml"].get<std::string>();
            }
            if (!answer.contains("next")) {
                return text;
            }
            params["from"] = answer["next"];
        }
    }
};

}  // namespace rhumb::test
