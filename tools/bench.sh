#!/usr/bin/env bash
# Installs what is missing, builds Rhumb for measuring, and measures it.
set -euo pipefail

usage() {
    cat <<'END'
usage: tools/bench.sh [--quick] [--pages auto|ordinary] [--no-install] [PART...]

Parts, all of them without arguments:
  stage     the packet path without DPDK, from classify to rewrite: TSC cycles a packet
  scaling   the same over numbers of labels, paths and stack depths; plots
  process   rhumbd beside dpdk-testpmd on the same virtual devices: packets a second, ratios
  control   a million labels: changes and reloads under traffic, failover
  lpm       prefix lookup beside DPDK's rte_fib

Options:
  --quick        one to three repetitions instead of nine
  --pages WHICH  auto (default): huge pages where they can be had as root, put back afterwards;
                 ordinary: none
  --no-install   do not install packages that are missing

Results go to build-bench/results/: JSON with the machine they were measured on, and plots. Speed is
judged by ratios within one run: a machine that does other things at the same time gives other
figures. tools/bench/compare.sh compares two commits.
END
}

parts=()
quick=no
pages=auto
install=yes
while (( $# )); do
    case $1 in
        -h | --help) usage; exit 0 ;;
        --quick) quick=yes ;;
        --no-install) install=no ;;
        --pages) pages=${2-}; shift || true
            [[ $pages == auto || $pages == ordinary ]] ||
                { echo "bench.sh: --pages is auto or ordinary" >&2; exit 2; } ;;
        stage | scaling | process | control | lpm) parts+=("$1") ;;
        *) echo "bench.sh: unknown argument '$1'" >&2; usage >&2; exit 2 ;;
    esac
    shift
done
(( ${#parts[@]} )) || parts=(stage scaling process control lpm)

cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.."
build=build-bench
results=$build/results
bench=tools/bench
say() { printf '[%4d s] %s\n' "$SECONDS" "$*"; }

if [[ $install == yes ]]; then
    say "packages"
    tools/install-deps.sh build bench
fi
say "building ($build/)"
mkdir -p "$results"
[[ -f $build/build.ninja ]] ||
    meson setup "$build" --buildtype=release -Dbench=true >"$results/setup.log"
ninja -C "$build" >"$results/build.log" || { tail -30 "$results/build.log"; exit 1; }

# Huge pages for this run: 1 GiB, as far as the machine has it.
huge=/proc/sys/vm/nr_hugepages
pages_before=$(cat "$huge")
put_back() { echo "$pages_before" >"$huge" || true; }
if [[ $pages == auto && $EUID == 0 && -w $huge ]]; then
    trap put_back EXIT
    (( pages_before >= 512 )) || echo 512 >"$huge" || true
fi
if [[ $pages == auto ]] && (( $(cat "$huge") >= 400 )); then
    used=huge
else
    used=ordinary
fi
python3 $bench/report.py machine "$used" >"$results/machine.json"
say "on $(tr -d '{}"' <"$results/machine.json")"

repetitions=9
rounds=5
[[ $quick == no ]] || { repetitions=3; rounds=1; }

stage() {  # NAME ARGUMENT...
    local name=$1
    shift
    "$build/tools/bench/stage_bench" "$@" --benchmark_repetitions=$repetitions \
        --benchmark_out="$results/$name-raw.json" --benchmark_out_format=json \
        >"$results/$name.log" 2>&1
    python3 $bench/report.py stage "$results/$name-raw.json" "$results/machine.json" \
        "$results/$name.json"
}

for part in "${parts[@]}"; do
    say "$part"
    case $part in
        stage) stage stage ;;
        scaling)
            stage scaling --scaling --benchmark_filter='/64/' >/dev/null
            python3 $bench/plot.py "$results/scaling.json" "$results" ;;
        process)
            python3 $bench/process_bench.py "$build" --rounds $rounds --pages $used \
                --json "$results/process.json" ;;
        control)
            python3 $bench/control_bench.py "$build" --rounds $rounds \
                --json "$results/control.json" ;;
        lpm) "$build/tools/bench/lpm_bench" 2>"$results/lpm.log" ;;
    esac
done
say "done: $results/"
