#include "controlplane/overlay/wire/json.hh"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

namespace rhumb::overlay {

std::optional<std::uint32_t> integer_like(std::string_view key) noexcept {
    constexpr std::size_t most_digits = 10;
    constexpr std::uint32_t none = 0xffffffff;
    if (key.empty() || key.size() > most_digits || key[0] < '0' || key[0] > '9' ||
        (key[0] == '0' && key.size() > 1)) {
        return std::nullopt;
    }
    std::uint32_t number = 0;
    const auto read = std::from_chars(key.data(), key.data() + key.size(), number);
    if (read.ec != std::errc() || read.ptr != key.data() + key.size() || number == none) {
        return std::nullopt;
    }
    return number;
}

result<void> json_document::read(std::string_view text) {
    nodes_.clear();
    order_.clear();
    texts_.clear();
    open_.clear();
    key_ = {};
    if (text.size() > limits_.bytes) {
        return error{fmt::format("JSON of more than {} bytes", limits_.bytes), {}};
    }
    scanner_.restart(text);
    for (;;) {
        const json_token token = scanner_.next();
        if (token == json_token::end) {
            return {};
        }
        if (token == json_token::bad) {
            return scanner_.why();
        }
        take(token);
        if (nodes_.size() > limits_.values) {
            return error{fmt::format("JSON of more than {} values", limits_.values), {}};
        }
    }
}

void json_document::take(json_token token) {
    switch (token) {
        case json_token::begin_object:
        case json_token::begin_array: {
            const bool is_object = token == json_token::begin_object;
            open_.push_back(static_cast<std::uint32_t>(nodes_.size()));
            add(is_object ? json_kind::object : json_kind::array);
            break;
        }
        case json_token::end_object:
        case json_token::end_array: close(); break;
        case json_token::key: key_ = keep(scanner_.text()); break;
        case json_token::string: {
            const slice kept = keep(scanner_.text());
            add(json_kind::string).of = kept;
            break;
        }
        case json_token::number: add(json_kind::number).number = scanner_.number(); break;
        case json_token::boolean_true: add(json_kind::boolean).number = 1; break;
        case json_token::boolean_false: add(json_kind::boolean); break;
        case json_token::null: add(json_kind::null); break;
        case json_token::end:
        case json_token::bad: break;
    }
}

json_document::slice json_document::keep(std::string_view text) {
    const slice kept{static_cast<std::uint32_t>(texts_.size()),
                     static_cast<std::uint32_t>(text.size())};
    texts_ += text;
    return kept;
}

json_document::node& json_document::add(json_kind kind) {
    node& added = nodes_.emplace_back();
    added.kind = kind;
    added.key = std::exchange(key_, {});
    added.end = static_cast<std::uint32_t>(nodes_.size());
    return added;
}

void json_document::close() {
    const std::uint32_t index = open_.back();
    open_.pop_back();
    node& closed = nodes_[index];
    closed.end = static_cast<std::uint32_t>(nodes_.size());
    const std::size_t first = order_.size();
    for (std::uint32_t n = index + 1; n != closed.end; n = nodes_[n].end) {
        order_.push_back(n);
    }
    if (closed.kind == json_kind::object) {
        drop_repeated(first);
        put_integers_first(first);
    }
    closed.of = {static_cast<std::uint32_t>(first),
                 static_cast<std::uint32_t>(order_.size() - first)};
}

void json_document::drop_repeated(std::size_t first) {
    constexpr std::size_t few = 16;
    if (order_.size() - first > few) {
        drop_repeated_of_many(first);
        return;
    }
    std::size_t kept = first;
    for (std::size_t n = first; n != order_.size(); ++n) {
        const std::string_view key = view(nodes_[order_[n]].key);
        std::size_t same = first;
        while (same != kept && view(nodes_[order_[same]].key) != key) {
            ++same;
        }
        order_[same] = order_[n];
        kept += same == kept ? 1 : 0;
    }
    order_.resize(kept);
}

void json_document::drop_repeated_of_many(std::size_t first) {
    const auto key_of = [this](std::uint32_t place) { return view(nodes_[order_[place]].key); };
    by_key_.clear();
    for (std::size_t n = first; n != order_.size(); ++n) {
        by_key_.push_back(static_cast<std::uint32_t>(n));
    }
    std::sort(by_key_.begin(), by_key_.end(), [&](std::uint32_t a, std::uint32_t b) {
        const int compared = key_of(a).compare(key_of(b));
        return compared != 0 ? compared < 0 : a < b;
    });
    constexpr std::uint32_t dropped = 0;  // no value is its own document's root and a member
    for (std::size_t n = 0; n != by_key_.size();) {
        std::size_t last = n;
        while (last + 1 != by_key_.size() && key_of(by_key_[last + 1]) == key_of(by_key_[n])) {
            ++last;
        }
        const std::uint32_t value = order_[by_key_[last]];
        // Their keys are not looked at again, so the places may be marked.
        for (std::size_t same = n + 1; same <= last; ++same) {
            order_[by_key_[same]] = dropped;
        }
        order_[by_key_[n]] = value;
        n = last + 1;
    }
    order_.erase(
        std::remove(order_.begin() + static_cast<std::ptrdiff_t>(first), order_.end(), dropped),
        order_.end());
}

void json_document::put_integers_first(std::size_t first) {
    const auto number_of = [this](std::uint32_t n) { return integer_like(view(nodes_[n].key)); };
    children_.clear();
    std::size_t others = first;
    for (std::size_t n = first; n != order_.size(); ++n) {
        if (number_of(order_[n])) {
            children_.push_back(order_[n]);
        } else {
            order_[others++] = order_[n];
        }
    }
    if (children_.empty()) {
        return;
    }
    std::sort(children_.begin(), children_.end(),
              [&](std::uint32_t a, std::uint32_t b) { return *number_of(a) < *number_of(b); });
    const auto begin = order_.begin() + static_cast<std::ptrdiff_t>(first);
    std::copy_backward(begin, order_.begin() + static_cast<std::ptrdiff_t>(others), order_.end());
    std::copy(children_.begin(), children_.end(), begin);
}

json_kind json_value::kind() const noexcept { return document_->nodes_[index_].kind; }

bool json_value::boolean() const noexcept { return document_->nodes_[index_].number != 0; }

double json_value::number() const noexcept { return document_->nodes_[index_].number; }

std::string_view json_value::text() const noexcept {
    return document_->view(document_->nodes_[index_].of);
}

std::string_view json_value::key() const noexcept {
    return document_->view(document_->nodes_[index_].key);
}

std::size_t json_value::size() const noexcept {
    const bool has_children = is(json_kind::array) || is(json_kind::object);
    return has_children ? document_->nodes_[index_].of.size : 0;
}

json_value json_value::operator[](std::size_t n) const noexcept {
    return {*document_, document_->order_[document_->nodes_[index_].of.begin + n]};
}

std::optional<json_value> json_value::find(std::string_view name) const noexcept {
    if (is(json_kind::object)) {
        for (std::size_t n = 0; n != size(); ++n) {
            if ((*this)[n].key() == name) {
                return (*this)[n];
            }
        }
    }
    return std::nullopt;
}

std::optional<std::string_view> json_value::find_text(std::string_view name) const noexcept {
    const auto found = find(name);
    return found && found->is(json_kind::string) ? std::optional(found->text()) : std::nullopt;
}

}  // namespace rhumb::overlay
