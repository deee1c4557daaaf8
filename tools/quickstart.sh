#!/usr/bin/env bash
# From a fresh checkout to forwarded packets: installs what is missing, builds, forwards two
# captures through rhumbd, and shows for each packet before, after and why.
set -uo pipefail

usage() {
    cat <<'END'
usage: tools/quickstart.sh [-j N] [--no-install] [--hex]

  -j N          compile with N jobs (default: as many as there are processors)
  --no-install  do not install packages that are missing
  --hex         show every frame in hex, too

Builds into build/ (as it is set up already, else optimized) and works in build/quickstart/:
configs/quickstart/*.txt become captures there, and rhumbd forwards them as configs/r1.toml says.
No NIC, huge pages or root are needed, but for installing packages. Exit status 1: something went
wrong; the end of its log is shown.
END
}

jobs=$(nproc)
install=yes
hex=no
while (( $# )); do
    case $1 in
        -h | --help) usage; exit 0 ;;
        --no-install) install=no ;;
        --hex) hex=yes ;;
        -j) jobs=${2-}; shift || true
            [[ $jobs =~ ^[1-9][0-9]*$ ]] || { echo "quickstart.sh: -j wants a number" >&2; exit 2; } ;;
        -j[1-9]*) jobs=${1#-j} ;;
        *) echo "quickstart.sh: unknown argument '$1'" >&2; usage >&2; exit 2 ;;
    esac
    shift
done

cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.." || exit 1
folder=build/quickstart
packets=build/tools/packets/rhumb-packets

say() { printf '[%3d s] %s\n' "$SECONDS" "$*"; }

# Runs a command with its output in a log, and shows the log's end if it fails.
quietly() {  # LOG COMMAND...
    local log=$1
    shift
    if ! "$@" >"$log" 2>&1 </dev/null; then
        say "FAILED: $*; the end of $log:"
        tail -40 "$log" | sed 's/^/    /'
        exit 1
    fi
}

mkdir -p "$folder" || exit 1
if [[ $install == yes ]]; then
    say "packages: installing what is missing"
    quietly "$folder/install.log" tools/install-deps.sh build
fi
if [[ ! -f build/build.ninja ]]; then
    say "setting up build/"
    quietly "$folder/setup.log" meson setup build --buildtype=release
fi
say "building rhumbd, rhumb-overlay, rhumbctl and the other tools with $jobs jobs (some minutes the first time)"
quietly "$folder/build.log" ninja -C build -j "$jobs" \
    controlplane/rhumbd tools/rhumbctl/rhumbctl tools/packets/rhumb-packets \
    tools/rhumb-scion/rhumb-scion tools/rhumb-path/rhumb-path tools/rhumb-overlay/rhumb-overlay
say "built"

say "making captures of configs/quickstart/*.txt"
for port in west east; do
    "$packets" to-pcap "configs/quickstart/$port-in.txt" "$folder/$port-in.pcap" || exit 1
done
rm -f "$folder"/{west,east}-out.pcap

# The configuration as it is, with a control socket that no other router has.
{ cat configs/r1.toml; printf '\n[runtime]\nsocket = "r1.sock"\n'; } >"$folder/r1.toml"

# What DPDK keeps while it runs goes to a folder of this run.
XDG_RUNTIME_DIR=$(mktemp -d "${TMPDIR:-/tmp}/rhumb-XXXXXX") || exit 1
export XDG_RUNTIME_DIR
trap 'rm -rf -- "$XDG_RUNTIME_DIR"' EXIT

say "forwarding: rhumbd --config r1.toml --until-idle 200 --trace 100 --summary"
if ! (cd "$folder" && exec ../controlplane/rhumbd --config r1.toml --until-idle 200 \
    --trace 100 --summary >report.txt 2>rhumbd.log </dev/null); then
    say "FAILED: rhumbd; its log:"
    sed 's/^/    /' "$folder/rhumbd.log"
    exit 1
fi
grep '^rhumb: ' "$folder/rhumbd.log" | sed 's/^/        /'

echo
echo "THE PACKETS: before, why, after (all of this is in $folder/report.txt)"
# Each packet gets the comment that stands before it in its port's file.
awk -v hex="$hex" '
    FNR == 1 { ++file; port = FILENAME; sub(/.*\//, "", port); sub(/-in\.txt$/, "", port) }
    file <= 2 && /^#/ { sub(/^# */, ""); comment = comment (comment == "" ? "" : " ") $0; next }
    file <= 2 && /^(let .*)?$/ { comment = ""; next }
    file <= 2 && /^ *\|/ { next }
    file <= 2 { told[port, ++packets[port]] = comment; comment = ""; next }
    /^ports$/ { print "\nTHE COUNTERS"; summary = 1 }
    !summary && /^packet [0-9]+: in / {
        port = $4
        sub(/,$/, "", port)
        print "\n" $2 " " told[port, ++seen[port]]
    }
    !summary && hex == "no" && /^      [0-9a-f][0-9a-f][0-9a-f][0-9a-f]  / { next }
    !summary && /^packet [0-9]+: in / { sub(/^packet [0-9]+: /, "  ") }
    { print }
' configs/quickstart/west-in.txt configs/quickstart/east-in.txt "$folder/report.txt"

count() { "$packets" show "$1" | grep -c '^[^#]'; }
in=0
out=0
for port in west east; do
    (( in += $(count "$folder/$port-in.pcap"), out += $(count "$folder/$port-out.pcap") ))
done
traced=$(grep -c '^packet [0-9]*: in ' "$folder/report.txt")

echo
echo "THE CAPTURES, for tshark, Wireshark or $packets show"
ls "$folder"/{west,east}-{in,out}.pcap | sed 's/^/  /'
echo
say "done: $in packets in, $out out; what did not come out was dropped or punted, for the reason shown"
if (( out == 0 || traced != in )); then
    say "FAILED: $traced of $in packets were traced, and $out came out"
    exit 1
fi
