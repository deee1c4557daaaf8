#!/bin/sh
# Fetches the npm packages of the peer that the overlay is tested against, once, into a folder.
#
#     npm_peer.sh FOLDER [LOCK]    LOCK: a package-lock.json of the same packages, where there is one
#
# About 50 MB and half a minute. Exit status 77: cannot be had here.
set -u

skip() {
    echo "npm peer: $*: skipped"
    exit 77
}

[ $# -ge 1 ] || { sed -n '2,6s/^# \{0,1\}//p' "$0"; exit 2; }
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1" || exit 1
folder=$(cd "$1" && pwd) || exit 1
lock=${2-}
wanted=$(cksum <"$here/npm/package.json")
[ "$(cat "$folder/installed" 2>/dev/null)" = "$wanted" ] && exit 0
rm -f "$folder/installed"

command -v node >/dev/null 2>&1 || skip 'there is no node here'
command -v npm >/dev/null 2>&1 || skip 'there is no npm here'
cd "$folder" || exit 1
cp "$here/npm/package.json" . || exit 1
if [ -n "$lock" ] && [ -f "$lock" ]; then
    cp "$lock" package-lock.json && chmod u+w package-lock.json || exit 1
fi
# Without scripts: what is native comes ready-made, and nobody's script runs here.
timeout 300 npm install --ignore-scripts --no-audit --no-fund >npm.log 2>&1 ||
    skip "npm cannot install it: $(tail -n 2 npm.log | tr '\n' ' ')"
echo "$wanted" >installed
