#include "controlplane/scion/json_object.hh"

#include <fmt/format.h>

#include <utility>

#include "controlplane/config/form.hh"
#include "controlplane/scion/text.hh"

namespace rhumb::scion::control {

bool expect(json_value from, json_kind wanted, std::string_view name, config::diagnostics& errors) {
    if (from.kind() == wanted) {
        return true;
    }
    errors.fail(from.where(errors), fmt::format("{} must be {}, not {}", name, kind_name(wanted),
                                                kind_name(from.kind())));
    return false;
}

json_object::json_object(json_value object, std::string title, config::diagnostics& errors)
    : object_(object), title_(std::move(title)), errors_(errors) {
    if (expect(object, json_kind::object, title_, errors)) {
        members_ = object.children();
    }
}

json_value json_object::find(std::string_view key) const {
    json_value found;
    for (const json_value member : members_) {
        if (!same_letters(member.key(), key)) {
            continue;
        }
        if (found) {
            errors_.fail(member.key_where(errors_),
                         fmt::format("key {} stands in {} twice, first as {}",
                                     config::in_quotes(member.key()), title_,
                                     config::in_quotes(found.key())));
        }
        found = member;
    }
    return found.kind() == json_kind::null ? json_value() : found;
}

json_value json_object::find(std::string_view key, json_kind wanted) const {
    const json_value found = find(key);
    return found && expect(found, wanted, key, errors_) ? found : json_value();
}

json_value json_object::need_text(std::string_view key, std::string_view example) const {
    const json_value found = find(key);
    if (!found) {
        errors_.fail(where(), fmt::format("{} needs {}, as in \"{}\"", title_, key, example));
        return {};
    }
    if (!expect(found, json_kind::string, key, errors_)) {
        return {};
    }
    if (found.text().empty()) {
        errors_.fail(found.where(errors_), fmt::format("{} is empty; write \"{}\"", key, example));
        return {};
    }
    return found;
}

std::optional<std::int64_t> json_object::number(std::string_view key, std::int64_t min,
                                                std::int64_t max) const {
    const json_value found = find(key, json_kind::integer);
    if (!found) {
        return std::nullopt;
    }
    config::check_range(key, found.integer(), min, max, found.where(errors_), errors_);
    return found.integer();
}

std::vector<json_value> json_object::children(std::string_view key, json_kind wanted) const {
    const json_value found = find(key, wanted);
    return found ? found.children() : std::vector<json_value>{};
}

}  // namespace rhumb::scion::control
