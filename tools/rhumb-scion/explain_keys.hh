// Keys of ASes as the command line names them. Threads: any.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "controlplane/scion/explain.hh"
#include "rhumb/result.hh"

namespace rhumb::scion_tool {

using key_list = std::vector<scion::explain::as_key>;

// "ISD-AS=KEY" with a master key: base64 as in keys/master0.key, or 32 hexadecimal digits.
[[nodiscard]] result<void> add_master_key(key_list& to, std::string_view text);
// The same with a key of 16 bytes that is derived already.
[[nodiscard]] result<void> add_hop_key(key_list& to, std::string_view text);
// "ISD-AS=FOLDER", which has master0.key in it or in keys/; or "FOLDER" with topology.json beside
// them, which says whose they are; or a folder of such folders.
[[nodiscard]] result<void> add_key_folder(key_list& to, const std::string& text);

}  // namespace rhumb::scion_tool
