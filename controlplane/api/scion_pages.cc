#include "controlplane/api/scion_pages.hh"

#include <unistd.h>

#include <filesystem>

#include "controlplane/api/show_parts.hh"
#include "controlplane/scion/file.hh"
#include "controlplane/scion/info_pages.hh"
#include "controlplane/scion/metrics.hh"

namespace rhumb::api {

namespace {

using namespace scion::control;

std::string text_of_file(const std::string& path) {
    constexpr std::size_t max_mib = 64;
    auto text = read_file(path, max_mib);
    return text ? std::move(text).value() : path + ": " + text.why().message + "\n";
}

std::string process_page(const router& running) {
    const scion::setup& setup = *running.scion();
    process_facts facts;
    facts.version = RHUMB_VERSION;
    facts.id = setup.files.settings.general.id;
    facts.ia = setup.files.as.ia;
    facts.pid = ::getpid();
    facts.euid = ::geteuid();
    facts.egid = ::getegid();
    facts.started = std::chrono::system_clock::now() - running.uptime();
    facts.command_line = {"rhumbd", "--config", running.config_file()};
    return process_text(facts);
}

std::string interfaces_page(const router& running) {
    const scion::setup& setup = *running.scion();
    router_interfaces all;
    all.internal = setup.files.own().internal_addr;
    const auto is_up = [&](std::uint16_t id) {
        return running.engine().live().link_up(setup.own.link_of(id));
    };
    for (const auto& [name, router] : setup.files.as.border_routers) {
        for (const auto& [id, of] : router.interfaces) {
            if (name == setup.files.settings.general.id) {
                all.own.push_back({id, *of.local, *of.remote, of.neighbour, of.type, of.mtu,
                                   is_up(id), setup.files.bfd_of(of)});
            } else {
                all.siblings.push_back(
                    {id, router.internal_addr, of.neighbour, of.type, of.mtu, is_up(id)});
            }
        }
    }
    return interfaces_json(all);
}

}  // namespace

std::vector<page> scion_pages(const router& running) {
    const auto text = [](std::string_view type) { return std::string(type); };
    return {
        {"/metrics", text(scion::exposition_content_type),
         [&running] { return scion::exposition(scion_metrics(running)); }},
        {text(info_path), text(text_type), [&running] { return process_page(running); }},
        {text(config_path), text(text_type),
         [&running] {
             const std::filesystem::path folder =
                 std::filesystem::path(running.config_file()).parent_path();
             return text_of_file(folder / running.scion()->section.router);
         }},
        {text(topology_path), text(json_type),
         [&running] { return text_of_file(running.scion()->files.topology_path); }},
        {text(interfaces_path), text(json_type), [&running] { return interfaces_page(running); }}};
}

}  // namespace rhumb::api
