#!/usr/bin/env bash
# Installs what is missing, builds Rhumb for measuring, and measures it.
set -euo pipefail

usage() {
    cat <<'END'
usage: tools/bench.sh [--quick] [--pages auto|huge|ordinary] [-j N] [--no-install] [PART...]

Parts, all but scion-peers without arguments:
  stage     the packet path without DPDK, from classify to rewrite: TSC cycles a packet
  scaling   the same over numbers of labels, paths and stack depths, with plots; and rhumbd and
            testpmd with one and two workers
  process   rhumbd beside dpdk-testpmd on the same virtual devices: packets a second, ratios
  control   a million labels: changes and reloads under traffic, failover
  lpm       prefix lookup beside DPDK's rte_fib
  mac       AES-CMAC of hop fields on every level of the processor: TSC cycles a block
  topology  the map of 10,000 nodes: shortest paths beside Boost.Graph's, updates, memory
  paths     computed tables: repairs, tables after a change, constrained paths, 10,000 policies
  ebt       the EBT machine beside the reference from npm: messages a second, reconnects, memory;
            without npm, node or the scripts in ../shared/vectors/ebt only ours
  overlay   the overlay's wire on one core: handshakes, messages, signatures, notes; two services over
            loopback, and how long their control loops were busy at a time; broadcast by four and
            eight services; rhumb-overlay and npm's ssb-db over loopback, 10,000 messages both ways
            (not without npm)
  scion-peers
            rhumbd and the reference SCION router in turns, under the load of the reference's own
            benchmark: packets a second and core. It wants go, taskset, root or user
            namespaces, and builds the reference first, for some minutes

Options:
  --quick        one to three repetitions instead of nine
  --pages WHICH  of DPDK, for all programs. auto (default): huge ones where they are free or can be
                 had as root, else ordinary ones; the kernel's number is put back afterwards
  -j N           compile with N jobs (default: as many as there are processors)
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
jobs=$(nproc)
while (( $# )); do
    case $1 in
        -h | --help) usage; exit 0 ;;
        --quick) quick=yes ;;
        --no-install) install=no ;;
        --pages) pages=${2-}; shift || true
            [[ $pages =~ ^(auto|huge|ordinary)$ ]] ||
                { echo "bench.sh: --pages is auto, huge or ordinary" >&2; exit 2; } ;;
        -j) jobs=${2-}; shift || true
            [[ $jobs =~ ^[1-9][0-9]*$ ]] || { echo "bench.sh: -j wants a number" >&2; exit 2; } ;;
        -j[1-9]*) jobs=${1#-j} ;;
        stage | scaling | process | control | lpm | mac | topology | paths | ebt | overlay | scion-peers) parts+=("$1") ;;
        *) echo "bench.sh: unknown argument '$1'" >&2; usage >&2; exit 2 ;;
    esac
    shift
done
(( ${#parts[@]} )) || parts=(stage scaling process control lpm mac topology paths ebt overlay)

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
ninja -C "$build" -j "$jobs" \
    tools/bench/{stage,lpm,mac,topology,ti_lfa,network,paths,policies,ebt,ebt_json,overlay_wire,overlay_sync,overlay_broadcast}_bench \
    controlplane/rhumbd tools/rhumbctl/rhumbctl tools/rhumb-overlay/rhumb-overlay \
    tools/packets/rhumb-packets >"$results/build.log" || { tail -30 "$results/build.log"; exit 1; }

# Huge pages for this run: 512 MiB, for two programs at a time.
enough=256
huge=/proc/sys/vm/nr_hugepages
free_pages() { awk '/^HugePages_Free/ {free = $2} /^Hugepagesize/ {mib = $2 / 2048}
                    END {print int(free * mib)}' /proc/meminfo; }
put_back() {  # unless somebody else has changed it since
    [[ $(cat "$huge") != "$raised" ]] || echo "$before" >"$huge"
}
if [[ $pages != ordinary && -w $huge ]] && (( $(free_pages) < enough )); then
    before=$(cat "$huge")
    echo $(( before + enough - $(free_pages) )) >"$huge"
    raised=$(cat "$huge")
    trap put_back EXIT
    trap 'exit 130' INT TERM
fi
used=ordinary
if [[ $pages != ordinary ]] && (( $(free_pages) >= enough )); then
    used=huge
elif [[ $pages == huge ]]; then
    echo "bench.sh: 512 MiB of huge pages are not free and cannot be had" >&2
    exit 1
fi
python3 $bench/report.py machine "$used" >"$results/machine.json"
say "on $(tr -d '{}"' <"$results/machine.json")"

repetitions=9
rounds=5
[[ $quick == no ]] || { repetitions=3; rounds=1; }

# Names the case that was measured last, on a terminal.
progress() {
    if [[ -t 2 ]]; then
        awk '/_median/ {sub(/\/iterations.*/, ""); printf "\r\033[K%s", $0 >"/dev/stderr"}
             END {printf "\r\033[K" >"/dev/stderr"}'
    else
        cat >/dev/null
    fi
}

stage() {  # NAME ARGUMENT...
    local name=$1
    shift
    "$build/tools/bench/stage_bench" "$@" --benchmark_repetitions=$repetitions \
        --benchmark_out="$results/$name-raw.json" --benchmark_out_format=json 2>&1 |
        tee "$results/$name.log" | progress
    python3 $bench/report.py stage "$results/$name-raw.json" "$results/machine.json" \
        "$results/$name.json"
}

for part in "${parts[@]}"; do
    say "$part"
    case $part in
        stage) stage stage ;;
        scaling)
            stage scaling --scaling --benchmark_filter='/64/'
            python3 $bench/plot.py "$results/scaling.json" "$results"
            for workers in 1 2; do
                python3 $bench/process_bench.py "$build" --rounds $rounds --pages $used \
                    --devices pcap --sizes 64 --workers $workers \
                    --json "$results/workers-$workers.json"
            done ;;
        process)
            python3 $bench/process_bench.py "$build" --rounds $rounds --pages $used \
                --json "$results/process.json" ;;
        control)
            python3 $bench/control_bench.py "$build" --rounds $rounds --pages $used \
                --json "$results/control.json" ;;
        lpm)
            "$build/tools/bench/lpm_bench" 2>"$results/lpm.log" | tee "$results/lpm.txt"
            python3 $bench/report.py lpm "$results/lpm.txt" "$results/lpm.json" ;;
        mac)
            "$build/tools/bench/mac_bench" | tee "$results/mac.txt"
            python3 $bench/report.py mac "$results/mac.txt" "$results/mac.json" ;;
        topology)
            options=()
            [[ $quick == no ]] || options=(--quick)
            "$build/tools/bench/topology_bench" "${options[@]}" | tee "$results/topology.txt"
            python3 $bench/report.py topology "$results/topology.txt" "$results/topology.json" ;;
        paths)
            for what in ti_lfa network paths policies; do
                "$build/tools/bench/${what}_bench"
            done | tee "$results/paths.txt" ;;
        ebt)
            ebt_rounds=3
            [[ $quick == no ]] || ebt_rounds=1
            python3 $bench/ebt.py "$build/tools/bench/ebt_bench" --rounds $ebt_rounds \
                --json "$results/ebt.json" | tee "$results/ebt.txt" ;;
        overlay)
            options=()
            [[ $quick == no ]] || options=(--quick)
            {
                "$build/tools/bench/overlay_wire_bench" "${options[@]}"
                "$build/tools/bench/overlay_sync_bench" "${options[@]}"
                "$build/tools/bench/overlay_broadcast_bench" "${options[@]}"
                python3 tests/interop/ebt/program_test.py "$build/tools/rhumb-overlay/rhumb-overlay" \
                    tests/interop/ebt/npm_fetch.sh "$build/npm" "${RHUMB_VECTORS:-../shared/vectors}" \
                    database || [[ $? == 77 ]]
            } | tee "$results/overlay.txt" ;;
        scion-peers)
            huge_pages=()
            [[ $used == ordinary ]] || huge_pages=(--huge)
            python3 tests/interop/scion/load.py "$build/scion-reference" \
                "$build/controlplane/rhumbd" --rounds $rounds --drivers af_packet,pcap \
                "${huge_pages[@]}" --json "$results/scion-peers.json" |
                tee "$results/scion-peers.txt" || [[ ${PIPESTATUS[0]} == 77 ]] ;;
    esac
done
say "done: $results/"
