#include "controlplane/api/overlay_thread.hh"

#include <atomic>
#include <boost/asio/post.hpp>
#include <chrono>
#include <memory>
#include <utility>

#include "controlplane/overlay/service/own_key.hh"
#include "dataplane/io/log.hh"

namespace rhumb::api {

namespace asio = boost::asio;

namespace {

// What the service tells, in the router's log: peers that come and go, or that are refused. So many
// lines a second at most, of all that tell: strangers make them, too.
class teller {
public:
    void operator()(const std::string& what, const std::string& about) const {
        constexpr int most_lines = 20;
        const auto now = std::chrono::steady_clock::now();
        if (now - spent_->since >= std::chrono::seconds(1)) {
            *spent_ = {now, 0};
        }
        if (++spent_->lines <= most_lines) {
            io::log(io::log_level::notice, "overlay: " + what + (about.empty() ? "" : ' ' + about));
        } else if (spent_->lines == most_lines + 1) {
            io::log(io::log_level::notice, "overlay: more happens than is written here");
        }
    }

private:
    struct spending {
        std::chrono::steady_clock::time_point since;
        int lines = 0;
    };
    std::shared_ptr<spending> spent_ = std::make_shared<spending>();  // copies of it have one
};

// A client of the control loop, as the overlay's loop sees it.
struct far_client {
    static constexpr std::size_t most_unsent = std::size_t{4} << 20;

    asio::io_context& control;
    std::weak_ptr<control::line_client> client;
    control::json id;
    std::atomic<bool> is_open{true};
    std::atomic<std::size_t> on_the_way{0};  // bytes, between the loops
    std::atomic<std::size_t> unsent{0};      // as last seen
};

// Has `what` run on the control loop, if the client is still there.
template <class What>
void at_client(const std::shared_ptr<far_client>& far, What what) {
    boost::asio::post(far->control, [far, what = std::move(what)]() mutable {
        const auto to = far->client.lock();
        far->is_open = to && to->is_open();
        if (far->is_open) {
            what(*to);
            far->unsent = to->unsent();
        }
    });
}

}  // namespace

result<std::unique_ptr<overlay_thread>> overlay_thread::start(
    asio::io_context& control, const overlay::service_settings& chosen,
    overlay::link_states::heard_function heard) {
    std::unique_ptr<overlay_thread> made(new overlay_thread(control, std::move(heard)));
    const teller tell;
    auto opened = overlay::service::open(made->io_, chosen, tell);
    if (!opened) {
        return opened.why();
    }
    made->service_ = std::move(opened).value();
    overlay::tell_who(made->service_->peers().listening(), made->service_->id(), tell);
    made->service_->on_link_state(
        [&control, heard = made->heard_](const overlay::link_state_event& event) {
            asio::post(control, [heard, event] {
                if (*heard) {
                    (*heard)(event);
                }
            });
        });
    made->thread_ = std::thread([of = made->service_.get()] { of->run(); });
    return made;
}

overlay_thread::overlay_thread(asio::io_context& control,
                               overlay::link_states::heard_function heard)
    : control_(control),
      heard_(std::make_shared<overlay::link_states::heard_function>(std::move(heard))),
      work_(asio::make_work_guard(io_)) {}

overlay_thread::~overlay_thread() {
    if (thread_.joinable()) {
        begin_stop();
        thread_.join();
    }
    *heard_ = nullptr;
}

void overlay_thread::begin_stop() {
    if (!std::exchange(is_stopping_, true)) {
        asio::post(io_, [this] { service_->stop([this] { io_.stop(); }); });
    }
}

void overlay_thread::advertise(const topology::advertisement& said) {
    asio::post(io_, [this, said] { service_->advertise(said); });
}

void overlay_thread::ask(const control::request& asked,
                         const std::shared_ptr<control::line_client>& client) {
    const auto far = std::make_shared<far_client>(control_, client, asked.id);
    overlay::service::client there{
        [far](result<control::json> answer) {
            std::string line = answer ? control::result_line(far->id, answer.value())
                                      : control::error_line(far->id, answer.why());
            at_client(far, [line = std::move(line)](control::line_client& to) mutable {
                to.send(std::move(line));
                to.answered();
            });
        },
        [far](std::string_view event) {
            std::string line = control::event_line_of(far->id, event);
            const std::size_t size = line.size();
            far->on_the_way += size;
            at_client(far, [far, line = std::move(line), size](control::line_client& to) mutable {
                far->on_the_way -= size;
                to.send(std::move(line));
            });
            return far->is_open.load();
        },
        [far] {
            at_client(far, [](control::line_client&) {});
            return !far->is_open || far->on_the_way + far->unsent < far_client::most_unsent;
        }};
    asio::post(io_, [this, asked, there = std::move(there)] {
        service_->request(asked.method, asked.params, there);
    });
}

}  // namespace rhumb::api
