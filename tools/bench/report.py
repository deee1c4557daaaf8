#!/usr/bin/env python3
"""What a measurement was made on, and the stage benchmark's results as a table.

    report.py machine PAGES                     prints a JSON object
    report.py lpm TABLE.txt OUT.json            what lpm_bench printed, which uses ordinary pages
    report.py mac TABLE.txt OUT.json            what mac_bench printed, which wants no pages
    report.py topology TABLE.txt OUT.json       what topology_bench printed
    report.py stage GOOGLE.json MACHINE.json OUT.json [RUN.json...]

`stage` takes what Google Benchmark wrote (of several runs, if there are more), prints cycles per
packet as a table (median of all repetitions, and the largest step away from it in per cent), and
writes them with the machine to OUT.json.
"""
import collections
import json
import os
import pathlib
import platform
import re
import statistics
import subprocess
import sys

FLAGS = ("aes", "avx2", "avx512f", "avx512vl", "vaes", "bmi2")


def output(*command):
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def tsc_mhz(bogomips):
    """The kernel's delay loop counts TSC cycles on x86, two BogoMIPS each."""
    try:
        return round(float(bogomips) / 2, 1)
    except ValueError:
        return "unknown"


def chosen(words):
    """Of `always [madvise] never`, the one in brackets."""
    found = re.search(r"\[(\w+)\]", words)
    return found.group(1) if found else "unknown"


def machine(pages):
    info = pathlib.Path("/proc/cpuinfo").read_text()

    def field(name):
        found = re.search(rf"^{name}\s*:\s*(.*)$", info, re.MULTILINE)
        return found.group(1) if found else "unknown"

    flags = field("flags").split()
    huge = pathlib.Path("/sys/kernel/mm/transparent_hugepage/enabled")
    return {
        "cpu": field("model name"), "family": field("cpu family"), "model": field("model"),
        "flags": [flag for flag in FLAGS if flag in flags],
        "tsc_mhz": tsc_mhz(field("bogomips")), "cores": info.count("processor\t"),
        "kernel": platform.release(), "pages": pages,
        "transparent_huge_pages": chosen(huge.read_text() if huge.exists() else ""),
        "dpdk": output("pkg-config", "--modversion", "libdpdk"),
        "compiler": output(os.environ.get("CXX", "c++"), "--version").split("\n")[0],
        "commit": output("git", "-C", str(pathlib.Path(__file__).parent), "describe", "--always",
                         "--dirty"),
        "date": output("date", "--utc", "+%Y-%m-%dT%H:%M:%SZ"),
    }


def write(path, pages, part, rows):
    """One part's results, with the machine that they were measured on."""
    document = {"machine": machine(pages), part: rows}
    pathlib.Path(path).write_text(json.dumps(document, indent=1) + "\n")


def stage_results(files):
    """{case: {(set, burst): [cycles...]}} in the order of the benchmark."""
    found = collections.OrderedDict()
    for name in files:
        for run in json.loads(pathlib.Path(name).read_text())["benchmarks"]:
            if run.get("run_type") == "aggregate" or "cycles" not in run:
                continue
            case, kind, burst = run["name"].split("/iterations:")[0].rsplit("/", 2)
            found.setdefault(case, {}).setdefault((kind, int(burst)), []).append(run["cycles"])
    return found


def topology_rows(text):
    """Of titles and, indented below them, rows of a name and one or two numbers."""
    rows, title = [], ""
    for line in text.splitlines():
        words = re.split(r"\s{2,}", line.strip())
        if line.startswith("  ") and len(words) in (2, 3):
            names = ("best_us", "median_us") if len(words) == 3 else ("value",)
            rows.append({"group": title, "what": words[0], **dict(zip(names, map(float, words[1:])))})
        elif words[0]:
            title = words[0]
    return rows


def print_stage(found):
    columns = sorted({key for case in found.values() for key in case},
                     key=lambda key: (key[0] != "hot", key[1]))
    print(f"{'TSC cycles per packet':28}" + "".join(f"{kind + ' ' + str(burst):>16}"
                                                    for kind, burst in columns))
    for case, cells in found.items():
        row = f"{case:28}"
        for key in columns:
            if key not in cells:
                row += f"{'-':>16}"
                continue
            median = statistics.median(cells[key])
            spread = max(abs(value - median) for value in cells[key]) / median
            row += f"{median:>10.1f} ±{spread:>3.0%}"
        print(row)


def main(arguments):
    if len(arguments) == 2 and arguments[0] == "machine":
        print(json.dumps(machine(arguments[1])))
        return 0
    if len(arguments) == 3 and arguments[0] == "lpm":
        rows = [line.split() for line in pathlib.Path(arguments[1]).read_text().splitlines()]
        keys = ("routes", "trie", "trie_32", "rte_fib_32", "trie_kib")
        write(arguments[2], "ordinary", "lpm_cycles",
              [dict(zip(keys, map(float, row))) for row in rows if row and row[0].isdigit()])
        return 0
    if len(arguments) == 3 and arguments[0] == "mac":
        heads, *rows = [line.split() for line in pathlib.Path(arguments[1]).read_text().splitlines()]
        sizes = heads[1:]
        write(arguments[2], "ordinary", "mac_cycles",
              [{"isa": row[0], **dict(zip(sizes, map(float, row[1:])))}
               for row in rows if len(row) == len(heads)])
        return 0
    if len(arguments) == 3 and arguments[0] == "topology":
        write(arguments[2], "ordinary", "topology",
              topology_rows(pathlib.Path(arguments[1]).read_text()))
        return 0
    if len(arguments) >= 4 and arguments[0] == "stage":
        found = stage_results([arguments[1], *arguments[4:]])
        print_stage(found)
        rows = [{"case": case, "set": kind, "burst": burst,
                 "cycles": round(statistics.median(values), 2),
                 "least": round(min(values), 2), "most": round(max(values), 2),
                 "repetitions": len(values)}
                for case, cells in found.items() for (kind, burst), values in cells.items()]
        document = {"machine": json.loads(pathlib.Path(arguments[2]).read_text()), "stage": rows}
        pathlib.Path(arguments[3]).write_text(json.dumps(document, indent=1) + "\n")
        return 0
    print(__doc__, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
