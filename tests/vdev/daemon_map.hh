// A router whose tables are computed from a map, r1 of five:
//
//   r1 --10-- r2          west: r4, next hop "w"
//   |          |          east: r2, next hop "r2"
//   10        10
//   |          |
//   r4 --40-- r3 --10-- r5
#pragma once

#include <string>
#include <thread>

#include "tests/vdev/daemon_control.hh"

namespace rhumb::test {

class rhumbd_map : public rhumbd_control {
protected:
    // `more`: keys of each link.
    static std::string topology(unsigned r1_r2 = 10, const std::string& more = "") {
        std::string text = "[defaults]\nsrgb = \"16000-23999\"\nsrlb = \"15000-15999\"\n";
        for (int n = 1; n <= 5; ++n) {
            const std::string number = std::to_string(n);
            text += "[nodes.r" + number + "]\nloopback = \"198.51.100." + number +
                    "\"\nsid = " + number + "\n";
        }
        const auto link = [&](const char* a, const char* b, unsigned metric) {
            text += std::string("[[links]]\nends = [\"") + a + "\", \"" + b +
                    "\"]\nmetric = " + std::to_string(metric) + "\n" + more;
        };
        link("r1", "r2", r1_r2);
        link("r2", "r3", 10);
        link("r3", "r4", 40);
        link("r1", "r4", 10);
        link("r3", "r5", 10);
        return text;
    }
    // `more`: further keys of [topology], and sections. `node`: keys of [node].
    void write_router(const std::string& west, const std::string& east,
                      const std::string& more = "", const std::string& node = "",
                      const std::string& port_of_w = "west") const {
        folder_.write("r.toml",
                      "[node]\nname = \"" + name_ + "\"\n" + node +
                          "[runtime]\nsocket = \"r.sock\"\n[ports.west]\ndevice = \"" + west +
                          "\"\nmac = \"02:00:00:00:01:01\"\n[ports.east]\ndevice = \"" + east +
                          "\"\nmac = \"02:00:00:00:01:02\"\n[nexthops.w]\nport = \"" + port_of_w +
                          "\"\nmac = \"02:00:00:00:03:01\"\n"
                          "[nexthops.r2]\nport = \"east\"\nmac = \"02:00:00:00:02:01\"\n"
                          "[topology]\nfile = \"lab.toml\"\nnode = \"r1\"\n"
                          "links = { \"to-r4\" = \"w\" }\n" +
                          more);
    }
    static nlohmann::json label(daemon& router, unsigned value) {
        const nlohmann::json found = rows(router, {{"what", "labels"}, {"label", value}});
        return found.size() == 1 ? found[0] : nlohmann::json();
    }
    template <class Done>
    static bool soon(Done&& done) {
        for (int i = 0; i < 2000; ++i) {
            if (done()) {
                return true;
            }
            std::this_thread::sleep_for(std::chrono::milliseconds(5));
        }
        return false;
    }
};

}  // namespace rhumb::test
