#!/usr/bin/env python3
"""Whether the benchmarks run at all; how fast anything is, is not judged here.

    bench_tools.py reports          help texts, and tables and plots of made-up results
    bench_tools.py stage BUILD      stage_bench, a case of each kind
    bench_tools.py mac BUILD        mac_bench, and its table as JSON
    bench_tools.py topology BUILD   topology_bench on a small network, and its table as JSON
    bench_tools.py ebt BUILD        ebt_bench, a small case
    bench_tools.py ebt_json BUILD   ebt_json_bench, a small case
    bench_tools.py overlay_wire BUILD  overlay_wire_bench, once
    bench_tools.py overlay_sync BUILD  two services, a few messages
    bench_tools.py overlay_broadcast BUILD  four services, of which one broadcasts
    bench_tools.py process BUILD    rhumbd and testpmd for a moment; skipped without testpmd
    bench_tools.py control BUILD    control_bench with few labels
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as xml

TOOLS = pathlib.Path(__file__).resolve().parents[2] / "tools"
BENCH = TOOLS / "bench"
SKIPPED = 77


def run(*command):
    """What it prints; a failure ends the test with it."""
    done = subprocess.run([str(word) for word in command], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode == SKIPPED:
        print(done.stdout)
        sys.exit(SKIPPED)
    assert done.returncode == 0, f"{command} ends with {done.returncode}:\n{done.stdout}"
    return done.stdout


def reports(folder):
    for program in (TOOLS / "bench.sh", BENCH / "compare.sh"):
        assert "usage:" in run(program, "--help")
    for name in ("process_bench.py", "control_bench.py"):
        assert "usage:" in run(sys.executable, BENCH / name, "--help")
    runs = [{"name": f"{curve} {number}/{kind}/64/iterations:9/repeats:3", "cycles": number % 7 + 9.5}
            for curve in ("labels", "paths", "push", "next") for number in (1, 4, 16)
            for kind in ("hot", "large") for _ in range(3)]
    (folder / "raw.json").write_text(json.dumps({"benchmarks": runs}))
    (folder / "machine.json").write_text(run(sys.executable, BENCH / "report.py", "machine", "huge"))
    table = run(sys.executable, BENCH / "report.py", "stage", folder / "raw.json",
                folder / "machine.json", folder / "stage.json")
    assert "push 16" in table and "large 64" in table, table
    results = json.loads((folder / "stage.json").read_text())
    assert results["machine"]["pages"] == "huge"
    assert all(row["least"] == row["cycles"] == row["most"] for row in results["stage"])
    run(sys.executable, BENCH / "plot.py", folder / "stage.json", folder)
    for curve in ("labels", "paths", "push", "next"):
        drawn = xml.parse(folder / f"{curve}.svg").getroot()
        lines = drawn.findall("{http://www.w3.org/2000/svg}polyline")
        assert [len(line.get("points").split()) for line in lines] == [3, 3], curve


def stage(build):
    program = build / "tools/bench/stage_bench"
    for arguments in (["--benchmark_filter=^swap, 1 label/(hot|large)/32/"],
                      ["--scaling", "--benchmark_filter=^(next 8|push 16|paths 64)/hot/64/"]):
        printed = run(program, *arguments)
        assert "cycles=" in printed and "ERROR" not in printed, printed


def mac(build, folder):
    table, out = folder / "mac.txt", folder / "mac.json"
    table.write_text(run(build / "tools/bench/mac_bench"))
    run(sys.executable, BENCH / "report.py", "mac", table, out)
    rows = {row["isa"]: row for row in json.loads(out.read_text())["mac_cycles"]}
    assert all(rows["portable"][size] > 0 for size in ("16", "64", "128")), rows


def topology(build, folder):
    table, out = folder / "topology.txt", folder / "topology.json"
    table.write_text(run(build / "tools/bench/topology_bench", "--quick"))
    run(sys.executable, BENCH / "report.py", "topology", table, out)
    rows = {(row["group"], row["what"]): row for row in json.loads(out.read_text())["topology"]}
    for what in ("tree from a node", "first hops of that tree"):
        row = rows["shortest paths, costs to 100", what]
        assert 0 < row["best_us"] <= row["median_us"], rows
    assert any(what == "all of it, MiB" and row["value"] > 0 for (_, what), row in rows.items()), rows


def ebt(build, folder):
    printed = run(build / "tools/bench/ebt_bench", "--benchmark_filter=synchronise/1000|reconnect/10000/2")
    assert "messages=100k" in printed and "ERROR" not in printed, printed
    assert "usage:" in run(sys.executable, BENCH / "ebt.py", "--help")


def ebt_json(build, folder):
    printed = run(build / "tools/bench/ebt_json_bench", "--benchmark_filter=/1000/")
    assert "written" in printed and "kept" in printed and "ERROR" not in printed, printed


def overlay_wire(build):
    printed = run(build / "tools/bench/overlay_wire_bench", "--quick")
    assert "verified" in printed and "NOT" not in printed, printed


def overlay_sync(build):
    printed = run(build / "tools/bench/overlay_sync_bench", "--quick")
    assert printed.count(": 10000 messages in ") == 2, printed


def overlay_broadcast(build):
    printed = run(build / "tools/bench/overlay_broadcast_bench", "--quick")
    assert printed.count(" messages, heard ") == 4, printed
    for sent in (25, 200):
        assert printed.count(f" {sent} messages, heard {3 * sent} of {3 * sent} times") == 2, printed


def process(build, folder):
    out = folder / "process.json"
    run(sys.executable, BENCH / "process_bench.py", build, "--devices", "pcap", "--sizes", "64",
        "--rounds", "1", "--seconds", "0.05", "--json", out)
    rates = json.loads(out.read_text())["process"][0]["mpps"]
    assert all(rate > 0 for rate in rates.values()), rates


def control(build, folder):
    out = folder / "control.json"
    run(sys.executable, BENCH / "control_bench.py", build, "--labels", "1000", "--rounds", "1",
        "--window", "0.02", "--json", out)
    rows = {row["what"]: row for row in json.loads(out.read_text())["control"]}
    for what in ("port", "nexthop"):
        assert rows[f"failover by {what}: lost"]["most"] == 0, rows


def main(arguments):
    what, build = arguments[0], pathlib.Path(arguments[1]) if len(arguments) > 1 else None
    if what in ("process", "control") and len(os.sched_getaffinity(0)) < 2:
        print("one core: a worker and the control thread want two")
        return SKIPPED
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        if what == "reports":
            reports(folder)
        elif what == "stage":
            stage(build)
        elif what == "overlay_wire":
            overlay_wire(build)
        elif what == "overlay_sync":
            overlay_sync(build)
        elif what == "overlay_broadcast":
            overlay_broadcast(build)
        else:
            {"mac": mac, "topology": topology, "ebt": ebt, "ebt_json": ebt_json, "process": process,
             "control": control}[what](build, folder)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
