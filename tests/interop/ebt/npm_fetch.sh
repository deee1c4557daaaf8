#!/bin/sh
# Fetches npm packages that the overlay is tested with, once, into a folder.
#
#     npm_fetch.sh NAME FOLDER [LOCK]    NAME: of a list in npm/, as peer; LOCK: a package-lock.json of
#                                        the same packages, where there is one
#
# `peer` is 50 MB and takes half a minute. Exit status 77: cannot be had here.
set -u

skip() {
    echo "npm packages: $*: skipped"
    exit 77
}

[ $# -ge 2 ] || { sed -n '2,7s/^# \{0,1\}//p' "$0"; exit 2; }
list=$(cd "$(dirname "$0")" && pwd)/npm/$1.json
mkdir -p "$2" || exit 1
folder=$(cd "$2" && pwd) || exit 1
lock=${3-}
wanted=$(cksum <"$list") || exit 1
[ "$(cat "$folder/installed" 2>/dev/null)" = "$wanted" ] && exit 0
rm -f "$folder/installed"

command -v node >/dev/null 2>&1 || skip 'there is no node here'
command -v npm >/dev/null 2>&1 || skip 'there is no npm here'
cd "$folder" || exit 1
cp "$list" package.json || exit 1
if [ -n "$lock" ] && [ -f "$lock" ]; then
    cp "$lock" package-lock.json && chmod u+w package-lock.json || exit 1
fi
# Without scripts: what is native comes ready-made, and nobody's script runs here.
timeout 300 npm install --ignore-scripts --no-audit --no-fund >npm.log 2>&1 ||
    skip "npm cannot install them: $(tail -n 2 npm.log | tr '\n' ' ')"
echo "$wanted" >installed
