// The overlay service beside a router, on a thread and a loop of its own: a reload of large tables
// must not keep peers waiting, nor signatures the router. What clients of the control socket ask
// comes over, and goes back, as functions that the loops run.
// Threads: control, but for the thread itself.
#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <memory>
#include <thread>

#include "controlplane/control/line_server.hh"
#include "controlplane/control/messages.hh"
#include "controlplane/overlay/service/service.hh"
#include "rhumb/result.hh"

namespace rhumb::api {

class overlay_thread {
public:
    // `control` is the loop that clients live on.
    [[nodiscard]] static result<std::unique_ptr<overlay_thread>> start(
        boost::asio::io_context& control, const overlay::service_settings& chosen);
    overlay_thread(const overlay_thread&) = delete;
    overlay_thread& operator=(const overlay_thread&) = delete;
    // Says goodbye to peers first.
    ~overlay_thread();

    // The client gets its answer, and what comes before it.
    void ask(const control::request& asked, const std::shared_ptr<control::line_client>& client);

private:
    explicit overlay_thread(boost::asio::io_context& control);

    boost::asio::io_context& control_;
    boost::asio::io_context io_{1};
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
    std::unique_ptr<overlay::service> service_;
    std::thread thread_;
};

}  // namespace rhumb::api
