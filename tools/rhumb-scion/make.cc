// rhumb-scion make: the files of every router of a network.
#include <fmt/format.h>

#include <filesystem>
#include <iostream>
#include <nlohmann/json.hpp>
#include <system_error>

#include "controlplane/scion_paths/files.hh"
#include "tools/rhumb-scion/lab.hh"

namespace rhumb::scion::tool {

exit_status make(const words& line) {
    command_line given(
        "usage: rhumb-scion make [OPTION...] NETWORK.toml FOLDER\n"
        "\n"
        "Writes for each border router a folder FOLDER/ISD-AS/ROUTER with topology.json,\n"
        "keys/master0.key, keys/master1.key and br.toml, as the reference implementation reads\n"
        "them, and rhumbd.toml, the same router as Rhumb's. Files that are there are replaced,\n"
        "but keys that are there stay.\n");
    lab_options how;
    std::string kind = "tap";
    given.options.add_options()(
        "ports", po::value(&kind)->value_name("KIND"),
        "what rhumbd's ports are: tap, or memif: links between processes here and captures inside, "
        "without privileges (tap)");
    how.add_to(given.options, false);
    if (!given.parse(line, 2)) {
        return exit_status::done;
    }
    if (kind != "tap" && kind != "memif") {
        throw failure(exit_status::usage, "--ports is tap or memif");
    }
    const std::string& folder = given.given()[1];
    const auto of = value_or_failure(paths::load_network(given.given()[0]));
    const auto keys =
        value_or_failure(paths::make_keys(of, how.seed, how.keys.empty() ? folder : how.keys));
    std::error_code failed;
    const std::string sockets =
        kind == "memif" ? std::filesystem::weakly_canonical(folder, failed).string() : "";
    if (failed) {
        throw failure(exit_status::file, folder + ": " + failed.message());
    }
    const std::size_t count = value_or_failure(paths::write_files(of, keys, folder, sockets));
    nlohmann::json routers = nlohmann::json::array();
    for (std::size_t as = 0; as < of.ases.size(); ++as) {
        for (std::size_t n = 0; n < of.ases[as].routers.size(); ++n) {
            routers.push_back(folder + '/' + paths::folder_of(of, as, n));
        }
    }
    if (how.as_json) {
        std::cout << routers.dump(1, ' ', true) << '\n';
    } else {
        std::cout << fmt::format(
            "{} routers of {} ASes are in {}; one of them runs with\n"
            "  rhumbd --config {}/rhumbd.toml\n",
            count, of.ases.size(), folder, routers.front().get<std::string>());
    }
    return exit_status::done;
}

}  // namespace rhumb::scion::tool
