#!/usr/bin/env python3
"""The EBT machine beside the reference implementation, on the same cases, in turns.

    ebt.py EBT_BENCH [--rounds N] [--json FILE]

EBT_BENCH is the built tools/bench/ebt_bench; ebt_json_bench, where it has been built beside it, measures
the same with all that passes as JSON, as the reference's script does. The reference, epidemic-broadcast-trees 9.0.4, is
installed by npm into a temporary folder and run by the scripts in $RHUMB_VECTORS/ebt/bench (default:
../shared/vectors beside the project). Without npm, node or the scripts only ours is measured.
Medians of N rounds (default 3).
"""
import argparse
import json
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import sys
import tempfile

PACKAGE = "epidemic-broadcast-trees@9.0.4"
ROOT = pathlib.Path(__file__).resolve().parents[2]
SYNCHRONISATIONS = ((1000, 100), (10000, 10))
CHANGES = {(1, 0): "reconnect, all notes again", (2, 0): "reconnect, nothing to say",
           (3, 10): "reconnect, 10 changed", (3, 100): "reconnect, 100 changed",
           (3, 1000): "reconnect, 1000 changed"}


def ours(program):
    """Milliseconds by case, and other numbers."""
    done = subprocess.run([program, "--benchmark_format=json"], stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, check=True, text=True)
    times, extras = {}, {}
    for run in json.loads(done.stdout)["benchmarks"]:
        kind, *rest = run["name"].split("/")
        numbers = [int(word) for word in rest if word.isdigit()]
        if kind == "synchronise":
            case = f"{numbers[0]} feeds x {numbers[1]}"
            extras[case + ", MB with logs"] = run["total_kib"] / 1024
            extras[case + ", MB without logs"] = run["machines_kib"] / 1024
        elif kind == "reconnect":
            case = CHANGES[numbers[1], numbers[2]]
        else:
            case = f"timeout tick, {numbers[0]} peers"
            extras["bytes a (peer, feed)"] = run["bytes_per_pair"]
        times[case] = run["real_time"]
    times.update(ours_as_json(pathlib.Path(program).with_name("ebt_json_bench")))
    return times, extras


def ours_as_json(program):
    if not program.is_file():
        print(f"ebt.py: no {program}: nothing is measured as JSON")
        return {}
    done = subprocess.run([program, "--benchmark_format=json"], stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, check=True, text=True)
    times = {}
    for run in json.loads(done.stdout)["benchmarks"]:
        kind, feeds, messages, *_ = run["name"].split("/")
        case = {"kept": f"{feeds} feeds x {messages}, JSON", "reconnect": "reconnect, all notes again, JSON",
                "written": f"{feeds} feeds x {messages}, JSON anew"}[kind]
        times[case] = run["real_time"]
    return times


def install(folder):
    """Whether the reference is there."""
    scripts = pathlib.Path(os.environ.get("RHUMB_VECTORS", ROOT.parent / "shared/vectors")) / "ebt/bench"
    if shutil.which("npm") is None or shutil.which("node") is None:
        print("ebt.py: no npm or node: the reference is not measured")
        return False
    if not (scripts / "bench.js").is_file():
        print(f"ebt.py: no {scripts}/bench.js: the reference is not measured")
        return False
    for name in ("bench.js", "bench2.js"):
        shutil.copyfile(scripts / name, folder / name)
    done = subprocess.run(["npm", "install", "--no-audit", "--no-fund", PACKAGE], cwd=folder,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode != 0:
        print(f"ebt.py: npm cannot install {PACKAGE}: the reference is not measured\n{done.stdout}")
    return done.returncode == 0


def node(folder, *arguments):
    return subprocess.run(["node", "--expose-gc", *arguments], cwd=folder, stdout=subprocess.PIPE,
                          check=True, text=True).stdout


def reference(folder):
    times, extras = {}, {}
    for mode, suffix in (("sync", ""), ("json", ", JSON")):
        for feeds, messages in SYNCHRONISATIONS:
            rounds = [json.loads(line) for line in
                      node(folder, "bench.js", str(feeds), str(messages), mode).splitlines()]
            case = f"{feeds} feeds x {messages}{suffix}"
            times[case] = rounds[1]["ms"]
            if mode == "json":
                times[case + " anew"] = rounds[1]["ms"]
            else:
                extras[case + ", MB with logs"] = rounds[1]["mem"]["rssMB"]
            if feeds == 10000:
                times["reconnect, all notes again" + suffix] = rounds[2]["ms"]
            if feeds == 10000 and mode == "sync":
                times["reconnect, nothing to say"] = rounds[3]["ms"]
    for line in node(folder, "bench2.js").splitlines():
        if found := re.match(r"reconnect with (\d+) changed feeds of 10000: (\{.*?\})", line):
            if found.group(1) != "0":
                times[f"reconnect, {found.group(1)} changed"] = json.loads(found.group(2))["ms"]
        elif found := re.match(r"timeout tick peers (\d+) feeds 10000 ms ([\d.]+)", line):
            times.setdefault(f"timeout tick, {found.group(1)} peers", float(found.group(2)))
    return times, extras


def medians(rounds):
    """Of several (times, extras): one dictionary each."""
    return [{name: statistics.median(each[n][name] for each in rounds) for name in rounds[0][n]}
            for n in (0, 1)]


def show(our, their):
    print(f"{'':34}{'Rhumb':>12}{'reference':>12}{'ratio':>8}")
    for name, value in our[0].items():
        line = f"{name + ', ms':34}{value:12.3f}"
        if name in their[0]:
            line += f"{their[0][name]:12.1f}{their[0][name] / value:8.1f}"
        print(line)
    for name in our[0]:
        if not (found := re.match(r"(\d+) feeds x (\d+)", name)):
            continue
        feeds, messages = map(int, found.groups())
        line = f"{name + ', messages/s':34}{feeds * messages / our[0][name] * 1000:12,.0f}"
        if name in their[0]:
            line += f"{feeds * messages / their[0][name] * 1000:12,.0f}"
        print(line)
    for name, value in our[1].items():
        line = f"{name:34}{value:12.1f}"
        if name in their[1]:
            line += f"{their[1][name]:12.1f}{their[1][name] / value:8.1f}"
        print(line)
    print("JSON: texts that the log has, parsed in whole by the other side, as the overlay does it; JSON anew: "
          "also\nwritten from their values by the sender, as the reference does it.")
    print("Memory of the reference is that of its process; ours what both machines and logs hold, in which all\n"
          "messages are one and the same.")


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=pathlib.Path)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        has_reference = install(folder)
        our, their = [], []
        for _ in range(chosen.rounds):
            our.append(ours(chosen.program))
            if has_reference:
                their.append(reference(folder))
    our = medians(our)
    their = medians(their) if their else [{}, {}]
    show(our, their)
    if chosen.json:
        chosen.json.write_text(json.dumps({"rhumb": our, "reference": their}, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
