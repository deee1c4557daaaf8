// The file of a SCION border router's own settings, br.toml, with every key of the reference
// implementation and no others. Some mean nothing without sockets (buffer sizes, processors); they
// are read, checked and kept all the same, so that a file that runs there runs here. As there,
// zero and empty mean the default. Threads: control.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "controlplane/config/config.hh"
#include "controlplane/scion/bfd_settings.hh"
#include "controlplane/scion/text.hh"
#include "rhumb/result.hh"

namespace rhumb::scion::control {

struct br_toml {
    struct general_section {
        std::string id;          // which of the topology's border_routers this is
        std::string config_dir;  // holds topology.json and keys/, as written
        config::position id_where;
        config::position config_dir_where;
    };
    struct features_section {
        bool experimental_scmp_authentication = false;
        bool appropriate_digest_algorithm = false;  // for control services
    };
    struct console_section {                    // [log.console]
        std::string level = "info";             // in lower case
        std::string format = "human";           // or json
        std::string stacktrace_level = "none";  // in lower case
        bool disable_caller = false;
    };
    struct router_section {
        std::int64_t receive_buffer_size = 0;  // bytes, of sockets
        std::int64_t send_buffer_size = 0;
        std::int64_t num_processors = 0;  // 0: as many as seem right
        std::int64_t num_slow_processors = 1;
        std::int64_t batch_size = 256;
        bfd_settings bfd;
        // dispatched_port_start and dispatched_port_end: instead of the topology's. 0 to 0 stands
        // for none.
        std::optional<port_range> dispatched_ports;
    };

    general_section general;
    features_section features;
    console_section console;
    std::string prometheus;  // [metrics] prometheus: address and port, empty for none
    std::string api;         // [api] addr: the same
    router_section router;
};

// From text; `name` stands in errors.
[[nodiscard]] result<br_toml> parse_br_toml(std::string_view text, const std::string& name);

}  // namespace rhumb::scion::control
