#!/usr/bin/env bash
# Installs what is missing, builds Rhumb in every way in which it is tested, and runs all tests.
set -uo pipefail

usage() {
    cat <<'END'
usage: tools/test.sh [-j N] [--no-install] [--longer-within SECONDS] [STEP...]

The steps of the suite, all of them without arguments:
  gcc      g++, warnings as errors: everything is built, every test runs           build/
  asan     clang, AddressSanitizer and UBSan: the pure tests, and every fuzzer
           for a short while                                                       build-asan/
  daemon   the same build: the daemon on virtual devices, and the cases through it build-asan/
  tsan     clang, ThreadSanitizer: the tests of what threads share                 build-tsan/
  format   clang-format (tools/lint.sh)

Longer ones, run by name; 'all' runs every step there is:
  tidy     clang-tidy over the pure floors (tools/lint.sh)
  aarch64  the cross compiler: the pure tests under qemu-user                      build-aarch64/
  analyze  the static analyzer of clang-tidy (tools/lint.sh)

Options:
  -j N          compile with N jobs (default: as many as there are processors)
  --no-install  do not install packages that are missing
  --longer-within SECONDS
                where no step is named, also the longer ones, those that can begin within so many
                seconds of the start: the others are said, and counted as skipped

Logs are in the build folders, under logs/. The last line is `N passed, N failed, N skipped`; the
exit status is 1 if anything failed or nothing ran. A build that fails counts as a test that failed.
Neither a NIC, huge pages nor root are needed, but for installing packages.
END
}

suite=(gcc asan daemon tsan format)
longer=(tidy aarch64 analyze)
steps=()
longer_within=
install=yes
jobs=$(nproc)
while (( $# )); do
    case $1 in
        -h | --help) usage; exit 0 ;;
        --no-install) install=no ;;
        -j) jobs=${2-}; shift || true
            [[ $jobs =~ ^[1-9][0-9]*$ ]] || { echo "test.sh: -j wants a number" >&2; exit 2; } ;;
        -j[1-9]*) jobs=${1#-j} ;;
        --longer-within) longer_within=${2-}; shift || true
            [[ $longer_within =~ ^[1-9][0-9]*$ ]] ||
                { echo "test.sh: --longer-within wants seconds" >&2; exit 2; } ;;
        all) steps+=("${suite[@]}" "${longer[@]}") ;;
        gcc | asan | daemon | tsan | format | tidy | aarch64 | analyze) steps+=("$1") ;;
        *) echo "test.sh: unknown argument '$1'" >&2; usage >&2; exit 2 ;;
    esac
    shift
done
if (( ${#steps[@]} == 0 )); then
    steps=("${suite[@]}")
    [[ -z $longer_within ]] || steps+=("${longer[@]}")
fi
mapfile -t steps < <(printf '%s\n' "${steps[@]}" | awk '!seen[$0]++')  # each once

cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.." || exit 1

step=
passed=0
failed=0
skipped=0
child=
trap '[[ -z $child ]] || kill "$child" 2>/dev/null' EXIT
trap 'exit 130' INT TERM

say() { printf '[%4d s] %-8s %s\n' "$SECONDS" "$step" "$*"; }

# Runs a command with its output in a log; says every half minute how far it is.
quietly() {  # WHAT LOG COMMAND...
    local what=$1 log=$2 status waited=0
    shift 2
    mkdir -p "$(dirname "$log")"
    "$@" >"$log" 2>&1 </dev/null &
    child=$!
    while kill -0 "$child" 2>/dev/null; do
        sleep 0.5
        if (( ++waited % 60 == 0 )); then
            say "$what ... $(tr '\r' '\n' <"$log" | grep -oE '^ *\[? *[0-9]+/[0-9]+' | tail -1 |
                tr -d '[ ')"
        fi
    done
    wait "$child"
    status=$?
    child=
    return "$status"
}

# Counts a failure that no test reports, and shows what is known of it.
broken() {  # WHAT LOG
    say "$1 FAILED; the end of $2:"
    (( ++failed ))
    # Of a compilation, what went wrong first is what matters.
    if grep -q '^FAILED: ' "$2"; then
        grep -v '^\[[0-9]*/[0-9]*\]' "$2" | sed -n '/^FAILED: /,$p' | head -60
    else
        grep -vE '^[0-9]+/[0-9]+ ' "$2" | tail -60
    fi | sed 's/^/    /'
    return 1
}

# Sets a build folder up, anew where it was set up otherwise. `build` is the user's: taken as it is.
configure() {  # FOLDER MESON-ARGUMENTS...
    local folder=$1 log=$1/logs/setup.txt
    shift
    local -r made_by="$folder/logs/made-by"
    if [[ -f $folder/build.ninja ]]; then
        if [[ $folder == build || $(cat "$made_by" 2>/dev/null) == "${CXX-} $*" ]]; then
            # What is asked of meson next is to be about the files as they now are.
            quietly "setup" "$log" ninja -C "$folder" build.ninja || { broken "setup" "$log"; return 1; }
            return 0
        fi
        rm -rf -- "./$folder"
    fi
    quietly "setup" "$log" meson setup "$folder" "$@" || { broken "setup" "$log"; return 1; }
    echo "${CXX-} $*" >"$made_by"
}

compile() {  # FOLDER [TARGET...]
    local folder=$1 log=$1/logs/compile.txt start=$SECONDS
    shift
    say "building"
    quietly "building" "$log" ninja -C "$folder" -j "$jobs" -k 0 "$@" ||
        { broken "building" "$log"; return 1; }
    say "built in $((SECONDS - start)) s"
}

check() {  # FOLDER MESON-TEST-ARGUMENTS...
    local folder=$1 log=$1/logs/test.txt start=$SECONDS status counts p f s
    shift
    say "testing"
    # Nothing of an earlier run may count; GoogleTest writes its results into the folder itself.
    rm -f "$folder"/meson-logs/testlog.{json,junit.xml} "$folder"/*.xml
    quietly "testing" "$log" meson test -C "$folder" --no-rebuild "$@"
    status=$?
    if ! counts=$(python3 tools/meson_tests.py count "$folder"); then
        broken "testing" "$log"
        return 1
    fi
    read -r p f s <<<"$counts"
    (( status == 0 || f > 0 )) || f=1
    (( passed += p, failed += f, skipped += s ))
    say "$p passed, $f failed, $s skipped in $((SECONDS - start)) s"
    if (( f )); then
        { python3 tools/meson_tests.py failures "$folder" | grep . || tail -60 "$log"; } |
            sed 's/^/    /'
        return 1
    fi
}

# The targets that these tests, or the tests of these suites, need and nothing else.
targets_of() {  # FOLDER NAME...
    python3 tools/meson_tests.py targets "$@"
}

check_suites() {  # FOLDER TIMEOUT-MULTIPLIER SUITE...
    local folder=$1 patience=$2 targets
    shift 2
    mapfile -t targets < <(targets_of "$folder" "$@")
    if (( ${#targets[@]} == 0 )); then
        say "no tests in the suites $*"
        (( ++failed ))
        return 1
    fi
    compile "$folder" "${targets[@]}" && check "$folder" -t "$patience" "${@/#/--suite=}"
}

step_gcc() {
    configure build --buildtype=release -Dbench=true && compile build && check build
}

# A compiler cache is used where there is one; line numbers do not depend on the folder.
clang=clang++-19
if command -v ccache >/dev/null; then
    clang="ccache $clang"
    export CCACHE_NOHASHDIR=1
fi
# -O1 and line numbers: exact enough stack traces.
sanitized=(-Db_lundef=false -Doptimization=1 -Dcpp_args=-g1)

configure_asan() {
    export ASAN_OPTIONS=halt_on_error=1:abort_on_error=1:detect_stack_use_after_return=1
    export UBSAN_OPTIONS=halt_on_error=1:abort_on_error=1:print_stacktrace=1
    CXX=$clang configure build-asan -Db_sanitize=address,undefined -Dfuzz=true "${sanitized[@]}"
}

step_asan() {
    configure_asan && check_suites build-asan 4 pure routers fuzz
}

step_daemon() {
    local targets
    configure_asan || return 1
    # DPDK keeps memory to the end, which is no leak of ours to find.
    export ASAN_OPTIONS=halt_on_error=1:abort_on_error=1:detect_leaks=0
    mapfile -t targets < <(targets_of build-asan daemon replay)
    compile build-asan "${targets[@]}" && check build-asan -t 4 daemon replay
}

step_tsan() {
    export TSAN_OPTIONS=halt_on_error=1:second_deadlock_stack=1
    CXX=$clang configure build-tsan -Db_sanitize=thread -Ddaemon=disabled "${sanitized[@]}" &&
        check_suites build-tsan 4 concurrency
}

step_aarch64() {
    configure build-aarch64 --cross-file tests/cross/aarch64.ini -Ddaemon=disabled -Ddebug=false \
        "-Dpkg_config_path=$PWD/tests/cross/pkgconfig" && check_suites build-aarch64 10 pure
}

lint() {  # CHECK
    local log=build/logs/lint-$1.txt start=$SECONDS
    if [[ $1 != format && ! -f build/compile_commands.json ]]; then
        configure build --buildtype=release -Dbench=true || return 1
    fi
    say "checking"
    if quietly "checking" "$log" tools/lint.sh "$1" -j "$jobs"; then
        (( ++passed ))
        say "done in $((SECONDS - start)) s"
    else
        broken "checking" "$log"
    fi
}

step_format() { lint format; }
step_tidy() { lint tidy; }
step_analyze() { lint analyze; }

step=install
if [[ $install == yes ]]; then
    say "packages"
    groups=(build)
    [[ ${steps[*]} == gcc ]] || groups+=(test)
    # The tests of the g++ build have peers among the test packages: without those they are skipped.
    [[ ${steps[*]} != *gcc* ]] || groups=(build test)
    mkdir -p build/logs
    if ! quietly "packages" build/logs/install.txt tools/install-deps.sh "${groups[@]}"; then
        broken "packages" build/logs/install.txt
    fi
fi

for step in "${steps[@]}"; do
    if [[ -n $longer_within && " ${longer[*]} " == *" $step "* ]] && (( SECONDS > longer_within )); then
        say "skipped: it cannot begin within $longer_within s; tools/test.sh $step runs it"
        (( ++skipped ))
        continue
    fi
    # Each step has an environment of its own.
    saved=("${ASAN_OPTIONS-}" "${UBSAN_OPTIONS-}" "${TSAN_OPTIONS-}")
    "step_$step"
    ASAN_OPTIONS=${saved[0]} UBSAN_OPTIONS=${saved[1]} TSAN_OPTIONS=${saved[2]}
done

step=done
say "logs: build*/logs/"
echo "$passed passed, $failed failed, $skipped skipped"
(( failed == 0 && passed > 0 ))
