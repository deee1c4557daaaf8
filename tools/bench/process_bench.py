#!/usr/bin/env python3
"""rhumbd beside dpdk-testpmd, packets per second of each worker's CPU time.

Each round measures rhumbd swapping a label, testpmd in mode io (touches nothing) and testpmd in mode
macswap (touches the Ethernet header), one after the other on the same virtual devices, and takes
the ratio; the table has the median of the rounds and their spread. Devices:

  pcap   net_pcap with infinite_rx, in and out by the same port: a capture of 64 packets, over and
         over; what is sent is freed
  null   in by that net_pcap, out by net_null
  memif  in by net_memif from a testpmd on the other core, out by net_null; both cores must be idle
         for this, or it is the generator that is measured

With two workers (pcap only), each has a capture and a port of its own; the second one shares its core
with the control thread of rhumbd and of testpmd, which sleeps, so that two cores are enough.

usage: process_bench.py BUILD [--devices pcap,null,memif] [--sizes 64,128,512,1500] [--rounds 5]
                        [--seconds 1] [--burst 32] [--pages huge|ordinary] [--workers 1|2]
                        [--json FILE]
"""
import argparse
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile

import report
from peers import Failed, cores, rhumbd, testpmd

SKIPPED = 77  # what meson takes for a skipped test
NAME = f"bench-{os.getpid()}"  # others may measure, too
PROGRAMS = ("rhumbd", "io", "macswap")


def capture(build, folder, size, label):
    """64 labelled packets of `size` bytes."""
    data = size - 14 - 4 - 20
    text = "".join(f"eth 02:00:00:00:09:01 > 02:00:00:00:01:0{label - 16001} | mpls {label} ttl 64 | "
                   f"ipv4 10.0.0.1 > 10.2.0.{n} | data {data}\n" for n in range(64))
    path = pathlib.Path(folder) / f"in-{size}-{label}.pcap"
    subprocess.run([str(pathlib.Path(build) / "tools/packets/rhumb-packets"), "to-pcap", "-",
                    str(path)], input=text.encode(), check=True)
    return path


def source(build, folder, size, number=0):
    """A device that never ends; packets of source `number` have label 16002 + `number`."""
    pcap = capture(build, folder, size, 16002 + number)
    return f"net_pcap{number},rx_pcap={pcap},infinite_rx=1"


def config(devices, outs, burst, pages, workers):
    """A router that sends label 16002 + n out by the n-th of the ports `outs`."""
    ports = "".join(f'[ports.p{n}]\ndevice = "{device}"\nmac = "02:00:00:00:01:0{n + 1}"\n'
                    for n, device in enumerate(devices))
    rules = "".join(f"""[nexthops.r{n}]
port = "p{port}"
mac = "02:00:00:00:02:0{n + 1}"
[[labels]]
label = {16002 + n}
op = "continue"
out = {16002 + n}
via = "r{n}"
""" for n, port in enumerate(outs))
    return f"""[node]
name = "{NAME}"
[runtime]
workers = {workers}
idle = "busy"
cores = "{cores(workers)}"
hugepages = "{'on' if pages == 'huge' else 'off'}"
burst = {burst}
{ports}{rules}"""


class Bench:
    def __init__(self, arguments, folder):
        self.arguments = arguments
        self.huge = arguments.pages == "huge"
        self.folder = folder

    def rate(self, program, devices, outs, workers=1):
        if program == "rhumbd":
            text = config(devices, outs, self.arguments.burst, self.arguments.pages, workers)
            started = rhumbd(self.arguments.build, NAME, text, self.folder)
        else:
            started = testpmd(f"{NAME}-pmd", program, devices, self.folder, self.huge,
                              workers=workers)
        with started as running:
            running.wait_for_packets(outs)
            return running.rate(outs, self.arguments.seconds)

    def measure(self, program, kind, size):
        build, workers = self.arguments.build, self.arguments.workers
        sources = [source(build, self.folder, size, n) for n in range(workers)]
        sink = "net_null0,no-rx=1"
        if kind == "pcap":
            return self.rate(program, sources, range(workers), workers)
        if kind == "null":
            return self.rate(program, [sources[0], sink], [1])
        path = pathlib.Path(self.folder) / "memif.sock"
        path.unlink(missing_ok=True)
        memif = f"id=0,socket={path},socket-abstract=no"
        with testpmd(f"{NAME}-gen", "io", [sources[0], f"net_memif0,role=server,{memif}"],
                     self.folder, self.huge, worker=0) as generator:
            generator.wait_for(path.exists, "offers no memif")
            return self.rate(program, [f"net_memif0,role=client,{memif}", sink], [1])

    def rounds(self, kind, size):
        rates = {program: [] for program in PROGRAMS}
        for n in range(self.arguments.rounds):
            for program in PROGRAMS:
                rates[program].append(self.measure(program, kind, size))
            print(f"\r{kind} {size}: round {n + 1} of {self.arguments.rounds}", end="",
                  file=sys.stderr, flush=True)
        print("\r\033[K", end="", file=sys.stderr)
        ratios = [own / other for own, other in zip(rates["rhumbd"], rates["macswap"])]
        return {"device": kind, "bytes": size, "pages": self.arguments.pages,
                "workers": self.arguments.workers,
                "mpps": {p: round(statistics.median(r) / 1e6, 2) for p, r in rates.items()},
                "ratio_to_macswap": round(statistics.median(ratios), 3),
                "ratio_spread": [round(min(ratios), 3), round(max(ratios), 3)],
                "ratio_to_io": round(statistics.median(
                    own / other for own, other in zip(rates["rhumbd"], rates["io"])), 3)}


def parse():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", help="folder of a release build")
    parser.add_argument("--devices", default="pcap,null,memif")
    parser.add_argument("--sizes", default="64,128,512,1500")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=1.0)
    parser.add_argument("--burst", type=int, default=32)
    parser.add_argument("--pages", choices=("huge", "ordinary"), default="ordinary")
    parser.add_argument("--workers", type=int, choices=(1, 2), default=1)
    parser.add_argument("--json", help="file to write")
    arguments = parser.parse_args()
    if arguments.workers > 1 and arguments.devices != "pcap":
        parser.error("several workers want --devices pcap")
    return arguments


def main():
    arguments = parse()
    arguments.build = str(pathlib.Path(arguments.build).resolve())
    if shutil.which("dpdk-testpmd") is None:
        print("process_bench: there is no dpdk-testpmd: tools/install-deps.sh bench", file=sys.stderr)
        return SKIPPED
    results = []
    print(f"{'device':8}{'bytes':>6}{'rhumbd':>9}{'io':>9}{'macswap':>9}  "
          f"{'of macswap':<20}{'of io':>6}   million packets a second, {arguments.pages} pages")
    try:
        with tempfile.TemporaryDirectory() as folder:
            bench = Bench(arguments, folder)
            for kind in arguments.devices.split(","):
                for size in map(int, arguments.sizes.split(",")):
                    row = bench.rounds(kind, size)
                    results.append(row)
                    low, high = row["ratio_spread"]
                    print(f"{kind:8}{size:>6}" +
                          "".join(f"{row['mpps'][p]:>9.2f}" for p in PROGRAMS) +
                          f"  {row['ratio_to_macswap']:.3f} ({low:.3f}-{high:.3f})"
                          f"{row['ratio_to_io']:>8.3f}", flush=True)
    except (Failed, OSError) as why:
        print(f"process_bench: {why}", file=sys.stderr)
        return 1
    if arguments.json:
        report.write(arguments.json, arguments.pages, "process", results)
    return 0


if __name__ == "__main__":
    sys.exit(main())
