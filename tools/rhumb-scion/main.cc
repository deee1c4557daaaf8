// rhumb-scion: SCION packets and what is about them.
#include <cstdio>
#include <cstring>

#include "tools/rhumb-scion/explain.hh"

int main(int argc, char** argv) {
    if (argc > 1 && std::strcmp(argv[1], "explain") == 0) {
        return rhumb::scion_tool::explain_command(argc - 2, argv + 2);
    }
    (void)std::fputs("usage: rhumb-scion explain ...  (--help tells more)\n", stderr);
    return 2;
}
