// The figures of `show` on DPDK's telemetry socket, as /rhumb/... commands. Requests come on DPDK's
// thread and are answered on the control thread, which is the only one to look at tables.
// Threads: control.
#pragma once

#include <boost/asio/io_context.hpp>

#include "controlplane/api/router.hh"
#include "dataplane/io/telemetry.hh"

namespace rhumb::api {

class telemetry {
public:
    telemetry(boost::asio::io_context& loop, const router& running);
    telemetry(const telemetry&) = delete;
    telemetry& operator=(const telemetry&) = delete;
    ~telemetry();
};

// What a command answers (on the control thread).
[[nodiscard]] std::optional<io::telemetry_fields> telemetry_answer(const router& running,
                                                                   std::string_view command,
                                                                   const std::string& params);

}  // namespace rhumb::api
