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
    // `heard` is called on it, for what other nodes say of themselves; never after this is gone.
    [[nodiscard]] static result<std::unique_ptr<overlay_thread>> start(
        boost::asio::io_context& control, const overlay::service_settings& chosen,
        overlay::link_states::heard_function heard);
    overlay_thread(const overlay_thread&) = delete;
    overlay_thread& operator=(const overlay_thread&) = delete;
    // Waits until peers have heard goodbye.
    ~overlay_thread();

    // Begins to say goodbye to peers. Nothing is asked of it any more.
    void begin_stop();

    // What the map says of this node.
    void advertise(const topology::advertisement& said);

    // The client gets its answer, and what comes before it.
    void ask(const control::request& asked, const std::shared_ptr<control::line_client>& client);

private:
    overlay_thread(boost::asio::io_context& control, overlay::link_states::heard_function heard);

    boost::asio::io_context& control_;
    // Of the control loop, which may still have events when this is gone.
    std::shared_ptr<overlay::link_states::heard_function> heard_;
    boost::asio::io_context io_{1};
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
    std::unique_ptr<overlay::service> service_;
    std::thread thread_;
    bool is_stopping_ = false;
};

}  // namespace rhumb::api
