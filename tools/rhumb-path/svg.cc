#include "tools/rhumb-path/svg.hh"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <map>
#include <span>
#include <string_view>
#include <utility>

#include "tools/rhumb-path/layout.hh"
#include "tools/rhumb-path/shapes.hh"

namespace rhumb::drawing {

namespace {

constexpr double letter = 7.9;        // width of a letter of a name
constexpr double small_letter = 6.4;  // of a cost or a note
constexpr double half_height = 13;
constexpr double noted_half_height = 18;
constexpr double margin = 46;
constexpr double lane = 5.5;  // between paths on one link

struct look {
    std::string_view colour;
    std::string_view dashes;
};

// Kinds differ in colour, and for those who do not see colours in dashes.
look look_of(path_kind kind, std::size_t nth) {
    constexpr std::array<std::string_view, 4> others{"#9333ea", "#0891b2", "#db2777", "#a16207"};
    switch (kind) {
        case path_kind::shortest: return {"#2563eb", ""};
        case path_kind::backup: return {"#ea580c", "7 4"};
        case path_kind::policy: return {"#16a34a", "12 3"};
        case path_kind::other: break;
    }
    return {others[nth % others.size()], ""};
}

std::string escaped(std::string_view text) {
    std::string made;
    for (const char c : text) {
        switch (c) {
            case '&': made += "&amp;"; break;
            case '<': made += "&lt;"; break;
            case '>': made += "&gt;"; break;
            case '"': made += "&quot;"; break;
            default: made += static_cast<unsigned char>(c) < ' ' ? ' ' : c;
        }
    }
    return made;
}

// Letters of UTF-8.
double width_of(std::string_view text, double each) {
    return each * static_cast<double>(std::ranges::count_if(
                      text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

class painter {
public:
    explicit painter(const drawing& of) : of_(of) {}

    std::string paint() {
        place();
        begin();
        links();
        paths();
        crosses();
        costs();
        nodes();
        legend();
        return body_ + "</svg>\n";
    }

private:
    template <class... Values>
    void add(fmt::format_string<Values...> format, Values&&... values) {
        fmt::format_to(std::back_inserter(body_), format, std::forward<Values>(values)...);
    }

    [[nodiscard]] double half_width(std::size_t node) const {
        const drawn_node& n = of_.nodes[node];
        return std::max({width_of(n.name, letter), width_of(n.note, small_letter), 20.0}) / 2 + 10;
    }
    [[nodiscard]] double half_height_of(std::size_t node) const {
        return of_.nodes[node].note.empty() ? half_height : noted_half_height;
    }

    void place() {
        std::vector<double> widths;
        widths.reserve(of_.nodes.size());
        for (std::size_t n = 0; n < of_.nodes.size(); ++n) {
            widths.push_back(2 * half_width(n));
        }
        std::vector<std::pair<std::size_t, std::size_t>> edges;
        edges.reserve(of_.links.size());
        for (const drawn_link& l : of_.links) {
            edges.push_back(std::minmax(l.a, l.b));
        }
        std::ranges::sort(edges);
        const auto twice = std::ranges::unique(edges);
        edges.erase(twice.begin(), twice.end());
        places_ = lay_out(widths, edges);
        box all;
        for (std::size_t n = 0; n < places_.size(); ++n) {
            const point& p = places_[n];
            all = n == 0 ? box{p.x, p.y, p.x, p.y} : all;
            all = {std::min(all.x0, p.x - half_width(n)), std::min(all.y0, p.y - 20),
                   std::max(all.x1, p.x + half_width(n)), std::max(all.y1, p.y + 20)};
        }
        const double head = of_.title.empty() ? 0 : 30;
        for (point& p : places_) {
            p = {p.x - all.x0 + margin, p.y - all.y0 + margin + head};
        }
        double legend_width = width_of(of_.title, letter * 1.2);
        for (const drawn_path& p : of_.paths) {
            legend_width = std::max(legend_width, width_of(p.name, 7.2) + 60);
        }
        width_ = std::max(all.x1 - all.x0, legend_width) + 2 * margin;
        bottom_ = all.y1 - all.y0 + 2 * margin + head;
        for (const drawn_path& p : of_.paths) {
            for (const drawn_hop& hop : p.hops) {
                ++lanes_[hop.link];
            }
        }
        const std::size_t lines = of_.paths.size() + (has_crosses() ? 1 : 0);
        height_ = bottom_ + (lines == 0 ? 0 : 22 * static_cast<double>(lines) + 8);
        bend_links();
    }

    // Parallel links bow out to both sides.
    void bend_links() {
        std::map<std::pair<std::size_t, std::size_t>, std::pair<int, int>> parallel;
        for (const drawn_link& l : of_.links) {
            ++parallel[std::minmax(l.a, l.b)].first;
        }
        for (const drawn_link& l : of_.links) {
            auto& [count, nth] = parallel[std::minmax(l.a, l.b)];
            const point a = places_[l.a];
            const point b = places_[l.b];
            curve made{a, {(a.x + b.x) / 2, (a.y + b.y) / 2}, b};
            double off = (nth++ - (count - 1) / 2.0) * 44;
            off = l.a < l.b ? off : -off;
            made.bend = made.moved(off).bend;
            curves_.push_back(made);
        }
    }

    void begin() {
        body_ = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
        add("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0:.0f}\" height=\"{1:.0f}\" "
            "viewBox=\"0 0 {0:.0f} {1:.0f}\" font-family=\"DejaVu Sans, Verdana, sans-serif\">\n",
            width_, height_);
        add("<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n");
        if (!of_.title.empty()) {
            add("<title>{0}</title>\n<text x=\"{1}\" y=\"34\" font-size=\"16\" "
                "font-weight=\"bold\" "
                "fill=\"#0f172a\">{0}</text>\n",
                escaped(of_.title), margin - 20);
        }
        add("<defs>\n");
        for (std::size_t n = 0; n < of_.paths.size(); ++n) {
            add("<marker id=\"arrow{}\" viewBox=\"0 0 10 10\" refX=\"7\" refY=\"5\" "
                "markerWidth=\"11\" markerHeight=\"11\" markerUnits=\"userSpaceOnUse\" "
                "orient=\"auto\"><path d=\"M0 0.6 L10 5 L0 9.4 L2.5 5 z\" fill=\"{}\"/></marker>\n",
                n, look_of(of_.paths[n].kind, n).colour);
        }
        add("</defs>\n");
    }

    void add_curve(const curve& c) {
        add("M{:.1f} {:.1f} Q{:.1f} {:.1f} {:.1f} {:.1f}", c.from.x, c.from.y, c.bend.x, c.bend.y,
            c.to.x, c.to.y);
    }

    void links() {
        add("<g fill=\"none\" stroke=\"#94a3b8\" stroke-width=\"1.6\">\n");
        for (std::size_t n = 0; n < of_.links.size(); ++n) {
            add("<path d=\"");
            add_curve(curves_[n]);
            add("\"{}/>\n",
                of_.links[n].is_down ? " stroke=\"#dc2626\" stroke-dasharray=\"3 5\"" : "");
        }
        add("</g>\n");
    }

    // Where a curve leaves the box of a node; `begins`: it starts there.
    [[nodiscard]] double edge_of(const curve& c, std::size_t node, bool begins) const {
        const point& p = places_[node];
        const double w = half_width(node) + 2;
        const double h = half_height_of(node) + 2;
        double inside = begins ? 0 : 1;
        double outside = 0.5;
        for (int round = 0; round < 14; ++round) {
            const double t = (inside + outside) / 2;
            const point at = c.at(t);
            (std::abs(at.x - p.x) < w && std::abs(at.y - p.y) < h ? inside : outside) = t;
        }
        return outside;
    }

    // Paths run beside each other, each on its own lane of a link.
    void paths() {
        std::map<std::size_t, std::vector<std::size_t>> on_link;
        for (std::size_t n = 0; n < of_.paths.size(); ++n) {
            for (const drawn_hop& hop : of_.paths[n].hops) {
                auto& there = on_link[hop.link];
                if (there.empty() || there.back() != n) {
                    there.push_back(n);
                }
            }
        }
        for (std::size_t n = 0; n < of_.paths.size(); ++n) {
            const look as = look_of(of_.paths[n].kind, n);
            add("<g fill=\"none\" stroke=\"{}\" stroke-width=\"3.4\"{}>\n", as.colour,
                as.dashes.empty() ? "" : fmt::format(" stroke-dasharray=\"{}\"", as.dashes));
            for (const drawn_hop& hop : of_.paths[n].hops) {
                const auto& there = on_link[hop.link];
                const auto nth = std::ranges::find(there, n) - there.begin();
                const double off =
                    (static_cast<double>(nth) - (static_cast<double>(there.size()) - 1) / 2) * lane;
                const drawn_link& l = of_.links[hop.link];
                curve c = curves_[hop.link].moved(off);
                c = hop.from_a ? c : c.reversed();
                const double t0 = edge_of(c, hop.from_a ? l.a : l.b, true);
                const double t1 = edge_of(c, hop.from_a ? l.b : l.a, false);
                add("<path marker-end=\"url(#arrow{})\" d=\"", n);
                add_curve(c.part(t0, std::max(t0, t1)));
                add("\"/>\n");
            }
            add("</g>\n");
        }
    }

    // One number in the middle, or one near each end; where least is in its way.
    void costs() {
        for (std::size_t n = 0; n < places_.size(); ++n) {
            taken_.push_back({places_[n].x - half_width(n), places_[n].y - half_height_of(n),
                              places_[n].x + half_width(n), places_[n].y + half_height_of(n)});
        }
        add("<g font-size=\"11\" text-anchor=\"middle\" fill=\"#475569\" stroke=\"#ffffff\" "
            "stroke-width=\"3.5\" stroke-linejoin=\"round\" paint-order=\"stroke\">\n");
        for (std::size_t n = 0; n < of_.links.size(); ++n) {
            const drawn_link& l = of_.links[n];
            if (l.cost_a == l.cost_b) {
                // Beside the paths, where several run there.
                const std::size_t lanes = lanes_.contains(n) ? lanes_.at(n) : 0;
                const double aside = lanes < 2 ? 0 : static_cast<double>(lanes - 1) / 2 * lane + 13;
                add_cost(curves_[n].moved(aside), l.cost_a,
                         {{0.5, 0.44, 0.56, 0.38, 0.62, 0.32, 0.68}});
                continue;
            }
            const double t0 = edge_of(curves_[n], l.a, true);
            const double t1 = edge_of(curves_[n], l.b, false);
            const double room = t1 - t0;
            add_cost(curves_[n], l.cost_a,
                     {{t0 + 0.2 * room, t0 + 0.15 * room, t0 + 0.25 * room, t0 + 0.3 * room,
                       t0 + 0.12 * room, t0 + 0.35 * room, t0 + 0.4 * room}});
            add_cost(curves_[n], l.cost_b,
                     {{t1 - 0.2 * room, t1 - 0.15 * room, t1 - 0.25 * room, t1 - 0.3 * room,
                       t1 - 0.12 * room, t1 - 0.35 * room, t1 - 0.4 * room}});
        }
        add("</g>\n");
    }

    void add_cost(const curve& c, const std::string& text, const std::array<double, 7>& choices) {
        if (text.empty()) {
            return;
        }
        const double w = width_of(text, small_letter) / 2 + 2;
        double least = -1;
        point best;
        box best_box;
        for (const double t : choices) {
            const point p = c.at(t);
            const box here{p.x - w, p.y - 8, p.x + w, p.y + 8};
            double covered = 0;
            for (const box& other : taken_) {
                covered += here.overlap(other);
            }
            if (least < 0 || covered < least) {
                least = covered;
                best = p;
                best_box = here;
            }
            if (covered == 0) {
                break;
            }
        }
        taken_.push_back(best_box);
        add("<text x=\"{:.1f}\" y=\"{:.1f}\">{}</text>\n", best.x, best.y + 4, escaped(text));
    }

    void nodes() {
        add("<g text-anchor=\"middle\">\n");
        for (std::size_t n = 0; n < of_.nodes.size(); ++n) {
            const drawn_node& node = of_.nodes[n];
            const point& p = places_[n];
            const double w = half_width(n);
            const double h = half_height_of(n);
            add("<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" rx=\"9\" "
                "fill=\"{}\" stroke=\"#334155\" stroke-width=\"1.5\"{}/>\n",
                p.x - w, p.y - h, 2 * w, 2 * h, node.is_grey ? "#e2e8f0" : "#f8fafc",
                node.is_grey ? " stroke-dasharray=\"4 3\"" : "");
            add("<text x=\"{:.1f}\" y=\"{:.1f}\" font-size=\"13\" font-weight=\"600\" "
                "fill=\"#0f172a\">{}</text>\n",
                p.x, p.y + (node.note.empty() ? 4.6 : -1.0), escaped(node.name));
            if (!node.note.empty()) {
                add("<text x=\"{:.1f}\" y=\"{:.1f}\" font-size=\"10\" "
                    "fill=\"#64748b\">{}</text>\n",
                    p.x, p.y + 12, escaped(node.note));
            }
        }
        add("</g>\n");
    }

    // A red cross on what fails, above all that runs there.
    void crosses() {
        for (std::size_t n = 0; n < of_.links.size(); ++n) {
            if (of_.links[n].is_down) {
                add_cross(curves_[n].at(0.3));
            }
        }
    }
    void add_cross(const point& at) {
        add("<path d=\"M{:.1f} {:.1f} l14 14 m0 -14 l-14 14\" fill=\"none\" "
            "stroke=\"#dc2626\" stroke-width=\"3.4\" stroke-linecap=\"round\"/>\n",
            at.x - 7, at.y - 7);
    }
    [[nodiscard]] bool has_crosses() const {
        return std::ranges::any_of(of_.links, [](const drawn_link& l) { return l.is_down; });
    }

    void legend() {
        double y = bottom_;
        for (std::size_t n = 0; n < of_.paths.size(); ++n, y += 22) {
            const look as = look_of(of_.paths[n].kind, n);
            const double x = margin - 20;
            add("<path d=\"M{:.1f} {:.1f} h34\" stroke=\"{}\" stroke-width=\"3.4\"{} "
                "marker-end=\"url(#arrow{})\"/>\n",
                x, y, as.colour,
                as.dashes.empty() ? "" : fmt::format(" stroke-dasharray=\"{}\"", as.dashes), n);
            add("<text x=\"{:.1f}\" y=\"{:.1f}\" font-size=\"12\" fill=\"#0f172a\">{}</text>\n",
                x + 46, y + 4, escaped(of_.paths[n].name));
        }
        if (has_crosses()) {
            add_cross({margin - 3, y});
            add("<text x=\"{:.1f}\" y=\"{:.1f}\" font-size=\"12\" fill=\"#0f172a\">a link that "
                "fails</text>\n",
                margin + 26, y + 4);
        }
    }

    const drawing& of_;
    std::vector<point> places_;
    std::vector<curve> curves_;
    std::vector<box> taken_;
    std::map<std::size_t, std::size_t> lanes_;  // paths on a link
    double width_ = 0;
    double height_ = 0;
    double bottom_ = 0;
    std::string body_;
};

bool names_nothing(const drawing& of) {
    const auto is_link = [&](const drawn_link& l) {
        return l.a < of.nodes.size() && l.b < of.nodes.size();
    };
    const auto is_path = [&](const drawn_path& p) {
        return std::ranges::all_of(p.hops,
                                   [&](const drawn_hop& h) { return h.link < of.links.size(); });
    };
    return !std::ranges::all_of(of.links, is_link) || !std::ranges::all_of(of.paths, is_path);
}

}  // namespace

result<std::string> to_svg(const drawing& of) {
    if (of.nodes.size() > max_nodes) {
        return error{
            fmt::format("a drawing has at most {} nodes, not {}", max_nodes, of.nodes.size()), {}};
    }
    if (names_nothing(of)) {
        return error{"a link or a path names what is not there", {}};
    }
    return painter(of).paint();
}

}  // namespace rhumb::drawing
