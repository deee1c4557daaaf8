#!/usr/bin/env bash
# Installs the Debian 12 packages that Rhumb needs; does nothing where they are there already.
#
#   tools/install-deps.sh [build] [test] [bench]     default: build
#
# `build` is what compiling and running takes; `test` adds the second compiler, the sanitizer and
# fuzzer runtimes, the aarch64 cross compiler, and the programs that the tests use as peers; `bench`
# what tools/bench.sh measures beside Rhumb and with.
set -euo pipefail

build=(g++ meson ninja-build pkg-config libdpdk-dev
       libboost-program-options-dev libboost-dev libtomlplusplus-dev libfmt-dev nlohmann-json3-dev
       libsodium-dev libsqlite3-dev libgtest-dev libbenchmark-dev python3 git ca-certificates)
test=(clang-19 clang-format-19 clang-tidy-19 libclang-rt-19-dev g++-aarch64-linux-gnu qemu-user
      tshark iproute2 valgrind)
bench=(dpdk-dev valgrind)

wanted=()
for group in "${@:-build}"; do
    case $group in
        build) wanted+=("${build[@]}") ;;
        test) wanted+=("${test[@]}") ;;
        bench) wanted+=("${bench[@]}") ;;
        *) echo "install-deps: unknown group '$group' (known: build test bench)" >&2; exit 2 ;;
    esac
done

missing=()
for package in "${wanted[@]}"; do
    [[ $(dpkg-query -W -f '${Status}' "$package" 2>/dev/null) == *" installed" ]] ||
        missing+=("$package")
done
(( ${#missing[@]} )) || exit 0

as_root=()
if (( EUID != 0 )); then
    command -v sudo >/dev/null || {
        echo "install-deps: missing ${missing[*]}; run as root, or install sudo" >&2; exit 1; }
    as_root=(sudo)
fi
echo "installing: ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
"${as_root[@]}" apt-get update -qq
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
