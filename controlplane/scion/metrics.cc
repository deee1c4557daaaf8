#include "controlplane/scion/metrics.hh"

#include <initializer_list>
#include <utility>

namespace rhumb::scion {

namespace {

struct family {
    std::string_view name;
    std::string_view type;
    std::string_view help;
};

constexpr family input_packets{"router_input_pkts_total", "counter",
                               "Packets that came in at a link."};
constexpr family input_bytes{"router_input_bytes_total", "counter",
                             "SCION bytes that came in at a link, without underlay."};
constexpr family processed_packets{"router_processed_pkts_total", "counter",
                                   "Packets of a link that a worker has looked at."};
constexpr family output_packets{"router_output_pkts_total", "counter",
                                "Packets sent over a link, by the way that they cross the AS."};
constexpr family output_bytes{
    "router_output_bytes_total", "counter",
    "SCION bytes sent over a link, without underlay, by the way that they cross the AS."};
constexpr family dropped_packets{"router_dropped_pkts_total", "counter",
                                 "Packets of a link that were dropped, by reason."};
constexpr family interface_up{"router_interface_up", "gauge", "1 where an external link is up."};
constexpr family bfd_changes{"router_bfd_state_changes_total", "counter",
                             "Changes of state of an external link's BFD session."};
constexpr family bfd_sent{"router_bfd_sent_packets_total", "counter",
                          "BFD packets sent over an external link."};
constexpr family bfd_received{"router_bfd_received_packets_total", "counter",
                              "BFD packets received from an external link."};
constexpr family sibling_reachable{"router_sibling_reachable", "gauge",
                                   "1 where another router of this AS is reachable."};
constexpr family sibling_changes{"router_bfd_sibling_state_changes_total", "counter",
                                 "Changes of state of the BFD session with a sibling."};
constexpr family sibling_sent{"router_bfd_sent_sibling_packets_total", "counter",
                              "BFD packets sent to a sibling."};
constexpr family sibling_received{"router_bfd_received_sibling_packets_total", "counter",
                                  "BFD packets received from a sibling."};
constexpr family service_count{"router_service_instance_count", "gauge",
                               "Instances of a service that packets can be sent to."};
constexpr family service_changes{"router_service_instance_changes_total", "counter",
                                 "Instances of a service that were added or removed."};
// Benchmarks of the reference divide by the share of time that its threads did not have to wait for
// a processor. Workers here have a core each.
constexpr family runnable_seconds{
    "process_runnable_seconds_total", "counter",
    "Seconds that workers waited for a processor: none, each has its own."};
constexpr family max_threads{"go_sched_maxprocs_threads", "gauge",
                             "Processors at work: the worker cores."};

// NAME="VALUE", with what would end the value escaped.
void add_label(std::string& to, std::string_view name, std::string_view value) {
    to += to.empty() ? "" : ",";
    to.append(name).append("=\"");
    for (const char c : value) {
        if (c == '\\' || c == '"') {
            to += '\\';
        }
        c == '\n' ? to.append("\\n") : to.append(1, c);
    }
    to += '"';
}

using label = std::pair<std::string_view, std::string_view>;

std::string labels(std::initializer_list<label> all) {
    std::string made;
    for (const auto& [name, value] : all) {
        add_label(made, name, value);
    }
    return made;
}

// The families one after the other, each with its samples in one piece, as the format wants it.
class writer {
public:
    void start(const family& next) {
        next_ = &next;
        started_ = false;
    }
    void sample(std::string_view label_text, std::uint64_t value) {
        if (!started_) {  // a family without samples is not there at all
            started_ = true;
            line({"# HELP ", next_->name, " ", next_->help});
            line({"# TYPE ", next_->name, " ", next_->type});
        }
        const std::string number = std::to_string(value);
        label_text.empty() ? line({next_->name, " ", number})
                           : line({next_->name, "{", label_text, "} ", number});
    }
    [[nodiscard]] std::string take() && { return std::move(text_); }

private:
    void line(std::initializer_list<std::string_view> parts) {
        for (const std::string_view part : parts) {
            text_ += part;
        }
        text_ += '\n';
    }

    std::string text_;
    const family* next_ = nullptr;
    bool started_ = false;
};

// The three labels that say whose counter it is.
std::string link_labels(const metrics& values, const link_metrics& link) {
    switch (link.kind) {
        case link_kind::external:
            return labels({{"interface", std::to_string(link.interface_id)},
                           {"isd_as", values.isd_as},
                           {"neighbor_isd_as", link.neighbor_isd_as}});
        case link_kind::sibling:
            return labels({{"interface", "sibling->" + link.sibling},
                           {"isd_as", values.isd_as},
                           {"neighbor_isd_as", "unknown"}});
        case link_kind::internal: break;
    }
    return labels(
        {{"interface", "internal"}, {"isd_as", values.isd_as}, {"neighbor_isd_as", values.isd_as}});
}

// Each size class of each link: write(labels, counts).
template <class Write>
void each_size(const metrics& values, Write&& write) {
    for (const link_metrics& link : values.links) {
        const std::string where = link_labels(values, link);
        for (std::size_t n = 0; n < size_classes; ++n) {
            std::string all = where;
            add_label(all, "sizeclass", size_class_name(n));
            write(std::move(all), link.sizes[n]);
        }
    }
}

void write_input(writer& out, const metrics& values) {
    out.start(input_packets);
    each_size(values, [&](const std::string& where, const size_class_counts& counts) {
        out.sample(where, counts.input.packets);
    });
    out.start(input_bytes);
    each_size(values, [&](const std::string& where, const size_class_counts& counts) {
        out.sample(where, counts.input.bytes);
    });
    out.start(processed_packets);
    each_size(values, [&](const std::string& where, const size_class_counts& counts) {
        out.sample(where, counts.processed);
    });
}

void write_output(writer& out, const metrics& values, const family& of,
                  std::uint64_t traffic_count::* which) {
    out.start(of);
    each_size(values, [&](const std::string& where, const size_class_counts& counts) {
        for (std::size_t type = 0; type < traffic_types; ++type) {
            std::string all = where;
            add_label(all, "type", to_string(static_cast<traffic>(type)));
            out.sample(all, counts.output[type].*which);
        }
    });
}

void write_drops(writer& out, const metrics& values) {
    out.start(dropped_packets);
    each_size(values, [&](const std::string& where, const size_class_counts& counts) {
        for (std::size_t reason = 0; reason < dropped_reasons; ++reason) {
            std::string all = where;
            add_label(all, "reason", to_string(static_cast<dropped>(reason)));
            out.sample(all, counts.drops[reason]);
        }
    });
}

std::string sibling_labels(const metrics& values, const link_metrics& link) {
    return labels({{"isd_as", values.isd_as}, {"sibling", link.sibling}});
}

// State and BFD of all links of one kind.
void write_liveness(writer& out, const metrics& values, link_kind kind,
                    const std::array<const family*, 4>& of) {
    const auto each = [&](const family& next, auto&& value_of) {
        out.start(next);
        for (const link_metrics& link : values.links) {
            if (link.kind != kind) {
                continue;
            }
            if (const std::optional<std::uint64_t> value = value_of(link)) {
                out.sample(kind == link_kind::sibling ? sibling_labels(values, link)
                                                      : link_labels(values, link),
                           *value);
            }
        }
    };
    const auto count = [](std::uint64_t bfd_counts::* which) {
        return [which](const link_metrics& link) -> std::optional<std::uint64_t> {
            return link.bfd ? std::optional((*link.bfd).*which) : std::nullopt;
        };
    };
    each(*of[0], [](const link_metrics& link) { return link.up ? 1 : 0; });
    each(*of[1], count(&bfd_counts::state_changes));
    each(*of[2], count(&bfd_counts::sent));
    each(*of[3], count(&bfd_counts::received));
}

void write_services(writer& out, const metrics& values) {
    const auto each = [&](const family& next, std::uint64_t service_metrics::* which) {
        out.start(next);
        for (const service_metrics& service : values.services) {
            out.sample(labels({{"isd_as", values.isd_as}, {"service", service.name}}),
                       service.*which);
        }
    };
    each(service_count, &service_metrics::instances);
    each(service_changes, &service_metrics::changes);
}

}  // namespace

std::string size_class_name(std::size_t size_class) {
    const std::size_t end = std::size_t{64} << std::min(size_class, size_classes - 1);
    return std::to_string(end == 64 ? 0 : end / 2) + "_" + std::to_string(end - 1);
}

std::string_view to_string(traffic type) noexcept {
    switch (type) {
        case traffic::in: return "in";
        case traffic::out: return "out";
        case traffic::in_transit: return "in_transit";
        case traffic::out_transit: return "out_transit";
        case traffic::br_transit: return "br_transit";
        case traffic::other: break;
    }
    return "other";
}

std::string_view to_string(dropped reason) noexcept {
    switch (reason) {
        case dropped::busy_processor: return "busy_processor";
        case dropped::busy_forwarder: return "busy_forwarder";
        case dropped::busy_slow_path: return "busy_slow_path";
        case dropped::invalid: break;
    }
    return "invalid";
}

std::string exposition(const metrics& values) {
    writer out;
    write_input(out, values);
    write_output(out, values, output_packets, &traffic_count::packets);
    write_output(out, values, output_bytes, &traffic_count::bytes);
    write_drops(out, values);
    write_liveness(out, values, link_kind::external,
                   {&interface_up, &bfd_changes, &bfd_sent, &bfd_received});
    write_liveness(out, values, link_kind::sibling,
                   {&sibling_reachable, &sibling_changes, &sibling_sent, &sibling_received});
    write_services(out, values);
    out.start(runnable_seconds);
    out.sample("", 0);
    out.start(max_threads);
    out.sample("", values.worker_cores);
    return std::move(out).take();
}

}  // namespace rhumb::scion
