// The files of a network's routers, as the reference implementation and rhumbd read them:
//
//   1-ff00_0_111/br1/topology.json      of the AS, the same for all of its routers
//                    keys/master0.key   for nobody else's eyes
//                    keys/master1.key
//                    br.toml            the router's own
//                    rhumbd.toml        the same router as Rhumb's
//
// Threads: any.
#pragma once

#include <cstddef>
#include <string>

#include "controlplane/scion_paths/key_ring.hh"
#include "controlplane/scion_paths/network.hh"
#include "rhumb/result.hh"

namespace rhumb::scion::paths {

// "1-ff00_0_111/br1"
[[nodiscard]] std::string folder_of(const network& in, std::size_t as, std::size_t router);

[[nodiscard]] std::string topology_json(const network& in, std::size_t as);
[[nodiscard]] std::string br_toml(const network& in, std::size_t as, std::size_t router);

// rhumbd's ports are TAPs of the kernel's: links to anywhere, and hosts that are found by ARP. With
// a folder for `sockets` (its whole path), links are memifs between processes of this machine, and
// the inside is captures, its host the one that `rhumb-scion packet` writes frames of: this needs
// no privileges.
inline constexpr const char* host_mac = "02:00:00:00:00:01";
inline constexpr const char* inside_mac = "02:00:00:00:00:02";

[[nodiscard]] std::string rhumbd_toml(const network& in, std::size_t as, std::size_t router,
                                      const std::string& sockets = {});

// All of them below `folder`, over those that are there; how many routers. Errors too: a path that
// no memif takes, and an AS with several routers, as captures do not join them.
[[nodiscard]] result<std::size_t> write_files(const network& of, const key_ring& keys,
                                              const std::string& folder,
                                              const std::string& sockets = {});

}  // namespace rhumb::scion::paths
