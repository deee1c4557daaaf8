#!/bin/sh
# Builds the reference SCION border router, and the programs that it is tested with, as a peer for
# our tests: router, braccept (sends packets, judges what comes out) and brload (sends a load).
# Nothing of it becomes part of this project: the source is fetched by the go command at test time
# and stays in its module cache.
#
#     reference.sh FOLDER      the three programs, into FOLDER; nothing to do if they are there
#
# A first build takes two to five minutes of one core. Exit status 77: cannot be had here.
set -u

module=github.com/scionproto/scion
version=v0.15.0
# What the go command says of the module's contents: a tag that moves is noticed.
contents='h1:7SHjbGunCvVncplRuGnVbdBjipYaPwDxkm/nC9FRFgY='
programs='./router/cmd/router ./tools/braccept ./acceptance/router_benchmark/brload'

skip() {
    echo "reference router: $*: skipped"
    exit 77
}

[ $# -eq 1 ] || { sed -n '2,10s/^# \{0,1\}//p' "$0"; exit 2; }
mkdir -p "$1" || exit 1
folder=$(cd "$1" && pwd) || exit 1

if [ "$(cat "$folder/version" 2>/dev/null)" = "$version" ] && [ -x "$folder/router" ] &&
    [ -x "$folder/braccept" ] && [ -x "$folder/brload" ]; then
    exit 0
fi
rm -f "$folder/version"

command -v go >/dev/null 2>&1 || skip 'there is no go here'

# From a folder without go.mod, so that no module of ours is asked for.
cd "$folder" || exit 1
said=$(timeout 240 go mod download -json "$module@$version" 2>&1) ||
    skip "$module $version cannot be had: $(echo "$said" | tail -n 3 | tr '\n' ' ')"
field() {
    echo "$said" | sed -n "s/^[[:space:]]*\"$1\": \"\(.*\)\",\{0,1\}\$/\1/p"
}
[ "$(field Sum)" = "$contents" ] || {
    echo "reference router: $module $version has other contents than it had: $(field Sum)"
    exit 1
}

# Its own go.mod and go.sum say which dependencies, and what is in them. To list them fetches them
# all; what fails after that is no matter of the network's, nor of a go that is too old.
export GOFLAGS='-buildvcs=false -mod=readonly'
cd "$(field Dir)" || exit 1
said=$(timeout 200 go list -deps $programs 2>&1 >/dev/null) ||
    skip "its dependencies cannot be had: $(echo "$said" | tail -n 3 | tr '\n' ' ')"
said=$(GOPROXY=off timeout 700 nice -n 19 go build -p 1 -o "$folder/" $programs 2>&1)
failed=$?
if [ $failed -ne 0 ]; then
    echo "$said" | tail -n 20
    [ $failed -ne 124 ] || skip 'its build takes too long here'
    case $said in
    *'C compiler'*) skip 'there is no C compiler for cgo' ;;
    esac
    exit 1
fi
echo "$version" >"$folder/version"
