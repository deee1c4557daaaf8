#!/usr/bin/env bash
# Whether the packet path has become slower between two commits: both are built and measured in one
# run on one machine, in turns.
set -euo pipefail

usage() {
    cat <<'END'
usage: [JOBS=N] tools/bench/compare.sh OLD NEW [FILTER]

OLD and NEW are commits that have tools/bench/stage_bench; FILTER (a regular expression, default
'/hot/32/') chooses cases. For each case: TSC cycles a packet of both (median of 5 runs in turns), and
instructions a packet as valgrind's callgrind counts them, which is exact whatever else the machine
does. Exit status 1: a case takes over 3 % more instructions, or over 10 % more cycles.
valgrind 3.19 knows no AVX-512, so code that chooses it by the processor counts as without.
END
}

case ${1-} in -h | --help) usage; exit 0 ;; esac
(( $# == 2 || $# == 3 )) || { usage >&2; exit 2; }
filter=${3-/hot/32/}
root=$(git -C "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")" rev-parse --show-toplevel)
cd "$root"
work=build-bench/compare
mkdir -p "$work"

build() {  # COMMIT NAME
    local tree=$work/$2
    git worktree remove --force "$tree" 2>/dev/null || true
    git worktree prune
    git worktree add --quiet --detach "$tree" "$1"
    echo "building $2: $(git -C "$tree" log -1 --format='%h %s')"
    meson setup "$tree/build" "$tree" --buildtype=release -Dbench=true -Ddaemon=disabled \
        >"$work/$2.log" 2>&1
    ninja -C "$tree/build" -j "${JOBS:-$(nproc)}" tools/bench/stage_bench >>"$work/$2.log" 2>&1 ||
        { tail -20 "$work/$2.log"; exit 1; }
}
put_back() {
    git worktree remove --force "$work/old" 2>/dev/null || true
    git worktree remove --force "$work/new" 2>/dev/null || true
}
trap put_back EXIT
build "$1" old
build "$2" new
python3 tools/bench/compare.py "$work" "$filter"
