#!/usr/bin/env bash
# A SCION network of two ASes on this machine: makes keys and topologies, starts a border router for
# each AS, sends a packet from host A to host B, and shows what each router did and why; then a
# forged one. The links are memifs, the hosts are captures.
set -uo pipefail

usage() {
    cat <<'END'
usage: tools/scion-lab.sh [-j N] [--install] [--build FOLDER] [--work FOLDER]

  -j N            compile with N jobs (default: as many as there are processors)
  --install       install packages that are missing, before building
  --build FOLDER  where the programs are (default: build, which is set up and built as needed;
                  a folder that is named is taken as it is)
  --work FOLDER   where keys, captures and logs go (default: scion-lab in the build folder)

No NIC, huge pages or root are needed, but for installing packages. Exit status 0: the packet
arrived with right MACs, and the forged one was refused and answered; 1: not so; 2: wrong usage.
END
}

jobs=$(nproc)
install=no
build=
work=
while (( $# )); do
    case $1 in
        -h | --help) usage; exit 0 ;;
        --install) install=yes ;;
        --build) build=$(readlink -f -- "${2-}"); shift || true ;;
        --work) work=$(readlink -m -- "${2-}"); shift || true ;;
        -j) jobs=${2-}; shift || true
            [[ $jobs =~ ^[1-9][0-9]*$ ]] || { echo "scion-lab.sh: -j wants a number" >&2; exit 2; } ;;
        -j[1-9]*) jobs=${1#-j} ;;
        *) echo "scion-lab.sh: unknown argument '$1'" >&2; usage >&2; exit 2 ;;
    esac
    shift
done

cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.." || exit 1
network=$PWD/configs/scion-lab/network.toml
as_a=1-ff00:0:110
as_b=1-ff00:0:111

heading() { printf '\n%s\n\n' "$*"; }
failed() {
    printf '\nFAILED: %s\n' "$*"
    tail -n 20 "$work"/rhumbd-*.log 2>/dev/null
    exit 1
}
# Shows a command as one would type it, and runs it.
shown() {
    local line="${*//$bin\//}"
    case $1 in ctl) line="rhumbctl -s $2.sock ${*:3}" ;; esac
    printf '$ %s\n' "$line"
    "$@" 2>&1 | sed 's/^/    /'
}
# Waits for a command to succeed.
until_true() {  # SECONDS COMMAND...
    local end=$(( SECONDS + $1 ))
    shift
    until "$@" >/dev/null 2>&1; do
        (( SECONDS < end )) || return 1
        sleep 0.1
    done
}

if [[ -z $build ]]; then
    build=$PWD/build
    if [[ $install == yes ]]; then
        tools/install-deps.sh build || exit 1
    fi
    if [[ ! -f build/build.ninja ]]; then
        echo "setting up build/"
        meson setup build --buildtype=release >/dev/null || exit 1
    fi
    echo "building with $jobs jobs (some minutes the first time)"
    log=$(ninja -C build -j "$jobs" controlplane/rhumbd tools/rhumbctl/rhumbctl \
        tools/rhumb-scion/rhumb-scion) || { tail -n 40 <<<"$log"; exit 1; }
fi
work=${work:-$build/scion-lab}

# All programs in one folder, for short lines below, and what DPDK keeps, which goes at the end.
run=$(mktemp -d "${TMPDIR:-/tmp}/rhumb-XXXXXX") || exit 1
export XDG_RUNTIME_DIR=$run
bin=$run/bin
declare -A process=()
end() {
    local one
    for one in "${process[@]}"; do kill "$one" 2>/dev/null; done
    for one in "${process[@]}"; do wait "$one" 2>/dev/null; done
    process=()
    rm -rf -- "$run"
}
trap end EXIT
trap 'exit 1' INT TERM
mkdir -p "$bin" "$work" || exit 1
for program in controlplane/rhumbd tools/rhumbctl/rhumbctl tools/rhumb-scion/rhumb-scion; do
    [[ -x $build/$program ]] || failed "there is no $build/$program"
    ln -s "$build/$program" "$bin/"
done
cp "$network" "$work/network.toml"
cd "$work" || exit 1
rm -f -- *.pcap *.log *.memif trace-*.txt 1-*/br1/inside-out.pcap

heading "1. TWO ASes: a page of TOML becomes keys, topologies and configurations"
sed 's/^/    /' network.toml
shown "$bin/rhumb-scion" make --ports memif network.toml .
(( PIPESTATUS[0] == 0 )) || failed "rhumb-scion make"

# Host A's frames come when they are told to: a pipe that begins as a capture does. It must not
# block, or the router would wait in it.
packet() { "$bin/rhumb-scion" packet --keys . "$@" network.toml "$as_a" "$as_b"; }
text="Hello from host A"
packet --text "$text" --pcap good.pcap && packet --flip mac:0 --pcap forged.pcap || failed "rhumb-scion packet"
head -c 24 good.pcap >none.pcap
mkfifo "$run/host-a" && exec {host_a}<>"$run/host-a" || exit 1
python3 -c "import os; os.set_blocking($host_a, False)" || failed "python3"
cat none.pcap >&"$host_a"
send() { tail -c +25 "$1" >&"$host_a"; }  # without the capture's header

# The configuration as it is, with a control socket of this run.
start() {  # NAME FOLDER, and standard input
    printf '\n[runtime]\nsocket = "%s"\n' "$run/$1.sock" >>"$2/rhumbd.toml"
    (cd "$2" && exec "$bin/rhumbd" --config rhumbd.toml >"$work/rhumbd-$1.log" 2>&1 {host_a}>&-) <&0 &
    process[$1]=$!
}
ctl() { local name=$1; shift; "$bin/rhumbctl" -s "$run/$name.sock" "$@"; }
# A router that has ended is no reason to wait, either.
is_there() { ctl "$1" show version || ! kill -0 "${process[$1]}"; }
all_up() { ctl a scion show bfd | grep -qw up && ctl b scion show bfd | grep -qw up; }
folder_a=1-ff00_0_110/br1
folder_b=1-ff00_0_111/br1
start a "$folder_a" <&"$host_a"
until_true 60 is_there a  # it makes the memif's socket
start b "$folder_b" <none.pcap
until_true 60 is_there b
for one in a b; do
    kill -0 "${process[$one]}" 2>/dev/null || failed "a router has ended"
done
until_true 30 all_up || failed "the link between the routers does not come up"

heading "2. TWO ROUTERS, a memif between them; BFD says that the link is alive"
shown ctl a scion show interfaces
shown ctl a scion show bfd
shown ctl b scion show bfd

# Both routers tell what they do from now on; BFD's own packets show that they do.
"$bin/rhumbctl" -s "$run/a.sock" trace 10000 >trace-a.txt 2>&1 & process[trace_a]=$!
"$bin/rhumbctl" -s "$run/b.sock" trace 10000 >trace-b.txt 2>&1 & process[trace_b]=$!
traced() { [[ -s trace-a.txt && -s trace-b.txt ]]; }
until_true 30 traced || failed "there is no trace"

# The traces of packets with paths, as BFD has none between neighbours; without the hex.
traces_of() { awk -v RS= -v ORS='\n\n' '/path of [0-9]+ hop fields/' "trace-$1.txt"; }
has_traces() { (( $(traces_of "$1" | grep -c '^packet ') >= $2 )); }
show_trace() {  # ROUTER, and which packet
    traces_of "$1" | awk -v RS= -v n="$2" 'NR == n' |
        sed -E '/^      [0-9a-f]{4}  /d; s/^packet [0-9]+: //; s/^/    /'
}
# What host A or B got and can be explained, without the headers around SCION, and without ARP.
explained() { "$bin/rhumb-scion" explain "$@" --color never --keys . "$captured"; }
number_of() {  # PATTERN
    explained | awk -v pattern="$1" '/^packet/ { n = $2 + 0 } $0 ~ pattern { print n; exit }'
}
got() { [[ -n $(number_of "$1") ]]; }

heading "3. A PACKET from host A to host B: its path, and the hops' MACs, made with the ASes' keys"
shown "$bin/rhumb-scion" paths --keys . network.toml "$as_a" "$as_b"
echo "$ rhumb-scion packet --keys . --text \"$text\" --pcap good.pcap network.toml $as_a $as_b"
send good.pcap
captured=$folder_b/inside-out.pcap
until_true 30 got "SCION common header" || failed "nothing arrived at host B"
until_true 30 has_traces a 1 && until_true 30 has_traces b 1 || failed "the packet was not traced"

heading "   What A's router did with it, and why (rhumbctl trace)"
show_trace a 1
heading "   What B's router did with it, and why"
show_trace b 1

heading "4. WHAT HOST B GOT, field by field, and whether the MACs are right"
number=$(number_of "SCION common header")
echo "$ rhumb-scion explain --strict --packet $number --keys . $captured"
arrived=$(explained --strict --packet "$number") || failed "what arrived is wrong: $arrived"
sed -n '/SCION common header/,$s/^/    /p' <<<"$arrived"
(( $(grep -c 'MAC is  *right' <<<"$arrived") == 2 )) || failed "not both MACs are right"
explained --json --packet "$number" | grep -q "$(printf %s "$text" | od -An -tx1 -v | tr -d ' \n' | head -c 24)" ||
    failed "the packet's data are not those that were sent"

heading "5. A FORGED PACKET: one bit of the first hop's MAC is flipped"
echo "$ rhumb-scion packet --keys . --flip mac:0 --pcap forged.pcap network.toml $as_a $as_b"
send forged.pcap
until_true 30 has_traces a 2 || failed "the forged packet was not traced"
heading "   What A's router did with it, and why"
show_trace a 2
captured=$folder_a/inside-out.pcap
until_true 30 got "SCMP   *4/51" || failed "host A got no answer"
number=$(number_of "SCMP   *4/51")
heading "   What host A got for an answer"
echo "$ rhumb-scion explain --packet $number --keys . $captured"
answer=$(explained --packet "$number")
sed -n '/SCMP   *4\/51/,$s/^/    /p' <<<"$answer"
captured=$folder_b/inside-out.pcap
if (( $(explained | grep -c 'SCION common header') != 1 )) || has_traces b 2; then
    failed "the forged packet got past A's router"
fi

printf '\nDone: the packet was verified by both routers and arrived; the forged one was refused.\n'
echo "Captures, traces, logs and configurations are in $work"
