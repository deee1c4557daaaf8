#include "controlplane/controller/what_if.hh"

#include <algorithm>
#include <iterator>

namespace rhumb::controller {

using topology::link_number;

namespace {

// How full a link is; 0 where its capacity is not known.
double utilisation_of(const topology::map& m, link_number l, bits_per_second load) {
    const topology::link* const said = m.said_of(l);
    return said == nullptr || said->bandwidth == 0 ? 0
                                                   : load / static_cast<double>(said->bandwidth);
}

}  // namespace

load_summary summarise(const topology::map& m, std::span<const bits_per_second> loads,
                       double limit) {
    load_summary made;
    for (link_number l = 0; l < loads.size(); ++l) {
        const loaded_link one{l, loads[l], utilisation_of(m, l, loads[l])};
        if (one.utilisation <= 0) {
            continue;
        }
        if (!made.worst || one.utilisation > made.worst->utilisation) {
            made.worst = one;
        }
        if (one.utilisation > limit) {
            made.overloaded.push_back(one);
        }
    }
    std::sort(made.overloaded.begin(), made.overloaded.end(),
              [](const loaded_link& a, const loaded_link& b) {
                  return a.utilisation != b.utilisation ? a.utilisation > b.utilisation
                                                        : a.link < b.link;
              });
    return made;
}

double worst_utilisation(const topology::map& m, std::span<const bits_per_second> loads) {
    double worst = 0;
    for (link_number l = 0; l < loads.size(); ++l) {
        worst = std::max(worst, utilisation_of(m, l, loads[l]));
    }
    return worst;
}

what_if_report what_if(traffic& t, std::span<const failure> failures, double limit,
                       const traffic::reroute& otherwise) {
    const topology::map& m = t.network();
    what_if_report report;
    report.now = summarise(m, t.now().loads, limit);
    report.unroutable = t.now().unroutable;
    const auto rate_of = [&](const std::vector<std::uint32_t>& demands) {
        bits_per_second sum = 0;
        for (const std::uint32_t d : demands) {
            sum += t.demands()[d].rate;
        }
        return sum;
    };
    const auto load_of = [](const failure_report& r) {
        return r.loads.worst ? r.loads.worst->utilisation : 0;
    };
    for (const failure& f : failures) {
        placement then = t.after(f, otherwise);
        failure_report& made = report.failures.emplace_back();
        made.what = f;
        std::set_difference(then.unroutable.begin(), then.unroutable.end(),
                            report.unroutable.begin(), report.unroutable.end(),
                            std::back_inserter(made.unroutable));
        made.unroutable_rate = rate_of(made.unroutable);
        made.lost_rate = rate_of(then.lost);
        made.moved = std::move(then.moved);
        made.loads = summarise(m, then.loads, limit);
        const std::size_t number = report.failures.size() - 1;
        if (!report.worst_load || load_of(made) > load_of(report.failures[*report.worst_load])) {
            report.worst_load = number;
        }
        if (!report.worst_loss ||
            made.unroutable_rate > report.failures[*report.worst_loss].unroutable_rate) {
            report.worst_loss = number;
        }
    }
    return report;
}

}  // namespace rhumb::controller
