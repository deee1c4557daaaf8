// `rhumb-scion explain`: SCION packets in words, from hexadecimal text, captures or raw bytes.
// Threads: one.
#pragma once

namespace rhumb::scion_tool {

// `words`: what follows "explain" on the command line. Writes to standard output and standard
// error, and returns the exit status (docs/rhumb-scion-explain.md).
[[nodiscard]] int explain_command(int count, const char* const* words);

}  // namespace rhumb::scion_tool
