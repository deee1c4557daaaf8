#!/usr/bin/env python3
"""Measures two builds of stage_bench in turns, for compare.sh: compare.py FOLDER FILTER, where
FOLDER/old/build and FOLDER/new/build are. Exit status 1 if the new one is slower."""
import json
import pathlib
import re
import statistics
import subprocess
import sys

ROUNDS = 5
MORE_INSTRUCTIONS = 1.03
MORE_CYCLES = 1.10
COLLECT = "void rhumb::run_pipeline<rhumb::no_trace>*"


def program(folder, which):
    return str(folder / which / "build/tools/bench/stage_bench")


def cycles(folder, which, wanted):
    """{case: cycles}"""
    out = folder / f"{which}.json"
    subprocess.run([program(folder, which), f"--benchmark_filter={wanted}",
                    f"--benchmark_out={out}", "--benchmark_out_format=json"],
                   check=True, capture_output=True)
    return {run["name"].split("/iterations:")[0]: run["cycles"]
            for run in json.loads(out.read_text())["benchmarks"] if "cycles" in run}


def quoted(case):
    """As a regular expression; Google Benchmark's know fewer escapes than Python's."""
    return re.sub(r"[^\w ,/]", r"\\\g<0>", case)


def instructions(folder, which, case):
    """Of run_pipeline, a packet: all of it, over its calls."""
    out = folder / "callgrind.out"
    subprocess.run(["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}",
                    f"--toggle-collect={COLLECT}", program(folder, which),
                    f"--benchmark_filter=^{quoted(case)}/"], check=True, capture_output=True)
    text = out.read_text(errors="replace")
    total = int(re.search(r"^(?:totals|summary): (\d+)", text, re.MULTILINE).group(1))
    # "cfn=(ID) name" or "cfn=(ID)" is followed by "calls=COUNT ...".
    name = re.search(r"fn=\((\d+)\) void rhumb::run_pipeline<rhumb::no_trace>", text).group(1)
    calls = sum(int(count) for count in
                re.findall(rf"^cfn=\({name}\)[^\n]*\ncalls=(\d+)", text, re.MULTILINE))
    return total / calls / int(case.rsplit("/", 1)[1])


def main(arguments):
    if len(arguments) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    folder, wanted = pathlib.Path(arguments[0]).resolve(), arguments[1]
    runs = {"old": [], "new": []}
    for n in range(ROUNDS):
        print(f"round {n + 1} of {ROUNDS}", file=sys.stderr, flush=True)
        for which, list_of in runs.items():
            list_of.append(cycles(folder, which, wanted))
    cases = [case for case in runs["old"][0] if case in runs["new"][0]]
    if not cases:
        print(f"compare: no case of both fits {wanted}", file=sys.stderr)
        return 2
    slower = []
    print(f"{'':36}{'cycles':>8}{'':>9}{'ratio':>8}{'instructions':>16}{'':>9}{'ratio':>8}")
    for case in cases:
        old, new = (statistics.median(run[case] for run in runs[which])
                    for which in ("old", "new"))
        old_count, new_count = (instructions(folder, which, case) for which in ("old", "new"))
        # Of the two runs of a round, one after the other.
        ratio = statistics.median(after[case] / before[case]
                                  for before, after in zip(runs["old"], runs["new"]))
        is_slower = ratio > MORE_CYCLES or new_count > old_count * MORE_INSTRUCTIONS
        if is_slower:
            slower.append(case)
        print(f"{case:36}{old:8.1f}{new:9.1f}{ratio:8.2f}{old_count:16.1f}{new_count:9.1f}"
              f"{new_count / old_count:8.2f}{'  SLOWER' if is_slower else ''}", flush=True)
    if slower:
        print(f"slower: {', '.join(slower)}")
    return 1 if slower else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
