// A rule for every label that is not a special one: a million of them. Threads: any.
#pragma once

#include <cstddef>
#include <string>

namespace rhumb::test {

struct all_labels {
    static constexpr unsigned first = 16;
    static constexpr unsigned count = (1U << 20) - 16;

    // What [node] must say for rules all over the label space that are in a table.
    static std::string node_keys() {
        return "srgb = \"16000-16001\"\nsrlb = \"15000-15001\"\n"
               "static = [\"16-14999\", \"15002-15999\", \"16002-1048575\"]\n"
               "table = \"labels.csv\"\n";
    }
    // The label plus `shift`, round the label space.
    static constexpr unsigned shifted(unsigned label, unsigned shift) {
        return first + (label - first + shift) % count;
    }
    // The table that swaps every label to itself plus `shift`, by the next hop that via(label)
    // names.
    template <class Via>
    static std::string table(unsigned shift, Via via) {
        std::string text = "label,op,out,via\n";
        text.reserve(std::size_t{count} * 28);
        for (unsigned label = first; label < first + count; ++label) {
            text += std::to_string(label) + ",continue," + std::to_string(shifted(label, shift)) +
                    ',' + via(label) + '\n';
        }
        return text;
    }
};

}  // namespace rhumb::test
