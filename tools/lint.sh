#!/usr/bin/env bash
# Layout by clang-format, suspicious code by clang-tidy: .clang-format and .clang-tidy say what.
set -uo pipefail

usage() {
    cat <<'END'
usage: tools/lint.sh [-j N] [--all | --changed] [format | tidy | analyze]...

  format     every .hh and .cc must look as clang-format-19 would write it; nothing is changed.
             To change it: clang-format-19 -i FILE...
  tidy       clang-tidy-19 over the pure floors (include/rhumb, the protocols, the pipeline,
             configuration and tables) without its static analyzer; headers are seen through the
             files that include them.
  analyze    the static analyzer of clang-tidy-19 over the same files: takes twice as long again.

--all: tidy and analyze every file; --changed: what differs from the last commit. Both want a
configured build/ for its compile commands. Files that they found good are remembered in build/lint/
until they, a header or .clang-tidy change.

Without a name: format and tidy.
END
}

checks=()
scope=floors
jobs=$(nproc)
while (( $# )); do
    case $1 in
        -h | --help) usage; exit 0 ;;
        -j) jobs=${2-}; shift || true
            [[ $jobs =~ ^[1-9][0-9]*$ ]] || { echo "lint.sh: -j wants a number" >&2; exit 2; } ;;
        -j[1-9]*) jobs=${1#-j} ;;
        --all) scope=all ;;
        --changed) scope=changed ;;
        format | tidy | analyze) checks+=("$1") ;;
        *) echo "lint.sh: unknown argument '$1'" >&2; usage >&2; exit 2 ;;
    esac
    shift
done
(( ${#checks[@]} )) || checks=(format tidy)

cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.." || exit 1
folders=(include dataplane controlplane tools tests)
pure=(include dataplane/mpls dataplane/ip dataplane/scion dataplane/pipeline controlplane/config
    controlplane/controller controlplane/labels controlplane/neighbours
    controlplane/overlay/broadcast controlplane/overlay/ebt controlplane/overlay/store
    controlplane/overlay/wire controlplane/paths controlplane/publish controlplane/routing
    controlplane/scion controlplane/scion_paths
    controlplane/topology)

sources() {  # FOLDER...
    find "$@" \( -name '*.cc' -o -name '*.hh' \) -type f | sort
}

format() {
    local bad
    mapfile -t files < <(sources "${folders[@]}")
    bad=$(printf '%s\0' "${files[@]}" |
        xargs -0 -n 1 -P "$jobs" sh -c \
            'clang-format-19 --dry-run -Werror "$1" >/dev/null 2>&1 || echo "$1"' sh | sort)
    if [[ -n $bad ]]; then
        echo "clang-format-19 -i would change:"
        sed 's/^/    /' <<<"$bad"
        return 1
    fi
    echo "format: ${#files[@]} files are well"
}

# One file through clang-tidy. Run by clang_tidy() below, several at a time.
tidy_file() {  # CHECKS FILE KEY NUMBER/COUNT
    local asked=$1 stamp=build/lint/$1_${2//\//_}
    shift
    echo "$3 $1"
    [[ $(cat "$stamp" 2>/dev/null) != "$2" ]] || return 0
    # The compile commands are g++'s, with warnings that clang does not know.
    if clang-tidy-19 -p build --quiet --checks="$asked" \
        --extra-arg=-Wno-unknown-warning-option "$1" 2>/dev/null; then
        echo "$2" >"$stamp"
    else
        echo "$1: clang-tidy is not content (above), or it cannot compile this"
        return 1
    fi
}
export -f tidy_file

clang_tidy() {  # CHECKS
    local asked=$1 common files=() file number=0
    if [[ ! -f build/compile_commands.json ]]; then
        echo "$check: no build/compile_commands.json; run meson setup build first"
        return 1
    fi
    mkdir -p build/lint
    case $scope in
        floors) mapfile -t files < <(sources "${pure[@]}" | grep '\.cc$') ;;
        all) mapfile -t files < <(sources "${folders[@]}" | grep '\.cc$') ;;
        changed) mapfile -t files < <({ git diff --name-only HEAD -- "${folders[@]}"
                git ls-files --others --exclude-standard -- "${folders[@]}"
            } | grep '\.cc$' | sort -u) ;;
    esac
    # Only what is compiled has a command (fuzzers and benchmarks may not be).
    mapfile -t files < <(printf '%s\n' "${files[@]}" | python3 -c '
import json, os, sys
commands = json.load(open("build/compile_commands.json"))
known = {os.path.relpath(os.path.join(c["directory"], c["file"])) for c in commands}
for name in sys.stdin.read().split():
    if name in known and os.path.exists(name):
        print(name)')
    if (( ${#files[@]} == 0 )); then
        echo "$check: no files"
        [[ $scope == changed ]]
        return
    fi
    common=$({ sources "${folders[@]}" | grep '\.hh$' | xargs cat; cat .clang-tidy; } | sha256sum)
    for file in "${files[@]}"; do
        printf '%s\0' "$asked" "$file" "$({ echo "$common"; cat "$file"; } | sha256sum | cut -d' ' -f1)" \
            "$((++number))/${#files[@]}"
    done | xargs -0 -r -n 4 -P "$jobs" bash -c 'tidy_file "$@"' bash || return 1
    echo "$check: ${#files[@]} files are well"
}

# The analyzer takes two thirds of the time of all checks together.
tidy() { clang_tidy '-clang-analyzer-*'; }
analyze() { clang_tidy '-*,clang-analyzer-*'; }

status=0
for check in "${checks[@]}"; do
    "$check" || status=1
done
exit "$status"
