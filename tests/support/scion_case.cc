#include "tests/support/scion_case.hh"

#include <utility>

#include "controlplane/config/load.hh"
#include "controlplane/scion/service.hh"
#include "controlplane/scion/setup.hh"
#include "tests/support/temporary_folder.hh"

namespace rhumb::test {

namespace {

// BFD sessions of a service that lives for one packet: they have just started.
std::optional<packet_bytes> answer_of(const std::shared_ptr<const scion::setup>& setup,
                                      std::uint64_t now_ms, const slow_request& what,
                                      std::span<const byte> packet) {
    const scion::slow_service::moment now{scion::slow_service::clock::time_point{},
                                          now_ms * 1'000'000};
    scion::slow_service service([] { return 1U; }, [](std::uint16_t, bool) {});
    service.use(setup, now);
    service.handle(what, packet, now);
    auto packets =
        what.task == slow_task::bfd ? service.take_session_packets() : service.take_packets();
    return packets.empty() ? std::nullopt : std::optional(std::move(packets.front().bytes));
}

}  // namespace

result<std::unique_ptr<rig>> rig_of(const case_file& file) {
    auto parsed = config::parse(file.config, file.path, ".");
    if (!parsed) {
        return parsed.why();
    }
    if (!parsed->scion) {
        return rig::make(std::move(*parsed));
    }
    const temporary_folder folder;
    for (const auto& [name, text] : file.files) {
        std::filesystem::create_directories(
            folder.path(name).substr(0, folder.path(name).rfind('/')));
        folder.write(name, text);
    }
    auto files = scion::control::load(folder.path(parsed->scion->router));
    if (!files) {
        return files.why();
    }
    const std::uint64_t now_ms = file.now * 1000;
    auto made = scion::setup::make(*parsed->scion, std::move(files).value(), nullptr, now_ms);
    if (!made) {
        return made.why();
    }
    for (const ip_prefix& address : made.value()->addresses) {
        config::prefix_rule rule;
        rule.match = address;
        rule.local = true;
        parsed->rules.prefixes.push_back(rule);
    }
    border_part border;
    border.table = &made.value()->own;
    border.owner = made.value();
    border.now_ms = now_ms;
    border.answer = [setup = made.value(), now_ms](const slow_request& what,
                                                   std::span<const byte> packet) {
        return answer_of(setup, now_ms, what, packet);
    };
    return rig::make(std::move(*parsed), std::move(border));
}

}  // namespace rhumb::test
