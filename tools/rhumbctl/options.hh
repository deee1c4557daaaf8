// Command lines as all our programs read them (Boost.Program_options). Threads: one.
#pragma once

#include <boost/program_options.hpp>
#include <string>
#include <vector>

#include "tools/rhumbctl/failure.hh"

namespace rhumb::ctl {

// Reads `line` by `options`, which say where "words" go: what is no option. No option may be cut
// short. Throws failure: usage.
[[nodiscard]] inline boost::program_options::variables_map read_line(
    const boost::program_options::options_description& options,
    const std::vector<std::string>& line) {
    namespace po = boost::program_options;
    namespace style = po::command_line_style;
    po::positional_options_description words;
    words.add("words", -1);
    po::variables_map map;
    try {
        po::store(po::command_line_parser(line)
                      .options(options)
                      .positional(words)
                      .style(style::default_style & ~style::allow_guessing)
                      .run(),
                  map);
        po::notify(map);
    } catch (const po::error& wrong) {
        throw failure(exit_status::usage, wrong.what());
    }
    return map;
}

}  // namespace rhumb::ctl
