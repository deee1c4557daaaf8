#!/usr/bin/env python3
"""Checks the house: who includes whom, and what must stand beside the code.

    floors.py includes    every #include against the table of floors (docs/architecture.md)
    floors.py headers     every header compiles alone; the one that a source includes first has
                          been shown to by the build
    floors.py documents   each protocol has its README.md, docs/drop-reasons.md its sentences

Prints one line for each offence; exit status 1 if there was one.
"""

import concurrent.futures
import os
import pathlib
import re
import shlex
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]

# Folders and files by their beginning, the longest that fits counts: floor and name.
FLOORS = {
    "include/rhumb/": (0, "hall"),
    "include/rhumb/packet/": (1, "packet"),
    "include/rhumb/table/": (1, "table"),
    "dataplane/": (2, None),  # a folder each: one protocol
    "controlplane/topology/": (2, "topology"),
    "controlplane/overlay/wire/": (3, "overlay_wire"),
    "controlplane/overlay/ebt/": (2, "ebt"),
    "controlplane/overlay/broadcast/": (2, "broadcast"),
    "dataplane/pipeline/": (3, "pipeline"),
    "dataplane/sync/": (3, "sync"),
    "controlplane/config/": (3, "config"),
    "controlplane/control/": (3, "control"),
    "controlplane/controller/": (3, "controller"),
    "controlplane/labels/": (3, "labels"),
    "controlplane/neighbours/": (3, "neighbours"),
    "controlplane/overlay/store/": (3, "overlay_store"),
    "controlplane/paths/": (3, "paths"),
    "controlplane/publish/": (3, "publish"),
    "controlplane/routing/": (3, "routing"),
    "controlplane/scion/": (3, "scion_control"),
    "controlplane/scion_paths/": (3, "scion_paths"),
    "controlplane/overlay/service/": (4, "overlay_service"),
    "dataplane/io/": (4, "io"),
    "dataplane/worker": (4, "worker"),
    "dataplane/engine": (4, "engine"),
    "controlplane/api/": (5, "api"),
    "controlplane/main": (5, "main"),
    "tools/packets/": (5, "packets"),
    "tools/rhumb-overlay/": (5, "rhumb-overlay"),
    "tools/rhumb-path/": (5, "rhumb-path"),
    "tools/rhumb-scion/": (5, "rhumb-scion"),
    "tools/rhumbctl/": (5, "rhumbctl"),
}
OWN_FOLDERS = ("rhumb/", "dataplane/", "controlplane/", "tools/packets/", "tools/rhumb-path/",
               "tools/rhumb-scion/", "tools/rhumbctl/")
# Where DPDK may be included, and what of it.
DPDK = {
    "dataplane/io/": re.compile(r"rte_"),
    "dataplane/worker": re.compile(r"rte_"),
    "dataplane/engine": re.compile(r"rte_"),
    "dataplane/sync/": re.compile(r"rte_rcu_qsbr\.h"),
}
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^">]+)[">]')


def sources():
    for top in ("include", "dataplane", "controlplane", "tools/rhumb-path", "tools/rhumb-scion",
                "tools/rhumbctl"):
        for path in sorted((ROOT / top).rglob("*")):
            if path.suffix in (".hh", ".cc"):
                yield path.relative_to(ROOT).as_posix()


def floor_of(path):
    """(floor, name) of a file, None where it stands in no known place."""
    best = max((key for key in FLOORS if path.startswith(key)), key=len, default=None)
    if best is None:
        return None
    floor, name = FLOORS[best]
    if name is None:
        parts = path.split("/")
        if len(parts) < 3:
            return None
        name = parts[1]
    return floor, name


def file_of(name):
    """The file that an own include names."""
    return "include/" + name if name.startswith("rhumb/") else name


def included(path):
    for number, line in enumerate((ROOT / path).read_text().splitlines(), 1):
        match = INCLUDE.match(line)
        if match:
            yield number, match.group(1) == "<", match.group(2)


def offence(path, is_system, name):
    """What is wrong with this include, or None."""
    floor, unit = floor_of(path)
    here = f"F{floor} {unit}"
    if name.startswith("rte_"):
        allowed = max((key for key in DPDK if path.startswith(key)), key=len, default=None)
        if allowed is None or not DPDK[allowed].match(name):
            return f"{here} includes DPDK's {name}"
        return None
    if is_system:
        return None
    if not name.startswith(OWN_FOLDERS):
        return f"{here} includes \"{name}\": name files from the root of the project"
    target = file_of(name)
    if not (ROOT / target).is_file():
        return f"{here} includes {name}, which does not exist"
    place = floor_of(target)
    if place is None:
        return f"{here} includes {name}, which is on no floor"
    there = f"F{place[0]} {place[1]}"
    same_floor = place[0] == floor and unit != place[1]
    if place[0] > floor or (same_floor and floor == 2):
        return f"{here} includes {there}"
    return None


def check_includes():
    for path in sources():
        if floor_of(path) is None:
            yield f"{path} stands on no floor: add its folder to FLOORS in tests/arch/floors.py"
            continue
        for number, is_system, name in included(path):
            why = offence(path, is_system, name)
            if why:
                yield f"{why}: {path}:{number}"


def reaches_dpdk(path, seen):
    """Whether a header includes DPDK, or one that does."""
    if path in seen or not (ROOT / path).is_file():
        return False
    seen.add(path)
    for _, is_system, name in included(path):
        if name.startswith("rte_") or (not is_system and reaches_dpdk(file_of(name), seen)):
            return True
    return False


def package_flags(name):
    """Compiler flags of a package, None where it is not installed."""
    asked = subprocess.run(["pkg-config", "--cflags", name], capture_output=True, text=True)
    return shlex.split(asked.stdout) if asked.returncode == 0 else None


def check_headers():
    compiler = shlex.split(os.environ.get("CXX", "g++"))
    dpdk = package_flags("libdpdk")

    def compile_alone(path):
        needs_dpdk = reaches_dpdk(path, set())
        if needs_dpdk and dpdk is None:
            return None
        command = compiler + ["-std=c++20", "-fsyntax-only", "-x", "c++", "-I", "include"]
        # The hall gets nothing but itself.
        command += [] if path.startswith("include/") else ["-I", "."]
        command += (dpdk or []) if needs_dpdk else []
        done = subprocess.run(command + [path], cwd=ROOT, capture_output=True, text=True)
        errors = [line for line in done.stderr.splitlines() if "error" in line]
        return None if done.returncode == 0 else f"{path} does not compile alone: {errors[:1]}"

    built = {file_of(name) for path in sources() if path.endswith(".cc")
             for _, _, name in list(included(path))[:1]}
    headers = [path for path in sources() if path.endswith(".hh") and path not in built]
    with concurrent.futures.ThreadPoolExecutor(max_workers=2) as workers:
        yield from filter(None, workers.map(compile_alone, headers))


def drop_reasons():
    """(name, sentence) of every drop reason, as the table in drop_reason.hh has them."""
    text = (ROOT / "include/rhumb/packet/drop_reason.hh").read_text()
    entry = re.compile(r'\{drop_reason::(\w+),\s*"(\w+)",\s*((?:"[^"]*"\s*)+)\}')
    for name, shown, sentence in entry.findall(text):
        if name != "none":
            yield shown, "".join(re.findall(r'"([^"]*)"', sentence))


def check_documents():
    for folder in sorted(path for path in (ROOT / "dataplane").iterdir() if path.is_dir()):
        place = floor_of(f"dataplane/{folder.name}/x")
        if place[0] == 2 and not (folder / "README.md").is_file():
            yield f"dataplane/{folder.name} has no README.md"
    document = ROOT / "docs/drop-reasons.md"
    if not document.is_file():
        return
    text = " ".join(document.read_text().split())
    reasons = list(drop_reasons())
    if not reasons:
        yield "include/rhumb/packet/drop_reason.hh: found no table of drop reasons"
    for name, sentence in reasons:
        if f"`{name}`" not in text:
            yield f"docs/drop-reasons.md lacks `{name}`"
        elif sentence not in text:
            yield f"docs/drop-reasons.md does not say of `{name}`: {sentence}"


def main():
    checks = {"includes": check_includes, "headers": check_headers, "documents": check_documents}
    if len(sys.argv) != 2 or sys.argv[1] not in checks:
        print(__doc__, file=sys.stderr)
        return 2
    offences = list(checks[sys.argv[1]]())
    for line in offences:
        print(line)
    return 1 if offences else 0


if __name__ == "__main__":
    sys.exit(main())
