#!/usr/bin/env python3
"""rhumbd beside dpdk-testpmd, packets per second through one core.

Each round measures rhumbd swapping a label, testpmd in mode io (touches nothing) and testpmd in mode
macswap (touches the Ethernet header), one after the other on the same virtual devices, and takes
the ratio; the table has the median of the rounds and their spread. Devices:

  pcap   net_pcap with infinite_rx, in and out by the same port: a capture of 64 packets, over and
         over; what is sent is freed
  null   in by that net_pcap, out by net_null
  memif  in by net_memif from a testpmd on the other core, out by net_null

usage: process_bench.py BUILD [--devices pcap,null,memif] [--sizes 64,128,512,1500] [--rounds 5]
                        [--seconds 1] [--burst 32] [--pages huge|ordinary] [--json FILE]
"""
import argparse
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile

from peers import Failed, rhumbd, testpmd

PROGRAMS = ("rhumbd", "io", "macswap")


def capture(build, folder, size):
    """64 labelled packets of `size` bytes."""
    data = size - 14 - 4 - 20
    text = "".join("eth 02:00:00:00:09:01 > 02:00:00:00:01:01 | mpls 16002 ttl 64 | "
                   f"ipv4 10.0.0.1 > 10.2.0.{n} | data {data}\n" for n in range(64))
    path = pathlib.Path(folder) / f"in-{size}.pcap"
    subprocess.run([str(pathlib.Path(build) / "tools/packets/rhumb-packets"), "to-pcap", "-",
                    str(path)], input=text.encode(), check=True)
    return path


def config(name, devices, burst, huge):
    """A router that sends label 16002 out by the last device."""
    ports = "".join(f'[ports.p{n}]\ndevice = "{device}"\nmac = "02:00:00:00:01:0{n + 1}"\n'
                    for n, device in enumerate(devices))
    return f"""[node]
name = "{name}"
[runtime]
idle = "busy"
cores = "0,1"
hugepages = "{"on" if huge else "off"}"
burst = {burst}
{ports}[nexthops.r2]
port = "p{len(devices) - 1}"
mac = "02:00:00:00:02:01"
[[labels]]
label = 16002
op = "continue"
out = 16002
via = "r2"
"""


class Bench:
    def __init__(self, arguments, folder):
        self.arguments = arguments
        self.huge = arguments.pages == "huge"
        self.folder = folder

    def start(self, program, devices):
        if program == "rhumbd":
            text = config("bench", devices, self.arguments.burst, self.huge)
            return rhumbd(self.arguments.build, "bench", text, self.folder)
        return testpmd("rhumb-bench-pmd", program, devices, self.folder, self.huge)

    def measure(self, program, kind, pcap):
        source = f"net_pcap0,rx_pcap={pcap},infinite_rx=1"
        sink = "net_null0,no-rx=1"
        seconds = self.arguments.seconds
        if kind == "pcap":
            with self.start(program, [source]) as dut:
                return dut.rate(0, seconds)
        if kind == "null":
            with self.start(program, [source, sink]) as dut:
                return dut.rate(1, seconds)
        memif = f"id=0,socket={self.folder}/memif.sock,socket-abstract=no"
        with testpmd("rhumb-bench-gen", "io", [source, f"net_memif0,role=server,{memif}"],
                     self.folder, self.huge, worker=0):
            with self.start(program, [f"net_memif0,role=client,{memif}", sink]) as dut:
                return dut.rate(1, seconds)

    def rounds(self, kind, size):
        pcap = capture(self.arguments.build, self.folder, size)
        rates = {program: [] for program in PROGRAMS}
        for n in range(self.arguments.rounds):
            for program in PROGRAMS:
                rates[program].append(self.measure(program, kind, pcap))
            print(f"\r{kind} {size}: round {n + 1} of {self.arguments.rounds}", end="",
                  file=sys.stderr, flush=True)
        print("\r\033[K", end="", file=sys.stderr)
        ratios = [own / other for own, other in zip(rates["rhumbd"], rates["macswap"])]
        return {"device": kind, "bytes": size, "pages": self.arguments.pages,
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
    parser.add_argument("--json", help="file to write")
    return parser.parse_args()


def main():
    arguments = parse()
    arguments.build = str(pathlib.Path(arguments.build).resolve())
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
    except Failed as why:
        print(f"process_bench: {why}", file=sys.stderr)
        return 1
    if arguments.json:
        pathlib.Path(arguments.json).write_text(json.dumps(results, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
