#include "controlplane/routing/own_labels.hh"

#include <fmt/format.h>

#include <algorithm>

namespace rhumb::routing {

using topology::label_block;

namespace {

std::string to_text(std::span<const label_block> blocks) {
    std::string text;
    for (const label_block& b : blocks) {
        text += fmt::format("{}{}-{}", text.empty() ? "" : ", ", b.first, b.first + b.count - 1);
    }
    return text.empty() ? "none" : text;
}

label_block block_of(const config::label_range& range) {
    return {range.first, range.last - range.first + 1};
}

std::vector<label_block> blocks_of(std::span<const config::label_range> ranges) {
    std::vector<label_block> blocks;
    for (const config::label_range& r : ranges) {
        blocks.push_back(block_of(r));
    }
    return blocks;
}

}  // namespace

own_blocks own_blocks_of(const config::node& node) {
    own_blocks made{blocks_of(node.static_labels), {}};
    for (const config::reserved_range& r : node.reserved) {
        made.reserved.push_back({block_of(r.labels), r.owner});
    }
    return made;
}

result<void> compare_blocks(const config::file& file, const topology::advertisement& own) {
    const struct {
        const char* name;
        std::vector<label_block> here;
        const std::vector<label_block>& there;
    } both[] = {{"SRGB", blocks_of(file.node.srgb), own.srgb},
                {"SRLB", blocks_of(file.node.srlb), own.srlb}};
    for (const auto& [name, here, there] : both) {
        if (here != there) {
            return error{fmt::format("{}'s {} is {} on the map and {} in [node]; they must agree",
                                     own.origin, name, to_text(there), to_text(here)),
                         {file.files[file.topology->map_where.file], file.topology->map_where.line,
                          file.topology->map_where.column}};
        }
    }
    return {};
}

result<void> check_reserved(const config::node& node, const topology::advertisement& own,
                            const config::policies_file& policies, const source_position& where) {
    const auto refusal = [&](mpls::label label, std::string_view whose,
                             const source_position& at) -> result<void> {
        const auto range =
            std::ranges::find_if(node.reserved, [&](const config::reserved_range& r) {
                return r.labels.first <= label && label <= r.labels.last;
            });
        if (range == node.reserved.end()) {
            return {};
        }
        return error{
            fmt::format("label {} of {} is reserved for {} in [node]", label, whose, range->owner),
            at};
    };
    for (const topology::link& l : own.links) {
        for (const topology::adjacency_sid& sid : l.sids) {
            if (auto done = refusal(sid.label, fmt::format("link {}", l.name), where); !done) {
                return done;
            }
        }
    }
    for (const topology::binding_sid& binding : own.bindings) {
        if (auto done = refusal(binding.label, "a binding", where); !done) {
            return done;
        }
    }
    for (const config::policy_entry& policy : policies.policies) {
        const bool is_own = policy.headend.text.empty() || policy.headend.text == own.origin;
        for (const config::policy_path_entry& path : policy.paths) {
            if (is_own && path.path.binding_sid) {
                auto done = refusal(*path.path.binding_sid, "a policy's path",
                                    {where.file, path.where.line, path.where.column});
                if (!done) {
                    return done;
                }
            }
        }
    }
    return {};
}

}  // namespace rhumb::routing
