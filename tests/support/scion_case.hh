// The SCION border router of a case file, without the daemon: its files loaded as the daemon loads
// them, and a slow path that answers at once. Threads: one.
#pragma once

#include <memory>

#include "rhumb/result.hh"
#include "tests/support/case_file.hh"
#include "tests/support/rig.hh"

namespace rhumb::test {

// Also for files without a [scion] section.
[[nodiscard]] result<std::unique_ptr<rig>> rig_of(const case_file& file);

}  // namespace rhumb::test
