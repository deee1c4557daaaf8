// Any bytes as a topology, as a router's settings and as a key: a value or an error with a place,
// nothing else; and what is read can be written and read back.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "controlplane/scion/br_toml.hh"
#include "controlplane/scion/keys.hh"
#include "controlplane/scion/topology.hh"

namespace {

using namespace rhumb::scion;
using namespace rhumb::scion::control;

void check(bool holds) {
    if (!holds) {
        std::abort();
    }
}

void check_link(const interface& link) {
    check(link.id != 0 && !link.neighbour.is_wildcard());
    check(parse_isd_as(to_string(link.neighbour)) == link.neighbour);
    check(link.local.has_value() == link.remote.has_value());
    if (link.local) {
        check(parse_local_endpoint(to_string(*link.local)) == link.local);
        check(parse_endpoint(to_string(*link.remote)) == link.remote);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto as = parse_topology(text, "fuzz.json");
    check(as || (!as.why().message.empty() && as.why().where.line != 0));
    if (as) {
        check(!as.value().ia.is_wildcard());
        for (const auto& [name, router] : as.value().border_routers) {
            for (const auto& [id, link] : router.interfaces) {
                check_link(link);
            }
            const auto done = check_own_router(router, "fuzz.json");
            check(done || done.why().where.line != 0);
        }
    }
    if (const auto key = decode_key(text)) {
        check(!key.value().bytes().empty() && key.value().bytes().size() <= size);
    } else {
        check(key.why().where.line != 0);
    }
    const auto settings = parse_br_toml(text, "fuzz.toml");
    check(settings || settings.why().where.line != 0);
    return 0;
}
